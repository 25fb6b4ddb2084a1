"""``binderclip guess``: the packages that a notebook needs, from its imports."""

from __future__ import annotations

import click

from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip guess analysis.ipynb
  binderclip guess analysis.ipynb --pin --python .venv
  binderclip guess analysis.ipynb --write
  binderclip guess https://github.com/o/r/blob/main/a.ipynb --json
"""


@click.command(name="guess", epilog=EPILOG)
@click.argument("notebook", type=click.Path(readable=False))
@click.option("--pin", is_flag=True, help="Name the versions that are installed.")
@click.option(
    "--python",
    "python",
    metavar="PATH",
    type=click.Path(readable=False),
    help="Look at what is installed in this Python or environment [default: the one beside the "
    "notebook, else its kernel's].",
)
@click.option("--write", is_flag=True, help="Write it into the notebook as requirements.txt.")
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--unsure", is_flag=True, help="Write what is marked ? as well.")
@click.option("--force", is_flag=True, help="Write over a requirements.txt or an opt-out.")
@json_option
def command(
    notebook: str,
    *,
    pin: bool,
    python: str | None,
    write: bool,
    yes: bool,
    unsure: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Guess which packages NOTEBOOK needs, from the imports and installs in its cells.

    NOTEBOOK is a file, `-` for standard input, or any address that leads to a notebook. Nothing
    of it is run. With --write you see the list and are asked before it goes into the notebook:
    what is sure (✓), and what is likely (?) where you say so.
    """
    from binderclip.cli.guessing import Wishes, run

    wishes = Wishes(
        pin=pin,
        python=python,
        write=write,
        yes=yes,
        unsure=unsure,
        force=force,
        json=as_json,
    )
    run(notebook, wishes)
