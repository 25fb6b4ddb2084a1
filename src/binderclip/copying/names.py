"""Names of files in a repository that somebody may have made by hand, to do harm."""

from __future__ import annotations

import re
import unicodedata

from binderclip.spec.grammar import CONTROLS

_LONGEST_PATH = 1024
_LONGEST_ANYWHERE = 4096  # what Linux takes
_LONGEST_NAME_BYTES = 255
_DEEPEST = 100

_CONTROL = re.compile(f"[{CONTROLS}]")
# What Windows and macOS take for .git: its short name, dots and blanks at its end, marks that
# are not seen. https://github.com/git/git/blob/master/Documentation/git-fsck.txt (hasDotgit)
_GIT = re.compile(r"(?:\.git|git~[0-9]+)(?:[. ]*|[. ]*:.*)")


def trap(path: str) -> str | None:
    """What is wrong with a path that no honest git has written; or None."""
    parts = path.split("/")
    if len(parts) > _DEEPEST:
        return f"more than {_DEEPEST} folders in one another"
    if len(path) > _LONGEST_ANYWHERE:
        return f"more than {_LONGEST_ANYWHERE} characters"
    if path.startswith("/"):
        return "an absolute path"
    if "" in parts or "." in parts:
        return "an empty or '.' part"
    if ".." in parts:
        return "'..'"
    return "a '.git'" if any(map(_is_git, parts)) else None


def fault(path: str) -> str | None:
    """Why a file of this path cannot be placed everywhere as it is named; or None."""
    if _CONTROL.search(path):
        return "control characters, or bytes that are not UTF-8"
    if "\\" in path:
        return "a backslash"
    if len(path) > _LONGEST_PATH:
        return f"more than {_LONGEST_PATH} characters"
    if any(len(part.encode()) > _LONGEST_NAME_BYTES for part in path.split("/")):
        return f"a name of more than {_LONGEST_NAME_BYTES} bytes"
    return None


def shown(path: str) -> str:
    """A path as it may be printed."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], path)


def folded(path: str) -> str:
    """Equal for paths that are one file where letters' case or composition does not count."""
    return path if path.isascii() and path.islower() else _folded(path)


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def _is_git(part: str) -> bool:
    if part.isascii():
        return _GIT.fullmatch(part.lower()) is not None
    seen = "".join(char for char in part if unicodedata.category(char) != "Cf")
    return _GIT.fullmatch(_folded(seen)) is not None
