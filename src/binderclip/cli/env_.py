"""``binderclip env``: the environment that a notebook names, for other tools."""

from __future__ import annotations

from typing import Any

import click

from binderclip.cli.place import NOTEBOOK, Place, finish, place_options
from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  eval "$(binderclip env analysis.ipynb --on https://mybinder.org)"
  binderclip env analysis.ipynb --on auto -- python collect.py
  binderclip env analysis.ipynb --on pangeo --json
"""


@click.command(name="env", epilog=EPILOG)
@NOTEBOOK
@click.argument("words", nargs=-1, metavar="[-- COMMAND...]", type=click.UNPROCESSED)
@place_options
@click.option("-q", "--quiet", is_flag=True, help="Show errors only.")
@json_option
def command(*, words: tuple[str, ...], as_json: bool, **wishes: Any) -> None:
    """Launch the environment that NOTEBOOK names, and tell other tools how to reach it.

    Without a COMMAND, JUPYTER_BASE_URL and JUPYTER_TOKEN are printed for a shell to read, and the
    session goes on until `binderclip sessions stop`, or until its hub ends it. With a COMMAND,
    that runs with the two set, and the session ends with it; the exit code is the command's.
    """
    from binderclip.cli import lending
    from binderclip.cli.progress import Reporter

    reporter = Reporter(verbose=wishes.pop("verbose"), quiet=wishes.pop("quiet"))
    codes: list[int] = []
    finish(lending.lend(Place(**wishes), words, reporter, codes.append, as_json=as_json))
    click.get_current_context().exit(codes[0] if codes else 0)
