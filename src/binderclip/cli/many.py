"""What the verbs that work on many notebooks at once take, said once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

NOTEBOOKS = click.argument(
    "notebooks",
    nargs=-1,
    required=True,
    metavar="NOTEBOOK|FOLDER...",
    type=click.Path(readable=False),
)
DRY_RUN = click.option(
    "-n", "--dry-run", is_flag=True, help="Show what would change; write nothing."
)
QUIET = click.option("-q", "--quiet", is_flag=True, help="Tell only what is refused.")


def jobs_option(default: int, told: str) -> Callable[[F], F]:
    """``--jobs``; ``told`` says of what."""
    return click.option(
        "-j",
        "--jobs",
        type=click.IntRange(1, 64),
        default=default,
        show_default=True,
        help=told,
    )


def only_option(verb: str) -> Callable[[F], F]:
    """``--only``, of what can be pinned; ``verb`` says what becomes of it."""
    from binderclip.freeze.parts import PARTS

    return click.option(
        "--only",
        multiple=True,
        metavar="KEY",
        type=click.Choice(list(PARTS)),
        help=f"{verb} this alone: image, build, config, content, files, or a file by its name, as "
        "in requirements.txt. May be repeated.",
    )
