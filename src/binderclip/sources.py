"""What people paste → the raw notebook.

`resolve` reads an address without any network; `fetch` goes and gets it, where a `Guard` lets
it. Neither httpx nor the rules are imported before a web address needs them.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace
from pathlib import Path

from binderclip.addresses.source import Kind, Lookup, Source
from binderclip.errors import SourceError
from binderclip.fetch import Fetched, Limits, fetch
from binderclip.guard import Guard, OpenGuard, PublicGuard

__all__ = [
    "Fetched",
    "Guard",
    "Kind",
    "Limits",
    "Lookup",
    "OpenGuard",
    "PublicGuard",
    "Source",
    "fetch",
    "resolve",
]

_WEB = ("http:", "https:")
# Compiled when used: a plain path needs none of them.
_SCHEME = r"([A-Za-z][A-Za-z0-9+.-]+):"
_GIT = r"git@|(ssh|git|git\+[a-z]+)://"
_HOST = r"(?i)[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|org|io|net|ms|space|co|edu)/."
_LISTED = 3
_ALIKE = 0.8


def resolve(address: str) -> Source:
    """What ``address`` becomes: a path, ``-`` (standard input), or a request. No network.

    Raises SourceError for what can lead to no notebook: with what was found instead, a near miss
    among the files beside it, or the form that is expected.
    """
    if address == "-":
        return Source("-", "stdin", None, None, "notebook.ipynb", "stdin", None, "standard input")
    text = address.strip()
    if text[:1] == "<" and text[-1:] == ">":
        text = text[1:-1].strip()
    if text[:6].lower().startswith(_WEB):
        from binderclip.addresses.table import resolve_url  # noqa: PLC0415 - not for plain paths

        return resolve_url(text, address)
    if not text:
        raise SourceError("found an empty address, expected a path, '-' or a web address")
    return _path(address) or _elsewhere(text, address)


def _path(address: str, how: str = "a file on this machine") -> Source | None:
    """Microseconds: nothing is made before the system says that it is there."""
    path = os.path.expanduser(address)  # noqa: PTH111 - Path's raises for a user that is unknown
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - no Path yet
    except (OSError, ValueError):
        return None
    if stat.S_ISDIR(mode):
        raise _is_folder(Path(path))
    full = os.path.abspath(path)  # noqa: PTH100 - Path has no lexical form of it
    name = os.path.basename(full)  # noqa: PTH119 - no Path yet
    return Source(address, "path", Path(path), None, name, f"path:{full}", None, how)


def _is_folder(path: Path) -> SourceError:
    try:
        names = sorted(entry.name for entry in path.iterdir() if entry.suffix == ".ipynb")
    except OSError:
        names = []
    listed = ", ".join(map(_shown, names[:_LISTED])) + (", …" if len(names) > _LISTED else "")
    hint = f"it holds {listed}" if names else "it holds no notebook itself"
    return SourceError(f"{_shown(str(path))} is a folder, expected a notebook", hint=hint)


def _elsewhere(text: str, address: str) -> Source:
    """What is neither a web address nor a file that exists."""
    from binderclip.addresses import answers, archives, drives  # noqa: PLC0415 - not for plain paths
    from binderclip.addresses.table import source_of  # noqa: PLC0415 - as above

    scheme = match[1].lower() if (match := re.match(_SCHEME, text)) else ""
    if re.match(_GIT, text):
        raise answers.repository(text)
    if scheme == "file":
        return _file(text, address)
    if scheme in {"s3", "gs"} and text[len(scheme) :].startswith("://"):
        return source_of(address, drives.bucket(text))
    doi = text[4:].lstrip("/ ") if scheme == "doi" else text
    if archives.is_doi(doi) and doi.isprintable():
        return source_of(address, archives.doi_lookup(doi))
    raise _unknown_scheme(scheme) if scheme else _missing(text)


def _file(text: str, address: str) -> Source:
    """``file:/p``, ``file:///p``, ``file://localhost/p``: RFC 8089."""
    from urllib.parse import unquote  # noqa: PLC0415 - not for plain paths

    rest = text[5:].partition("#")[0].partition("?")[0]
    host = ""
    if rest.startswith("//"):
        host, slash, rest = rest[2:].partition("/")
        rest = slash + rest
    if host.lower() not in {"", "localhost"}:
        raise SourceError(
            "found a file: address of another machine, expected one of this machine",
            hint="write file:///PATH, or the path alone",
        )
    path = unquote(rest)
    if not path.startswith("/") or "\0" in path:
        raise SourceError("found a file: address without a path, expected file:///PATH")
    if os.name == "nt" and re.match(r"/[A-Za-z]:", path):
        path = path[1:]
    if source := _path(path, "a file on this machine, by a file: address"):
        return replace(source, address=address)
    raise _missing(path)


def _unknown_scheme(scheme: str) -> SourceError:
    return SourceError(
        f"found an address that begins with {_shown(scheme)}:, expected a path, '-', or one that "
        "begins with https:, http:, file:, s3:, gs: or doi:",
        hint="download the notebook with a program that knows this kind, and give its path",
    )


def _missing(text: str) -> SourceError:
    import difflib  # noqa: PLC0415 - only on the way to an error

    path = Path(os.path.expanduser(text))  # noqa: PTH111 - as in _path
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except (OSError, ValueError):
        names = []
    # By stem where the suffix is the same, or any two short names of notebooks would be alike.
    alike = {Path(name).stem: name for name in names if Path(name).suffix == path.suffix}
    near = [alike[stem] for stem in difflib.get_close_matches(path.stem, alike, n=1)]
    near = near or difflib.get_close_matches(path.name, names, n=1, cutoff=_ALIKE)
    hint = f"Did you mean {_shown(str(path.with_name(near[0])))}?" if near else None
    if hint is None and re.match(_HOST, text):
        hint = f"for the web, write https://{_shown(text)}"
    return SourceError(f"{_shown(text)}: no such file", hint=hint)


def _shown(text: str) -> str:
    from binderclip.addresses.masking import masked  # noqa: PLC0415 - only on the way to an error

    return masked(text)
