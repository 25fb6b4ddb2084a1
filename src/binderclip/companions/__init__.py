"""The files beside a notebook that go with it where it runs elsewhere.

What a stranger's notebook names is not trusted: nothing hidden, nothing that looks like a secret,
nothing outside the notebook's folder is ever found by its code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from binderclip import codecells
from binderclip.addresses.masking import printable
from binderclip.companions.code import Reader
from binderclip.companions.globs import Search, glob
from binderclip.companions.misses import no_match
from binderclip.companions.named import Named, secrets
from binderclip.companions.names import parts_of
from binderclip.errors import Refused, TooLarge
from binderclip.notebook import Notebook

__all__ = ["PYTHONS", "globbed", "language", "module_text", "named_files"]

_MOST_NAMED, _MOST_NAMED_BYTES = 200, 200 * 2**20
_MOST_ASKED, _MOST_ASKED_BYTES = 10_000, 2 * 2**30
_MODULE_BYTES = 2**20
# Scripts of Python, and documents that hold any language.
_ANY_LANGUAGE = frozenset(
    {".py", ".md", ".markdown", ".myst", ".mystnb", ".mnb", ".rmd", ".qmd", ".ipynb"}
)
PYTHONS = frozenset({"python", "python2", "python3", "ipython", "sage", "coco"})
"""Languages whose imports are Python's."""
_MOST_SHOWN = 10
_HINT = "say with --with which files to send, as in --with 'data/*.csv'"


def named_files(
    notebook: Notebook, folder: Path, *, remark: Callable[[str], None] | None = None
) -> tuple[Path, ...]:
    """Data files and modules in ``folder`` or below that the notebook's code names, sorted: string
    literals, what they are joined to, patterns given to glob, imports, and what those modules name
    in turn. The notebook itself is not among them. ``remark`` is told of those that are left out
    since they look like secrets. May be called in any thread.

    Raises TooLarge for more than 200 files or 200 MiB and where looking for them has no end, and
    NotebookError for cells of another shape than the format's.
    """
    reader = Reader(language(notebook))
    for source in codecells.sources(notebook):
        reader.read(source)
    own = folder / Path(notebook.name).name
    tally = _Tally("the notebook names", _MOST_NAMED, _MOST_NAMED_BYTES)
    named = Named(folder)
    read: set[Path] = set()
    while True:
        for path in named.by(reader):
            if path != own and (size := named.size(path)) is not None:
                tally.add(path, size)
        modules = {path for path in tally.found if path.suffix == ".py"} - read
        if not modules:
            _tell_secrets(named.left_out - {own}, folder, remark)
            return tuple(sorted(tally.found))
        reader = Reader("python")
        for path in sorted(modules):
            reader.read(module_text(path))
        read |= modules


def globbed(
    folder: Path, patterns: Sequence[str], *, remark: Callable[[str], None] | None = None
) -> tuple[Path, ...]:
    """The files in ``folder`` that a person's ``patterns`` name, sorted. ``*``, ``?`` and ``[…]``
    stand within a name, ``**`` across folders; a folder brings all that is in it. What is hidden or
    looks like a secret is found only by its own name; ``remark`` is told of such secrets.

    Raises Refused for a pattern that names nothing or leads out of the folder, and for a link
    that does; TooLarge for more than 10,000 files or 2 GiB.
    """
    tally = _Tally("you named", _MOST_ASKED, _MOST_ASKED_BYTES)
    search = Search(folder, wary=False)
    for pattern in patterns:
        parts = _asked(folder, pattern)
        before = len(search.left_out)
        paths = set(glob(search, parts))
        if not paths:
            raise no_match(folder, pattern, parts, search.left_out[before:])
        for path in paths:
            tally.add(path, _size(path))
    _tell_secrets(secrets(search.left_out) - tally.found, folder, remark)
    return tuple(sorted(tally.found))


def _tell_secrets(
    paths: Iterable[Path], folder: Path, remark: Callable[[str], None] | None
) -> None:
    names = sorted(printable(path.relative_to(folder).as_posix()) for path in paths)
    if names and remark is not None:
        rest = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
        remark(
            f"not sent, since it looks like a secret: {', '.join(names[:_MOST_SHOWN])}{rest}"
            " (--with sends what you name)"
        )


class _Tally:
    """Files found once each, within limits. ``who`` begins the message of TooLarge."""

    def __init__(self, who: str, most: int, most_bytes: int) -> None:
        self.found: set[Path] = set()
        self._who, self._most, self._most_bytes = who, most, most_bytes
        self._bytes = 0

    def add(self, path: Path, size: int) -> None:
        if path in self.found:
            return
        self.found.add(path)
        self._bytes += size
        if len(self.found) > self._most:
            raise TooLarge(f"{self._who} more than {self._most:,} files beside it", hint=_HINT)
        if self._bytes > self._most_bytes:
            limit = f"{self._most_bytes // 2**20:,} MiB"
            raise TooLarge(f"{self._who} more than {limit} of files beside it", hint=_HINT)


def _asked(folder: Path, pattern: str) -> tuple[str, ...]:
    """A person's pattern as parts. Raises Refused."""
    text = pattern
    if Path(pattern).is_absolute() and Path(pattern).is_relative_to(folder):
        text = str(Path(pattern).relative_to(folder))
    parts = parts_of(text, dot=True)
    if parts is None:
        raise Refused(
            f"found {pattern!r}, expected a file, a folder or a pattern in {folder}",
            hint="what is sent lies beside the notebook or below: copy or move it there",
        )
    return parts


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise Refused(f"{path}: cannot be read ({error.strerror})") from error


def module_text(path: Path) -> str:
    """The source of a module, no more than its first MiB; "" where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(_MODULE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def language(notebook: Notebook) -> str:
    """A notebook's kernel language in lower case. Where it says nothing, that of its file's name,
    as ``r`` of a script ``x.R``; else ``python``.
    """
    metadata = notebook.kernel_metadata
    for key, name in (("kernelspec", "language"), ("language_info", "name")):
        part = metadata.get(key)
        stated = part.get(name) if isinstance(part, dict) else None
        if isinstance(stated, str) and stated:
            return stated.lower()
    suffix = Path(notebook.name).suffix.lower() if notebook.text else ""
    return suffix[1:] if suffix and suffix not in _ANY_LANGUAGE else "python"
