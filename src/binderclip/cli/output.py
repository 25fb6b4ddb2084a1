"""Where a run's result goes."""

from __future__ import annotations

import os
from pathlib import Path

import click

from binderclip.errors import NotebookError
from binderclip.flow import Opened


def stated(text: str | None, *, folder: bool) -> Path | None:
    """What ``--output`` says. A name that ends in a slash is a folder's, and so is any for several
    notebooks (``folder``): it is made. Raises click.UsageError.
    """
    if text is None:
        return None
    path = Path(text)
    if folder or text.endswith("/"):
        try:
            path.mkdir(exist_ok=True)
        except OSError as error:
            raise click.UsageError(f"{path} cannot be a folder ({error.strerror})") from error
    return path


def choose(opened: Opened, *, stated: Path | None, in_place: bool) -> Path:
    """The file to write: the stated one, the notebook itself, or ``NAME.run.ipynb``.

    The notebook that was given is never overwritten unless that was asked for. Raises
    click.UsageError for what cannot be meant, and NotebookError where its folder is closed to us:
    better now than after all cells.
    """
    target = _target(opened, stated=stated, in_place=in_place)
    if not os.access(target.parent, os.W_OK):
        raise NotebookError(
            f"{target}: nothing can be written into its folder",
            hint="name a file elsewhere with --output",
        )
    return target


def _target(opened: Opened, *, stated: Path | None, in_place: bool) -> Path:
    path = opened.source.path
    if in_place:
        if stated:
            raise click.UsageError("--in-place and --output exclude each other")
        if path is None:
            raise click.UsageError("--in-place needs a file; this notebook came from elsewhere")
        if path.suffix != ".ipynb":
            raise click.UsageError("a text notebook holds no outputs; name a file with --output")
        return path
    if stated is None:
        stem = Path(opened.source.name).stem
        return (path.parent if path else Path()) / f"{stem}.run.ipynb"
    target = stated / f"{Path(opened.source.name).stem}.ipynb" if stated.is_dir() else stated
    if path is not None and target.exists() and target.samefile(path):
        raise click.UsageError(f"{target} is the notebook itself; say --in-place to overwrite it")
    if str(stated) == "-" or (target.exists() and not target.is_file()):
        raise click.UsageError(f"{target} is no file; outputs are saved as they come, into one")
    if not target.parent.is_dir():
        raise click.UsageError(f"there is no folder {target.parent} to write {target.name} into")
    return target
