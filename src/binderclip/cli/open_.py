"""``binderclip open``: JupyterLab in the environment that a notebook names."""

from __future__ import annotations

import asyncio
from typing import Any

import click

EPILOG = """\b
Examples:
  binderclip open analysis.ipynb
  binderclip open https://github.com/o/r/blob/main/analysis.ipynb
  binderclip open analysis.ipynb --no-browser      prints the address instead
"""


@click.command(name="open", epilog=EPILOG)
@click.argument("notebook", type=click.Path(readable=False))
@click.option("--no-browser", is_flag=True, help="Print the address, token and all, and wait.")
@click.option(
    "--trust", is_flag=True, help="Run what came from an address without asking, this once."
)
@click.option(
    "--latest", is_flag=True, help="Go by refs and loose files; set aside what was frozen."
)
@click.option("--offline", is_flag=True, help="Use the caches alone.")
@click.option("--python", metavar="VERSION", help="Python for environments that name none.")
@click.option("-v", "--verbose", is_flag=True, help="Show every line that the builders print.")
def command(notebook: str, **wishes: Any) -> None:
    """Open NOTEBOOK in JupyterLab, in the environment that it names, on this machine.

    NOTEBOOK is a file or any address that leads to a notebook; one from an address is saved in
    the current folder first, under its own name. JupyterLab listens on loopback and ends, with all
    kernels, on Ctrl-C or when it is shut down from its File menu.
    """
    from binderclip.cli import opening
    from binderclip.cli.wanted import Place

    no_browser, verbose = wishes.pop("no_browser"), wishes.pop("verbose")
    place = Place(address=notebook, **wishes)
    asyncio.run(opening.open_lab(place, browser=not no_browser, verbose=verbose))
