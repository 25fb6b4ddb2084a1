"""``binderclip show``: what a notebook says of its environment."""

from __future__ import annotations

import click

from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip show analysis.ipynb
  binderclip show https://github.com/o/r/blob/main/analysis.ipynb --full
  curl -s https://example.org/nb.ipynb | binderclip show - --json
"""


@click.command(name="show", epilog=EPILOG)
@click.argument("address", type=click.Path(readable=False))
@click.option("--full", is_flag=True, help="Show the contents of the embedded files too.")
@json_option
def command(address: str, *, full: bool, as_json: bool) -> None:
    """Show in words what the notebook at ADDRESS says of its environment.

    ADDRESS is a file, `-` for standard input, or any address that leads to a notebook. Nothing
    of it is run.
    """
    from binderclip.cli.portrait import describe, print_portrait
    from binderclip.cli.reading import read

    seen = read(address)
    if as_json:
        from binderclip.cli.paint import print_json

        print_json(describe(seen))
    else:
        print_portrait(seen, full=full)
