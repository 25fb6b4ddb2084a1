"""What a notebook carries, and what of it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from binderclip.cli.paint import flat, print_json
from binderclip.cli.reading import Seen
from binderclip.errors import NotebookError
from binderclip.rees import EXECUTABLE
from binderclip.spec.model import Text


def carried(seen: Seen, *, frozen: bool) -> Mapping[str, Text]:
    """The files; with ``frozen`` the pinned ones in their places. Raises NotebookError where there
    are none.
    """
    binder = seen.reading.binder if seen.reading else None
    pinned = binder.frozen.files if binder and binder.frozen else {}
    if frozen and not pinned:
        raise NotebookError(
            f"{seen.address}: carries no pinned files", hint="`binderclip freeze` pins them"
        )
    files = {**(binder.files if binder else {}), **(pinned if frozen else {})}
    if not files:
        hint = "`binderclip embed` puts some into it"
        if binder and binder.build:
            hint = f"its environment is built from {binder.build.url}"
        raise NotebookError(f"{seen.address}: carries no environment files", hint=hint)
    return files


def print_written(
    into: Path, files: Mapping[str, Text], written: Sequence[Path], *, as_json: bool
) -> None:
    fresh = set(written)
    if as_json:
        kept = [str(into / name) for name in files if into / name not in fresh]
        print_json({"written": [str(path) for path in written], "unchanged": kept})
        return
    for name in files:
        path = click.style(flat(str(into / name)), bold=True)
        if into / name in fresh:
            what = "written, executable" if name in EXECUTABLE else "written"
            click.echo(f"{click.style('✓', fg='green')} {path}: {what}")
        else:
            click.echo(f"{click.style('·', dim=True)} {path}: unchanged")
