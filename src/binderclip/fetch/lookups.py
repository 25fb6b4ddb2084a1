"""Services that are asked where a notebook is: gists, DOIs, and archives of data.

Each parser takes an answer and the address that was asked, and lists the files in it. The
answers are other people's: every address in them goes through the parser and the guard.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import msgspec

from binderclip.addresses.link import Link, parse, quoted
from binderclip.addresses.masking import masked, printable
from binderclip.addresses.naming import notebook_like, safe_name, suffix
from binderclip.addresses.source import Source
from binderclip.addresses.table import resolve_url
from binderclip.errors import SourceError
from binderclip.fetch.misses import NotThere

MAX_LOOKUPS = 4
"""A DOI, its record, and some more for odd landing pages."""
_LISTED = 10

T = TypeVar("T")


class Answer(Protocol):
    @property
    def data(self) -> bytes: ...
    @property
    def link(self) -> Link: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a gist or record: its name, its download address, and the address to paste."""

    name: str
    url: str
    address: str


async def follow(source: Source, get: Callable[[str], Awaitable[Answer]]) -> Source:
    """The source with its notebook's own URL and name, after as many look-ups as it takes.

    Raises SourceError: no notebook there, or several, listed with the address of each.
    """
    for _ in range(MAX_LOOKUPS):
        if source.lookup is None or source.url is None:
            return source
        answer = await get(source.url)
        if source.lookup == "doi":
            source = _landing(answer.data, source)
            continue
        entry = chosen(CATALOGUES[source.lookup](answer.data, answer.link), source)
        url = parse(entry.url)
        if answer.link.scheme == "https" and url.scheme == "http":
            raise SourceError(f"{masked(url.url)}: found http for a file that https listed")
        return replace(source, url=url.url, name=safe_name(entry.name), lookup=None)
    raise SourceError(f"{source.shown}: one look-up led to another, more than {MAX_LOOKUPS} times")


def chosen(entries: tuple[Entry, ...], source: Source) -> Entry:
    """The one that ``source.pick`` names, or the only notebook."""
    if source.pick:
        picked = [entry for entry in entries if _picks(source.pick, entry.name)]
        if len(picked) == 1:
            return picked[0]
        raise _choose(f"has no single file {printable(source.pick, 80)!r}", entries, source)
    notebooks = [entry for entry in entries if suffix(entry.name) == ".ipynb"]
    notebooks = notebooks or [entry for entry in entries if notebook_like(entry.name)]
    if len(notebooks) == 1:
        return notebooks[0]
    if notebooks:
        raise _choose(f"has {len(notebooks)} notebooks", tuple(notebooks), source)
    raise _choose("has no notebook", entries, source)


def _picks(pick: str, name: str) -> bool:
    """By name, by the last part of a path, or by the anchor that a gist's page has for a file."""
    if pick.startswith("file-"):
        return _anchor(pick).replace("_", "-") == _anchor(f"file-{name}").replace("_", "-")
    return name in {pick, pick.rpartition("/")[2]}


def _anchor(name: str) -> str:
    """As GitHub makes it for a gist's file: ``my_a b.ipynb`` → ``my_a-b-ipynb``."""
    return re.sub(r"\W+", "-", name.lower())


def _choose(what: str, entries: tuple[Entry, ...], source: Source) -> SourceError:
    lines = [
        f"{printable(entry.name, 80)}: {masked(entry.address)}"
        if notebook_like(entry.name)
        else printable(entry.name, 80)
        for entry in entries[:_LISTED]
    ]
    if len(entries) > _LISTED:
        lines.append(f"and {len(entries) - _LISTED} more")
    listed = "\n  ".join(lines) or "nothing"
    hint = "give the address of the one that you mean" if len(entries) > 1 else None
    if any(suffix(entry.name) == ".zip" for entry in entries):
        hint = "the notebook may be in the zip: unpack it, and give the notebook's path"
    return SourceError(f"{source.shown} {what}; found there:\n  {listed}", hint=hint)


class _Handle(msgspec.Struct):
    values: list[_HandleValue] = []


class _HandleValue(msgspec.Struct):
    type: str
    data: _HandleData


class _HandleData(msgspec.Struct):
    value: object = None


def _landing(data: bytes, source: Source) -> Source:
    """A DOI's page, from the handle system, through the rules."""
    for value in _decoded(data, _Handle, source.shown).values:
        if value.type == "URL" and isinstance(value.data.value, str):
            found = resolve_url(value.data.value, source.address, source.pick)
            return replace(found, launch=source.launch, origin=source.origin)
    raise NotThere(f"{source.shown}: nothing is registered under this DOI")


class _GistFile(msgspec.Struct):
    raw_url: str
    filename: str | None = None


class _Gist(msgspec.Struct):
    files: dict[str, _GistFile | None]
    html_url: str = ""


def _gist(data: bytes, link: Link) -> tuple[Entry, ...]:
    gist = _decoded(data, _Gist, link.host)
    page = gist.html_url or f"https://gist.github.com/{link.parts[-1]}"
    return tuple(
        Entry(file.filename or name, file.raw_url, f"{page}#file-{_anchor(name)}")
        for name, file in gist.files.items()
        if file is not None
    )


class _RecordFile(msgspec.Struct):
    key: str


class _Record(msgspec.Struct):
    """Zenodo lists ``files``; servers of its kind have ``files.entries``."""

    id: int | str
    files: list[_RecordFile] | _RecordFiles


class _RecordFiles(msgspec.Struct):
    entries: dict[str, _RecordFile] = {}


def _zenodo(data: bytes, link: Link) -> tuple[Entry, ...]:
    record = _decoded(data, _Record, link.host)
    files = record.files
    listed = files if isinstance(files, list) else list(files.entries.values())
    base = f"{link.origin}/records/{quoted(str(record.id))}/files"
    urls = {file.key: f"{base}/{quoted(file.key)}" for file in listed}
    return tuple(Entry(name, f"{url}?download=1", url) for name, url in urls.items())


class _FigshareFile(msgspec.Struct):
    name: str
    download_url: str


class _Article(msgspec.Struct):
    files: list[_FigshareFile] = []


def _figshare(data: bytes, link: Link) -> tuple[Entry, ...]:
    files = _decoded(data, _Article, link.host).files
    return tuple(Entry(file.name, file.download_url, file.download_url) for file in files)


class _DataFile(msgspec.Struct):
    id: int
    filename: str


class _DatasetFile(msgspec.Struct):
    dataFile: _DataFile  # noqa: N815 - Dataverse's spelling


class _Version(msgspec.Struct):
    files: list[_DatasetFile] = []


class _Dataset(msgspec.Struct):
    latestVersion: _Version  # noqa: N815 - Dataverse's spelling


class _DatasetAnswer(msgspec.Struct):
    data: _Dataset


def _dataverse(data: bytes, link: Link) -> tuple[Entry, ...]:
    files = _decoded(data, _DatasetAnswer, link.host).data.latestVersion.files
    base = link.origin + link.path.partition("/api/datasets/")[0]
    return tuple(
        Entry(
            file.dataFile.filename,
            f"{base}/api/access/datafile/{file.dataFile.id}?format=original",
            f"{base}/file.xhtml?fileId={file.dataFile.id}",
        )
        for file in files
    )


CATALOGUES: dict[str, Callable[[bytes, Link], tuple[Entry, ...]]] = {
    "gist": _gist,
    "zenodo": _zenodo,
    "figshare": _figshare,
    "dataverse": _dataverse,
}


def _decoded(data: bytes, shape: type[T], place: str) -> T:
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.MsgspecError, ValueError, RecursionError) as exc:
        raise SourceError(
            f"{place}: the answer is not what this service is known to give",
            hint="give the address of the notebook itself",
        ) from exc
