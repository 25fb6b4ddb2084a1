"""What the file of an image says: a JSON object with ``host``, ``image`` and ``build``, each as
``metadata.binder`` has it or as people write it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from binderclip.addresses.masking import printable
from binderclip.filling.model import PARTS
from binderclip.filling.words import Word, broken, remark, word
from binderclip.spec.model import JSON
from binderclip.spec.shown import shown

MAX_BYTES = 64 * 1024
_NAME = "binderclip.json"
_SHOWN_KEYS = 4
_ALLOWED = frozenset({*PARTS, "version", "$schema"})


class _Unusable(Exception):
    """The message says what was found and what was expected."""


def places(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where an image may have put it; the first is asked first."""
    prefix = environ.get("CONDA_PREFIX", "")
    below = [Path(prefix, "etc", _NAME)] if prefix.startswith("/") else []
    return Path("/etc", _NAME), *below


def of_file(path: Path) -> Iterator[Word | str]:
    """Words, or a remark. Nothing where there is no file."""
    source = printable(str(path), 120)
    try:
        said = _read(path)
    except _Unusable as error:
        # Nobody knows of which part it wanted to speak.
        yield from (broken(part, source, f"{error}; the file is not used") for part in PARTS)
        return
    yield from (word(part, source, said[part]) for part in PARTS if part in said)
    strange = [key for key in said if key not in _ALLOWED and not key.startswith("x-")]
    if strange:
        names = ", ".join(map(shown, strange[:_SHOWN_KEYS]))
        yield remark(source, f"found {names}, expected {', '.join(PARTS)} and nothing else")


def _read(path: Path) -> dict[str, JSON]:
    """Empty where there is no file. Raises _Unusable."""
    try:
        data = _content(path)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:  # a ValueError for names that no file can have
        told = error.strerror if isinstance(error, OSError) else "no name for a file"
        raise _Unusable(f"it cannot be read ({told})") from error
    try:
        said = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _Unusable("found no JSON, expected an object in UTF-8") from error
    if not isinstance(said, dict):
        raise _Unusable(f"found {shown(said)}, expected an object")
    if said.get("version", 1) != 1:
        raise _Unusable("found another version, expected 1 or none")
    return said


def _content(path: Path) -> bytes:
    """Raises OSError, ValueError, _Unusable. No pipe is waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    data = b""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _Unusable("it is no plain file")
        while len(data) <= MAX_BYTES and (more := os.read(descriptor, MAX_BYTES)):
            data += more
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        raise _Unusable(f"found more than {MAX_BYTES} bytes, expected less")
    return data
