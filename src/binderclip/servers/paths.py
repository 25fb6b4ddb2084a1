"""Paths of a server's contents: POSIX, relative to its root, not percent-encoded."""

from __future__ import annotations

import re
from urllib.parse import quote

from binderclip.addresses.masking import printable
from binderclip.errors import SessionError

_MAX_NAME_BYTES = 255
# The server's own routes below a path: a file of that name is reached by quoting a letter of it,
# since routes are matched before quoting is undone.
_ROUTES = frozenset({"checkpoints", "trust"})
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def fault_of_name(name: str) -> str | None:
    """What keeps ``name`` from being that of a file in a folder, as a phrase; or None."""
    if name in {"", ".", ".."}:
        return f"{name!r} for a name"
    if "/" in name:
        return "a slash in a name"
    if _CONTROLS.search(name):
        return "a control character in a name"
    if len(name.encode()) > _MAX_NAME_BYTES:
        return f"a name of more than {_MAX_NAME_BYTES} bytes"
    return None


def checked(path: str, *, root: bool = False) -> str:
    """``path``, which may be empty (the server's root) only with ``root``. Raises SessionError."""
    if root and not path:
        return path
    for name in path.split("/"):
        if fault := fault_of_name(name):
            raise SessionError(
                f"found {fault} in {printable(path)!r}, expected a path such as 'data/x.csv'",
                hint="paths on a server begin at its root folder, without a slash",
            )
    return path


def encoded(path: str) -> str:
    """``path`` as part of an address: with a leading slash, or empty for the root."""
    return "".join(f"/{_segment(name)}" for name in path.split("/") if name)


def _segment(name: str) -> str:
    if name in _ROUTES:
        return f"%{ord(name[0]):02X}{name[1:]}"
    return quote(name, safe="")


def joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def parent(path: str) -> str:
    """The folder that ``path`` lies in; empty for the root."""
    return path.rpartition("/")[0]


def hidden(path: str) -> bool:
    """True when servers keep it to themselves unless they are configured otherwise."""
    return any(name.startswith(".") for name in path.split("/"))
