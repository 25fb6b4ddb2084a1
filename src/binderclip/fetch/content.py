"""Is it a notebook? A look at the beginning, and an explanation of what came instead.

Only what can be told at a glance: whether the notebook is sound is for `notebook.parse`.
"""

from __future__ import annotations

import re
from typing import NoReturn

from binderclip.addresses.link import Link
from binderclip.addresses.masking import masked, printable
from binderclip.addresses.naming import TEXT_SUFFIXES, suffix
from binderclip.fetch.html import explained
from binderclip.fetch.misses import NoNotebook

_BLANK = b"\xef\xbb\xbf \t\r\n"
_SIGNS = (b'"cells"', b'"worksheets"', b'"nbformat"')
_UTF_16 = (b"\xff\xfe{\x00", b"\xfe\xff\x00{")
_HTML = re.compile(rb"<!doctype\s+html|<html|<head|<body", re.IGNORECASE)
_LFS = b"version https://git-lfs.github.com/spec/"
_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"%PDF-", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
)
_ARCHIVES = "archive"
_HEAD = 4096
_MAX_LISTED_BYTES = 4 * 2**20
_LISTED = 5


def check(data: bytes, *, name: str, content_type: str, link: Link) -> None:
    """Raises NoNotebook unless ``data`` begins like a notebook. ``link`` is where it came from."""
    place = masked(link.url)
    head = data[:_HEAD].lstrip(_BLANK)
    if not head:
        raise NoNotebook(f"{place}: the answer is empty, expected a notebook")
    for start, kind in _KINDS:
        if data.startswith(start):
            _binary(place, kind)
    if head.startswith(_LFS):
        _large_file(place, link)
    if (head[:1] == b"{" and any(sign in data for sign in _SIGNS)) or data[:4] in _UTF_16:
        return
    text = suffix(name) in TEXT_SUFFIXES
    markup = head[:1] == b"<" and (not text or content_type == "text/html")
    if markup or _HTML.match(head):
        raise explained(data, link)
    if text and b"\0" not in data[:_HEAD]:
        return
    _other(place, data, head)


def _binary(place: str, kind: str) -> NoReturn:
    hint = "unpack it, and give the notebook's path" if kind.endswith(_ARCHIVES) else None
    raise NoNotebook(f"{place}: this is {kind}, not a notebook", hint=hint)


def _large_file(place: str, link: Link) -> NoReturn:
    hint = "clone the repository with git lfs, and give the notebook's path"
    if link.host == "raw.githubusercontent.com":
        hint = f"the file is at https://media.githubusercontent.com/media{link.path}"
    raise NoNotebook(f"{place}: this is a pointer of Git LFS, not the notebook itself", hint=hint)


def _other(place: str, data: bytes, head: bytes) -> NoReturn:
    if head[:1] == b"{":
        keys = _keys(data)
        named = f" (its keys: {keys})" if keys else ""
        raise NoNotebook(f"{place}: this is JSON of another kind{named}, not a notebook")
    if head[:1] == b"[":
        raise NoNotebook(f"{place}: this is a JSON list, not a notebook")
    kind = "binary data" if b"\0" in data[:_HEAD] else "text"
    raise NoNotebook(
        f"{place}: this is {kind}, not a notebook",
        hint="text notebooks are known by their names: .md, .py, .Rmd, .qmd, .R or .jl",
    )


def _keys(data: bytes) -> str:
    import msgspec  # noqa: PLC0415 - only on the way to an error

    if len(data) > _MAX_LISTED_BYTES:
        return ""
    try:
        keys = list(msgspec.json.decode(data, type=dict[str, msgspec.Raw]))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ""
    listed = ", ".join(printable(key, 40) for key in keys[:_LISTED])
    return f"{listed}, …" if len(keys) > _LISTED else listed
