"""Where Jupyter's configuration speaks of ``c.Binderclip``: for those who cannot ask a server. Some
of it is Python, so nothing of it is run or believed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_MAX_BYTES = 1024 * 1024
_FILES = ("jupyter*config.py", "jupyter*config.json", "jupyter*config.d/*.json")
# Misspelt names count: the server's log tells of them. In lower case it is the extension's name.
_MENTION = re.compile(rb"^[^#\n]*\bBinder[Cc]lips?\b", re.MULTILINE)


def configured(folder: Path) -> tuple[Path, ...]:
    """The files that a server which is started in ``folder`` would read and that name the class.
    Never raises; what cannot be read names nothing.
    """
    from jupyter_core.paths import jupyter_config_path  # noqa: PLC0415 - slow, and rarely asked

    folders = dict.fromkeys((*map(Path, jupyter_config_path()), folder))
    paths = (path for one in folders for path in _files(one))
    return tuple(path for path in paths if _MENTION.search(_start(path)))


def _files(folder: Path) -> Iterator[Path]:
    try:
        for pattern in _FILES:
            yield from sorted(folder.glob(pattern))
    except (OSError, ValueError):  # a folder that may not be looked into
        return


def _start(path: Path) -> bytes:
    """Of a plain file; no pipe is waited for."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(_MAX_BYTES)
    except (OSError, ValueError):
        return b""
