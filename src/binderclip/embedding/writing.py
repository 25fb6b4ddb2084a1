"""``files`` of the metadata → files in a folder: all of them, or none."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeAlias

from binderclip.embedding.plain import bare_repository
from binderclip.errors import BinderclipError, Refused
from binderclip.rees import EXECUTABLE
from binderclip.spec.model import Text, joined

_State: TypeAlias = Literal["missing", "other", "mode", "same"]
"""What stands where a file shall be: ``mode`` is the same content, but not executable."""

_SHOWN = 8
_NEW, _OLD = "new", "old"


def extracted(files: Mapping[str, Text], into: Path, *, replace: bool = False) -> tuple[Path, ...]:
    """Write ``files``, whose names the specification allows, into ``into``, which is made where it
    is not there. What was written is returned; what was there already with the same content is
    left as it is, and not among them.

    All or nothing. Raises Refused where other content stands there, unless ``replace``; where a
    folder on the way is a link or a file; or where the files make a git repository;
    BinderclipError where something cannot be written.
    """
    if folder := bare_repository(files):
        raise Refused(
            f"{into / folder}: would become a git repository (HEAD, objects, refs), whose "
            "configuration may have git run anything there; nothing was written",
            hint="no environment needs such files: see where the notebook comes from",
        )
    try:
        states = {name: _state(into, name, joined(text)) for name, text in files.items()}
        if not replace:
            _refuse_others(into, [name for name, state in states.items() if state == "other"])
        fresh = [name for name, state in states.items() if state != "same"]
        with _staged(into, {name: joined(files[name]) for name in fresh}) as staged:
            _placed(into, staged / _NEW, staged / _OLD, fresh)
    except OSError as error:
        where = error.filename or into
        raise BinderclipError(
            f"{where}: cannot be written ({error.strerror}); nothing was",
            hint="see that there is room, and that the folder is yours to write",
        ) from error
    return tuple(into / name for name in fresh)


def _state(into: Path, name: str, content: str) -> _State:
    path = into / name
    for above in path.relative_to(into).parents:
        if above != Path() and ((into / above).is_symlink() or (into / above).is_file()):
            raise Refused(
                f"{into / above}: is a link or a file, expected a folder to write {name!r} into",
                hint="move it away, or extract into another folder",
            )
    try:
        state = path.lstat()
    except FileNotFoundError:
        return "missing"
    if stat.S_ISDIR(state.st_mode):
        raise Refused(
            f"{path}: is a folder, expected a file or nothing",
            hint="move it away, or extract into another folder",
        )
    data = content.encode()
    regular = stat.S_ISREG(state.st_mode) and state.st_size == len(data)
    if not regular or path.read_bytes() != data:
        return "other"
    executable = name not in EXECUTABLE or state.st_mode & stat.S_IXUSR
    return "same" if executable else "mode"


def _refuse_others(into: Path, names: list[str]) -> None:
    if names:
        rest = len(names) - _SHOWN
        shown = ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
        raise Refused(
            f"{into}: found other content in {shown}; nothing was written",
            hint="--force writes over it; or extract into another folder",
        )


@contextmanager
def _staged(into: Path, contents: Mapping[str, str]) -> Iterator[Path]:
    """The files in a folder of their own beside the others, to be moved; what they are moved over
    goes into another one there. What was made is gone afterwards, ``into`` too where nothing came
    to lie in it.
    """
    made = [path for path in (into, *into.absolute().parents) if not path.exists()]
    into.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=".binderclip-", dir=into))
    try:
        for part in (_NEW, _OLD):
            (staged / part).mkdir()
        for name, content in contents.items():
            path = staged / _NEW / name
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = 0o777 if name in EXECUTABLE else 0o666
            # Names that this file system cannot tell apart would meet here.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(os.open(path, flags, mode), "wb") as stream:
                stream.write(content.encode())
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        for path in made:
            with suppress(OSError):
                path.rmdir()


def _placed(into: Path, staged: Path, old: Path, names: list[str]) -> None:
    """Move all into place; put back what was there where one of them cannot be moved."""
    done: list[tuple[Path, Path | None]] = []
    folders: list[Path] = []
    try:
        for number, name in enumerate(names):
            target = into / name
            folders += _made_folders(target.parent)
            aside = None
            if target.is_symlink() or target.exists():
                aside = old / str(number)
                target.rename(aside)
            done.append((target, aside))
            (staged / name).rename(target)
    except BaseException:
        for target, aside in reversed(done):
            target.unlink(missing_ok=True)
            if aside is not None:
                aside.rename(target)
        for folder in reversed(folders):
            folder.rmdir()
        raise


def _made_folders(folder: Path) -> list[Path]:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return list(reversed(missing))
