"""Text notebooks: the metadata in their YAML header, edited by whole lines; the body stays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from binderclip.errors import NotebookError
from binderclip.notebookfault import fault
from binderclip.textheader import (
    Page,
    composed,
    dumped,
    loaded,
    metadata_of,
    missing_extra,
    page_of,
)

_FILTER = "notebook_metadata_filter"


@dataclass(frozen=True, slots=True)
class Header:
    """The metadata that a text notebook's header holds."""

    metadata: dict[str, Any] = field(hash=False)


class _Entry(NamedTuple):
    """A key of a block mapping with its value: the lines ``first`` to ``last``, both included,
    counted from the header's first line; ``column`` is that of the key.
    """

    key: str
    first: int
    last: int
    column: int
    value: Any


def header_of(data: bytes, name: str) -> Header:
    """Raises NotebookError for a header that is no YAML mapping, or holds more than JSON can."""
    page = page_of(data.decode().removeprefix("\ufeff"), name)
    return Header(metadata_of(page, loaded(page, name), name))


def with_member(header: Header, data: bytes, name: str, key: str, value: Any) -> bytes:
    """The file with that member of the metadata. Where the header's own filter would make
    jupytext drop the member, the filter gets ``+key`` as well.

    Raises NotebookError where lines alone cannot do it.
    """
    old = header.metadata
    if key in old and _canonical(old[key]) == _canonical(value):
        return data
    text = data.decode()
    page = page_of(text.removeprefix("\ufeff"), name)
    if page.top == page.bottom:
        page = _with_header(page, name, key, value)
    else:
        entries, parent = _home(page, name, key)
        if (entry := _find(entries, key)) is not None:
            page = _changed(page, name, entry, old[key], value)
        elif entries:
            page = _put(page, name, entries, key, value)
        elif parent is None:
            page = _put(page, name, _roots(page, name), "jupyter", {key: value})
        else:
            raise _not_editable(name, "no block of lines under 'jupyter:'")
    return _proved(_keeping(page, name, key), text, name, {**old, key: value})


def without_member(header: Header, data: bytes, name: str, key: str) -> bytes:
    """The inverse of ``with_member``; a header that then says nothing goes too."""
    old = header.metadata
    if key not in old:
        return data
    text = data.decode()
    page = _not_keeping(page_of(text.removeprefix("\ufeff"), name), name, key)
    entries, parent = _home(page, name, key)
    entry = _find(entries, key)
    if entry is None:
        raise _not_editable(name, "no block of lines under 'jupyter:'")
    first = parent.first if parent is not None and len(entries) == 1 else entry.first
    if first == 0 and entry.last == len(page.yaml) - 1:
        page = _without_header(page)
    else:
        page = _spliced(page, first, entry.last + 1, [])
    return _proved(page, text, name, {k: v for k, v in old.items() if k != key})


def to_ipynb(data: bytes, name: str) -> bytes:
    """What jupytext makes of it. Raises NotebookError where that fails or is not installed."""
    try:
        import jupytext  # noqa: PLC0415 - comes with the extra, and with nbformat
        import nbformat  # noqa: PLC0415 - slow to import
    except ModuleNotFoundError as exc:
        raise missing_extra(name) from exc
    text = data.decode().removeprefix("\ufeff")
    writes: Any = nbformat.writes
    try:
        return str(writes(jupytext.reads(text, {"extension": PurePosixPath(name).suffix}))).encode()
    except Exception as exc:
        # jupytext raises what its formats' own tools raise.
        raise NotebookError(
            f"{name}: jupytext cannot read it: {exc}",
            hint="try 'jupytext --to ipynb' on it; some formats need pandoc or quarto installed",
        ) from exc


def _with_header(page: Page, name: str, key: str, value: Any) -> Page:
    if page.top and not page.lines[page.top - 1].endswith(("\n", "\r")):
        raise _not_editable(name, "no line end before its place")
    body = dumped({key: value} if page.myst else {"jupyter": {key: value}}, name, ordered=True)
    lines = page.commented(["---", *body, "---"])
    blank = page.newline
    return replace(
        page,
        lines=(*page.lines[: page.top], *lines, blank, *page.lines[page.top :]),
        bottom=page.top + len(lines),
    )


def _without_header(page: Page) -> Page:
    """Nor the blank line that came with it."""
    after = page.lines[page.bottom :]
    if after and not after[0].strip():
        after = after[1:]
    return replace(page, lines=(*page.lines[: page.top], *after), bottom=page.top)


def _spliced(page: Page, first: int, stop: int, lines: Sequence[str]) -> Page:
    """The header's lines from ``first`` to before ``stop`` replaced, counted as in an entry."""
    start = page.top + 1
    return replace(
        page,
        lines=(*page.lines[: start + first], *lines, *page.lines[start + stop :]),
        bottom=page.bottom + len(lines) - (stop - first),
    )


def _put(page: Page, name: str, entries: Sequence[_Entry], key: str, value: Any) -> Page:
    """An entry among ``entries``: in place of that with its key, or in order, or last."""
    keys = [entry.key for entry in entries]
    ordered = keys == sorted(keys)
    margin = " " * entries[0].column
    lines = page.commented(margin + line for line in dumped({key: value}, name, ordered=ordered))
    old = _find(entries, key)
    if old is not None:
        return _spliced(page, old.first, old.last + 1, lines)
    index = sum(other < key for other in keys) if ordered else len(keys)
    at = entries[index - 1].last + 1 if index else entries[0].first
    return _spliced(page, at, at, lines)


def _changed(page: Page, name: str, entry: _Entry, old: Any, new: Any) -> Page:
    """The lines of the entry's value, but for those that say what changes, stay as they are."""
    edits = list(_edits(entry, old, new, ()))
    before = page
    try:
        for path, gone, value in edits:
            entries = _home(page, name, entry.key)[0]
            for key in path[:-1]:
                found = _find(entries, key)
                entries = _entries(found.value) if found else []
            found = _find(entries, path[-1])
            if gone and found:
                page = _spliced(page, found.first, found.last + 1, [])
            else:
                page = _put(page, name, entries, path[-1], value)
        said = metadata_of(page, loaded(page, name), name).get(entry.key)
    except (NotebookError, IndexError):
        said = None
    if _canonical(said) == _canonical(new):
        return page
    return _put(before, name, _home(before, name, entry.key)[0], entry.key, new)


def _edits(
    entry: _Entry, old: Any, new: Any, above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], bool, Any]]:
    """What makes ``new`` of ``old``: the path of an entry, whether it goes, and its new value."""
    path = (*above, entry.key)
    inner = {one.key: one for one in _entries(entry.value)}
    if not (isinstance(old, dict) and isinstance(new, dict) and inner.keys() & new.keys()):
        yield path, False, new
        return
    for key in old:
        if key not in new:
            yield (*path, key), True, None
    for key, value in new.items():
        if key not in old:
            yield (*path, key), False, value
        elif _canonical(value) != _canonical(old[key]) and key in inner:
            yield from _edits(inner[key], old[key], value, path)


def _keeping(page: Page, name: str, key: str) -> Page:
    """With ``+key`` in the filter where jupytext, writing the file anew, would drop the member.

    It keeps members that it finds in a header, but not in MyST, nor against ``-all``.
    """
    entries, _ = _home(page, name, key)
    options, rule = _rule(entries)
    if rule is None:
        if not page.myst:
            return page
        if options is None:
            return _put(page, name, entries, "jupytext", {_FILTER: f"+{key}"})
        if not options:
            raise _not_editable(name, "no block of lines under 'jupytext:'")
        return _put(page, name, options, _FILTER, f"+{key}")
    terms = {term.strip().removeprefix("+") for term in rule.value.value.split(",")}
    if f"-{key}" in terms:
        raise fault(
            name,
            f"a {_FILTER} that drops {key!r}",
            "one that keeps it",
            f"take '-{key}' out of the {_FILTER} in the header",
        )
    if terms & {key, "all"} or not (page.myst or "-all" in terms):
        return page
    line, at = _position(page, rule)
    return _spliced(page, rule.first, rule.last + 1, [f"{line[:at]}+{key},{line[at:]}"])


def _not_keeping(page: Page, name: str, key: str) -> Page:
    """Without what ``_keeping`` put in."""
    entries, _ = _home(page, name, key)
    options, rule = _rule(entries)
    if rule is None or options is None:
        return page
    if rule.value.value == f"+{key}":
        alone = len(options) == 1
        parent = _find(entries, "jupytext")
        first = parent.first if alone and parent is not None else rule.first
        return _spliced(page, first, rule.last + 1, [])
    line, at = _position(page, rule)
    ours = f"+{key},"
    if line.startswith(ours, at):
        return _spliced(page, rule.first, rule.last + 1, [line[:at] + line[at + len(ours) :]])
    return page


def _rule(entries: Sequence[_Entry]) -> tuple[list[_Entry] | None, _Entry | None]:
    """The entries of ``jupytext``, or None where there is no such key; and the filter's."""
    jupytext = _find(entries, "jupytext")
    if jupytext is None:
        return None, None
    options = _entries(jupytext.value)
    rule = _find(options, _FILTER)
    return options, rule if rule is not None and rule.value.id == "scalar" else None


def _position(page: Page, rule: _Entry) -> tuple[str, int]:
    """The filter's line, and where in it its text begins."""
    mark = rule.value.start_mark
    line = page.lines[page.top + 1 + mark.line]
    return line, page.offset(line) + mark.column + (rule.value.style is not None)


def _home(page: Page, name: str, key: str) -> tuple[list[_Entry], _Entry | None]:
    """The entries among which the member stands or will stand, and the entry ``jupyter`` where
    they are its. No entries and no parent: there is no ``jupyter`` yet.
    """
    roots = _roots(page, name)
    jupyter = _find(roots, "jupyter")
    if jupyter is not None:
        inner = _entries(jupyter.value)
        if not page.myst or _find(inner, key) is not None:
            return inner, jupyter
    return (roots if page.myst else []), None


def _roots(page: Page, name: str) -> list[_Entry]:
    roots = _entries(composed(page, name))
    if not roots:
        raise _not_editable(name, "no block of lines")
    return roots


def _find(entries: Sequence[_Entry], key: str) -> _Entry | None:
    return next((entry for entry in entries if entry.key == key), None)


def _entries(node: Any) -> list[_Entry]:
    """The entries of a mapping in block style; none where it is something else."""
    if getattr(node, "id", None) != "mapping" or node.flow_style:
        return []
    return [
        _Entry(key.value, key.start_mark.line, _last_line(value, key), key.start_mark.column, value)
        for key, value in node.value
    ]


def _last_line(node: Any, before: Any) -> int:
    """The last line with text of ``node``; ``before`` is the node that it follows."""
    if node.id != "scalar" and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1], last[0]) if node.id == "mapping" else _last_line(last, node)
    line: int = node.end_mark.line
    if node.id == "scalar" and node.style is None and not node.value:
        line = before.start_mark.line
    elif node.id == "scalar" and node.style in {"|", ">"} and node.end_mark.column == 0:
        line -= 1  # it ends where the next line starts
    return line


def _proved(page: Page, text: str, name: str, expected: dict[str, Any]) -> bytes:
    """The new file, once its header says what it should."""
    bom = "\ufeff" if text.startswith("\ufeff") else ""
    data = (bom + page.text).encode()
    try:
        found = header_of(data, name).metadata
    except NotebookError as exc:
        raise _not_editable(name, "a layout of its own") from exc
    if _canonical(_unfiltered(found)) != _canonical(_unfiltered(expected)):
        raise _not_editable(name, "a layout of its own")
    return data


def _unfiltered(metadata: dict[str, Any]) -> dict[str, Any]:
    options = metadata.get("jupytext")
    if not isinstance(options, dict):
        return metadata
    rest = {k: v for k, v in options.items() if k != _FILTER}
    others = {k: v for k, v in metadata.items() if k != "jupytext"}
    return {**others, "jupytext": rest} if rest else others


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _not_editable(name: str, what: str) -> NotebookError:
    return fault(
        name,
        f"a header with {what}",
        "one in block style, as jupytext writes it, so that lines alone need to change",
        "lay the header out as jupytext does (one key a line, nested by indentation), or edit it",
    )
