"""``binderclip open``: JupyterLab in the environment that a notebook names."""

from __future__ import annotations

from typing import Any

import click

from binderclip.cli.place import Place, finish, place_options

EPILOG = """\b
Examples:
  binderclip open analysis.ipynb
  binderclip open https://github.com/o/r/blob/main/analysis.ipynb
  binderclip open analysis.ipynb --no-browser      prints the address instead
"""


@click.command(name="open", epilog=EPILOG)
@click.option("--no-browser", is_flag=True, help="Print the address, token and all, and wait.")
@place_options
def command(*, no_browser: bool, verbose: bool, **wishes: Any) -> None:
    """Open NOTEBOOK in JupyterLab, in the environment that it names, on this machine.

    NOTEBOOK is a file or any address that leads to a notebook; one from an address is saved in
    the current folder first, under its own name. JupyterLab listens on loopback and ends, with all
    kernels, on Ctrl-C or when it is shut down from its File menu.
    """
    from binderclip.cli import opening

    finish(opening.open_lab(Place(**wishes), browser=not no_browser, verbose=verbose))
