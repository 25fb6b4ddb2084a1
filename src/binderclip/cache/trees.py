"""Folders that others filled: made private, measured, and removed whatever their modes."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def make_private(folder: Path) -> None:
    """Make ``folder`` and its parents; those that are made are mode 0700."""
    if folder.is_dir():
        return
    make_private(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def remove(folder: Path) -> None:
    """Remove a folder and all in it, following no link. A folder that is gone already is fine.

    Raises OSError for what cannot be removed even after giving ourselves the right to.
    """
    import shutil  # noqa: PLC0415 - brings decompressors; a warm launch has removed nothing yet

    for last in (False, False, True):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            if not folder.is_symlink() and not folder.exists():
                return
        except OSError:
            if last:
                raise
            _open_up(folder)
        else:
            return


def size(folder: Path) -> int:
    """Bytes of all regular files below, each path counted. What goes meanwhile is not counted."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                facts = os.lstat(os.path.join(parent, name))  # noqa: PTH118 - tens of thousands
            except FileNotFoundError:
                continue
            if stat.S_ISREG(facts.st_mode):
                total += facts.st_size
    return total


def _open_up(folder: Path) -> None:
    if not folder.is_symlink():
        folder.chmod(0o700)
    for parent, names, _ in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o700)
