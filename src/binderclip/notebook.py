"""A notebook's bytes and the metadata in them; whatever is not asked for stays as it was."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import msgspec

from binderclip import atomic, notebookfault
from binderclip.errors import NotebookError, Problem, SpecError
from binderclip.jsonspan import Crowded, Malformed, NotAnObject, Object, scan

if TYPE_CHECKING:
    from binderclip.jsonedit import Splice
    from binderclip.spec.model import JSON
    from binderclip.textnotebook import Header


class Missing(Enum):
    """The type of ``MISSING``: no such member, which is not the same as null."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return self.name


MISSING: Final = Missing.MISSING

MAX_BYTES = 512 * 1024 * 1024
"""The largest file that is read unless the caller says otherwise."""

MAX_TEXT_BYTES = 16 * 1024 * 1024
"""The largest text notebook, whatever the caller says: they hold no outputs."""

MAX_VALUE_BYTES = 7 * 1024 * 1024
"""The most that one member of the metadata may take as JSON to be decoded: the files that the
specification allows (1 MiB), each byte as an escape (``\\u0001``), and 1 MiB for all else. Decoded
it may take fifty times as much memory.
"""

# Documents and scripts that jupytext reads as notebooks.
_TEXT = (
    "md markdown myst mystnb mnb rmd qmd py coco r jl cpp ss clj scm sh ps1 q m wolfram pro js ts "
    "scala rs robot resource cs fsx fs sos java groovy sage ml hs tcl mac gp do sas jenner xsh lgt "
    "logtalk lua go"
)
_TEXT_ENDINGS = frozenset(_TEXT.split())
_CHUNK_BYTES = 1024 * 1024
# As many as share one wait for the disk: few enough for the limits on open files and memory.
_BATCH_FILES = 64
_BATCH_BYTES = 4 * 1024 * 1024
_SMALL_NUMBER = re.compile(rb"\d{1,9}")


@dataclass(frozen=True, slots=True)
class Notebook:
    """The bytes of a notebook, parsed only as far as needed. ``name`` is for messages.

    ``nbformat`` is 3 or 4; a text notebook counts as 4.
    """

    data: bytes = field(repr=False)
    name: str
    nbformat: int
    nbformat_minor: int
    _spans: tuple[Object, Object] | None = field(repr=False, compare=False, default=None)
    _header: Header | None = field(repr=False, compare=False, default=None)

    @property
    def text(self) -> bool:
        """True for Markdown, scripts and the like, which jupytext reads as notebooks."""
        return self._header is not None

    @property
    def metadata(self) -> dict[str, JSON]:
        """All of the notebook's metadata, decoded anew at every call and without a limit: for
        notebooks of strangers take ``get``.
        """
        if self._header is not None:
            return dict(self._header.metadata)
        obj = self._found()[1]
        return {m.key: _decoded(self.data[m.start : m.end], self.name) for m in obj.members}

    @property
    def kernel_metadata(self) -> dict[str, JSON]:
        """What of the metadata tells the kernel: ``kernelspec`` and ``language_info``."""
        found = ((key, self.get(key)) for key in ("kernelspec", "language_info"))
        return {key: value for key, value in found if not isinstance(value, Missing)}

    def get(self, key: str = "binder", *, max_bytes: int = MAX_VALUE_BYTES) -> JSON | Missing:
        """The value of one member of the metadata, decoded alone.

        Raises NotebookError for one that takes more than ``max_bytes`` as JSON, or that Python
        cannot hold; for ``binder`` of that size SpecError, since the specification has limits.
        """
        if self._header is not None:
            return cast("JSON | Missing", self._header.metadata.get(key, MISSING))
        obj = self._found()[1]
        index = obj.find(key)
        if index is None:
            return MISSING
        member = obj.members[index]
        if (size := member.end - member.start) > max_bytes:
            raise _oversized(self.name, key, size, max_bytes)
        return _decoded(self.data[member.start : member.end], self.name)

    def place(self, key: str) -> tuple[int, int] | None:
        """Where the value of a member of the file's top level begins and ends in ``data``; None
        where there is none, and in text notebooks.
        """
        if self._header is not None:
            return None
        top = self._found()[0]
        index = top.find(key)
        return None if index is None else (top.members[index].start, top.members[index].end)

    def replaced(self, value: JSON | Missing, key: str = "binder") -> Notebook:
        """The notebook with that member set, or removed where ``value`` is MISSING.

        All bytes outside the member are as before, and so is the text of everything in it that
        does not change, through objects in objects. Setting what was not there, at any depth, and
        then removing it gives the bytes of before. Returns ``self`` where nothing changes.
        Raises NotebookError where the value is no JSON, or a text notebook's header cannot be
        edited in place.
        """
        if self._header is not None:
            from binderclip import textnotebook  # noqa: PLC0415 - brings in a YAML parser

            if value is MISSING:
                data = textnotebook.without_member(self._header, self.data, self.name, key)
            else:
                data = textnotebook.with_member(self._header, self.data, self.name, key, value)
            return self if data == self.data else _parse_text(data, self.name)
        splices = self._splices(key, value)
        return self._spliced(splices) if splices else self

    def _found(self) -> tuple[Object, Object]:
        """Where the file's members and those of its metadata lie."""
        return self._spans or _scanned(self.data, self.name)

    def _splices(self, key: str, value: JSON | Missing) -> Sequence[Splice]:
        from binderclip import jsonedit  # noqa: PLC0415 - whoever reads alone starts sooner

        top, metadata = self._found()
        index = metadata.find(key)
        if value is MISSING:
            return [] if index is None else [jsonedit.remove_member(self.data, metadata, index)]
        style = jsonedit.style_of(self.data, top, metadata)
        try:
            if index is None:
                text = jsonedit.render(value, self.data, style)
                return [jsonedit.add_member(self.data, metadata, style, key, text)]
            old = self.get(key)
            style = replace(style, ordered=style.ordered and jsonedit.is_ordered(old))
            return jsonedit.change_value(self.data, metadata.members[index], style, old, value)
        except (ValueError, RecursionError) as exc:
            raise notebookfault.odd_value(self.name, key, str(exc)) from exc

    def _spliced(self, splices: Sequence[Splice]) -> Notebook:
        view, at = memoryview(self.data), 0
        parts: list[bytes | memoryview] = []
        for splice in splices:
            parts += [view[at : splice.start], splice.text]
            at = splice.end
        data = b"".join((*parts, view[at:]))
        return Notebook(data, self.name, self.nbformat, self.nbformat_minor)


def parse(data: bytes, name: str = "notebook", *, max_bytes: int = MAX_BYTES) -> Notebook:
    """The notebook in ``data``; one whose ``name`` ends as a script or Markdown is read as text.

    Raises NotebookError for whatever is no notebook of format 3 or 4, or larger than ``max_bytes``
    or, as text, than ``MAX_TEXT_BYTES``.
    """
    text = _is_text(name)
    if len(data) > _limit(max_bytes, text=text):
        raise notebookfault.too_large(name, len(data), _limit(max_bytes, text=text), text=text)
    if text:
        return _parse_text(data, name)
    _check_utf8(data, name)
    spans = _scanned(data, name)
    major, minor = _version(data, name, spans[0])
    return Notebook(data, name, major, minor, spans)


def to_ipynb(notebook: Notebook) -> bytes:
    """The notebook as ``.ipynb``: its own bytes, or for a text notebook what jupytext makes of it.

    Raises NotebookError where jupytext is missing or cannot read it.
    """
    if not notebook.text:
        return notebook.data
    from binderclip import textnotebook  # noqa: PLC0415 - brings in nbformat

    return textnotebook.to_ipynb(notebook.data, notebook.name)


def _is_text(name: str) -> bool:
    _, dot, ending = name.rpartition(".")
    return bool(dot) and ending.lower() in _TEXT_ENDINGS


def _limit(max_bytes: int, *, text: bool) -> int:
    return min(max_bytes, MAX_TEXT_BYTES) if text else max_bytes


def _parse_text(data: bytes, name: str) -> Notebook:
    from binderclip import textnotebook  # noqa: PLC0415 - brings in a YAML parser

    _check_utf8(data, name)
    return Notebook(data, name, 4, 5, _header=textnotebook.header_of(data, name))


def _check_utf8(data: bytes, name: str) -> None:
    if data.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), _CHUNK_BYTES):
        chunk = data[start : start + _CHUNK_BYTES]
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=start + _CHUNK_BYTES >= len(data))
        except UnicodeDecodeError as exc:
            raise notebookfault.not_utf8(name, data, start - pending + exc.start) from exc


def _version(data: bytes, name: str, top: Object) -> tuple[int, int]:
    """``nbformat`` and ``nbformat_minor``; the latter is 0 where it is missing, as in old files."""
    found: list[bytes | None] = []
    for key in ("nbformat", "nbformat_minor"):
        index = top.find(key)
        member = None if index is None else top.members[index]
        found.append(member and data[member.start : member.end])
    major, minor = found
    if major not in {b"3", b"4"}:
        raise notebookfault.wrong_format(name, major)
    if minor is not None and not _SMALL_NUMBER.fullmatch(minor):
        raise notebookfault.wrong_minor(name, minor)
    return int(major or 0), int(minor or 0)


def _scanned(data: bytes, name: str) -> tuple[Object, Object]:
    """The file's top level and its metadata. Raises NotebookError."""
    start = len(notebookfault.BOM) if data.startswith(notebookfault.BOM) else 0
    try:
        top = scan(data, start)
    except Malformed as exc:
        raise notebookfault.not_json(name, data, exc.reason, start + exc.offset) from exc
    except NotAnObject as exc:
        raise notebookfault.not_an_object(name, str(exc)) from exc
    except Crowded as exc:
        raise notebookfault.crowded(name, str(exc)) from exc
    except RecursionError as exc:
        raise notebookfault.too_deep(name) from exc
    _refuse_duplicates(top, name, "at the top level")
    index = top.find("metadata")
    if index is None:
        raise notebookfault.no_metadata(name)
    try:
        metadata = scan(data, top.members[index].start, top.members[index].end)
    except NotAnObject as exc:
        raise notebookfault.odd_metadata(name, str(exc)) from exc
    except Crowded as exc:
        raise notebookfault.crowded(name, f"{exc} as metadata") from exc
    _refuse_duplicates(metadata, name, "in the metadata")
    return top, metadata


def _refuse_duplicates(obj: Object, name: str, where: str) -> None:
    repeated = obj.duplicate()
    if repeated is not None:
        raise notebookfault.duplicate(name, repeated, where)


def _oversized(name: str, key: str, size: int, max_bytes: int) -> NotebookError | SpecError:
    if key != "binder":
        return notebookfault.large_value(name, key, size, max_bytes)
    hint = "what is large belongs into the repository of build or content"
    return SpecError((Problem(key, f"{size} bytes", f"at most {max_bytes}", hint),))


def _decoded(text: bytes, name: str) -> JSON:
    try:
        try:
            return cast("JSON", msgspec.json.decode(text))
        except msgspec.DecodeError:  # NaN, infinities and lone surrogates
            return cast("JSON", json.loads(text.decode()))
    except (ValueError, RecursionError) as exc:
        raise notebookfault.unreadable_value(name, str(exc)) from exc


@dataclass(frozen=True, slots=True)
class NotebookFile:
    """A notebook as it was read from ``path``; ``save`` writes only where that is unchanged."""

    path: Path
    notebook: Notebook
    seen: atomic.Seen = field(repr=False)


def read(path: Path, *, max_bytes: int = MAX_BYTES) -> NotebookFile:
    """The notebook in a regular file, through symbolic links.

    Raises NotebookError for what cannot be read and whatever ``parse`` refuses.
    """
    text = _is_text(str(path))
    limit = _limit(max_bytes, text=text)
    try:
        data, seen = atomic.read(path, limit)
    except (OSError, ValueError) as exc:
        raise notebookfault.cannot_read(str(path), exc) from exc
    except atomic.NotAFile as exc:
        raise notebookfault.not_a_file(str(path), str(exc)) from exc
    except atomic.TooManyBytes as exc:
        raise notebookfault.too_large(str(path), exc.size, limit, text=text) from exc
    return NotebookFile(path, parse(data, str(path), max_bytes=max_bytes), seen)


def save(file: NotebookFile, notebook: Notebook) -> bool:
    """Put ``notebook`` in the place of ``file``, atomically and durably.

    False, and nothing is written, where the bytes are those that were read. Mode, owner and
    extended attributes are kept as far as permitted. A symbolic link stays one and its target
    is replaced; of several hard links only this name gets the new content, since keeping them
    together would mean writing in place. Read the file again before saving it again.
    Raises NotebookChanged where the file is no longer what was read, NotebookError where it
    cannot be written; the file is then as it was.
    """
    (outcome,) = save_all([(file, notebook)])
    if isinstance(outcome, NotebookError):
        raise outcome
    return outcome


def save_all(pairs: Iterable[tuple[NotebookFile, Notebook]]) -> list[bool | NotebookError]:
    """``save`` for many, sharing the waits for the disk. One outcome each, in order.

    A file that cannot be saved does not keep the others from it. The pairs are taken as they
    are needed, so that a generator over thousands of notebooks holds few in memory.
    """
    outcomes: list[bool | NotebookError] = []
    batch: list[tuple[int, atomic.Change]] = []
    held_bytes = 0
    for index, (file, notebook) in enumerate(pairs):
        changed = notebook.data != file.notebook.data
        outcomes.append(changed)
        if not changed:
            continue
        batch.append(
            (index, atomic.Change(file.path, file.seen, file.notebook.data, notebook.data))
        )
        held_bytes += len(notebook.data) + len(file.notebook.data)
        if len(batch) >= _BATCH_FILES or held_bytes >= _BATCH_BYTES:
            _save_batch(batch, outcomes)
            batch, held_bytes = [], 0
    _save_batch(batch, outcomes)
    return outcomes


def _save_batch(
    batch: list[tuple[int, atomic.Change]], outcomes: list[bool | NotebookError]
) -> None:
    failures = atomic.replace_all([change for _, change in batch])
    for (index, change), failure in zip(batch, failures, strict=True):
        if failure is not None:
            outcomes[index] = notebookfault.not_saved(str(change.path), failure)
