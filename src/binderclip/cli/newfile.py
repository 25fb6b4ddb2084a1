"""A file that is written whole or not at all, and over no other unless that was asked for."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import click

from binderclip.errors import NotebookError


def check(path: Path, *, force: bool) -> None:
    """Better now than after all the work. Raises click.UsageError."""
    if path.is_dir():
        raise click.UsageError(f"{path} is a folder; name a file")
    if not path.parent.is_dir():
        raise click.UsageError(f"there is no folder {path.parent} to write {path.name} into")
    if not force and (path.exists() or path.is_symlink()):
        raise click.UsageError(f"{path} is there already; --force writes over it")


def write(path: Path, data: bytes, *, force: bool) -> None:
    """Raises click.UsageError as ``check``, NotebookError where it cannot be written."""
    check(path, force=force)
    target = path.resolve() if path.is_symlink() else path
    temporary = target.with_name(f".binderclip-{os.urandom(8).hex()}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
        if force:
            if target.exists():
                temporary.chmod(target.stat().st_mode & 0o777)
            temporary.replace(target)
        else:
            os.link(temporary, target)
    except FileExistsError as error:
        raise click.UsageError(f"{path} is there already; --force writes over it") from error
    except OSError as error:
        raise NotebookError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            temporary.unlink()
