"""``binderclip open``: a notebook in the browser, in the environment that it names."""

from __future__ import annotations

from typing import Any

import click

from binderclip.cli.place import NOTEBOOK, Place, finish, place_options

EPILOG = """\b
Examples:
  binderclip open analysis.ipynb
  binderclip open https://github.com/o/r/blob/main/analysis.ipynb
  binderclip open analysis.ipynb --on https://mybinder.org
  binderclip open analysis.ipynb --on https://hub.example.org --ui notebook
  binderclip open analysis.ipynb --no-browser      prints the address instead
"""


@click.command(name="open", epilog=EPILOG)
@NOTEBOOK
@click.option("--no-browser", is_flag=True, help="Print the address, token and all, and wait.")
@click.option(
    "--ui",
    type=click.Choice(["lab", "notebook", "retro", "classic"]),
    help="The page to open elsewhere; otherwise the first of these that is there.",
)
@click.option("--detach", is_flag=True, help="Leave it running elsewhere, and return.")
@place_options
def command(*, no_browser: bool, ui: Any, detach: bool, verbose: bool, **wishes: Any) -> None:
    """Open NOTEBOOK in the browser, in the environment that it names.

    NOTEBOOK is a file or any address that leads to a notebook. On this machine JupyterLab listens
    on loopback; a notebook from an address is saved in the current folder first, under its own
    name. Elsewhere (--on) the notebook is uploaded, and what you save there comes back beside it
    as NAME.edited.ipynb. Ctrl-C ends it, with all its kernels.
    """
    from binderclip.cli import opening
    from binderclip.cli.manner import Manner

    manner = Manner(browser=not no_browser, ui=ui, detach=detach)
    finish(opening.open_notebook(Place(**wishes), manner, verbose=verbose))
