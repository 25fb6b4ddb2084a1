"""What the outermost shell must know when a verb fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class State:
    """``debug``: tracebacks are wanted. ``json``: the answer, errors too, is one JSON value."""

    def __init__(self, *, debug: bool = False, json: bool = False) -> None:
        self.debug = debug
        self.json = json


def _remember(ctx: click.Context, _param: click.Parameter, wanted: bool) -> bool:  # noqa: FBT001 - click calls it
    ctx.ensure_object(State).json = wanted
    return wanted


def json_option(command: F) -> F:
    """``--json``, the same for every verb that has it."""
    # Eager, so that a usage error later on the line is told in JSON too.
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        is_eager=True,
        callback=_remember,
        help="Answer in JSON, for machines.",
    )(command)
