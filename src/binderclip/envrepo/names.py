"""Names that no such commit has, in whatever spelling: those that git itself acts upon."""

from __future__ import annotations

import re
import unicodedata

from binderclip.copying import names
from binderclip.copying.names import shown, trap

__all__ = ["fault", "own", "shown", "trap"]

_OWN = (".gitmodules", ".gitattributes", ".lfsconfig")
# Windows' short names of the first two: the beginning, or what stands for it where several files
# begin alike. https://git-scm.com/docs/git-fsck (gitmodulesName), is_ntfs_dotgit in git's path.c
_SHORT = ("gitmod~[1-4]", "gitatt~[1-4]")
_HASHED = ("gi7eba", "gi7d29")
_SHORTER = [
    rf"{word[:length]}~[1-9][0-9]{{{6 - length}}}" for word in _HASHED for length in range(7)
]
# Dots, blanks and streams at the end are nothing to Windows.
_PATTERN = re.compile(rf"(?:{'|'.join([*map(re.escape, _OWN), *_SHORT, *_SHORTER])})[. ]*(?::.*)?")


def fault(path: str) -> str | None:
    """Why a path cannot be checked out everywhere as it is named; or None."""
    if why := names.fault(path):
        return why
    if any(not _seen(part).strip(". ") for part in path.split("/")):
        return "a name of dots and blanks alone"
    return None


def own(path: str) -> bool:
    """Is it, in any folder, a file by which git fetches more, or changes what it checks out?"""
    return _PATTERN.fullmatch(names.folded(_seen(path.rpartition("/")[2]))) is not None


def _seen(part: str) -> str:
    if part.isascii():
        return part
    return "".join(char for char in part if unicodedata.category(char) != "Cf")
