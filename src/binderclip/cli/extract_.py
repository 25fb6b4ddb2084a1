"""``binderclip extract``: write a notebook's environment files into a folder."""

from __future__ import annotations

import click

from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip extract analysis.ipynb -o environment/
  binderclip extract analysis.ipynb -o pinned/ --frozen
  binderclip extract https://github.com/o/r/blob/main/a.ipynb -o env/
"""


@click.command(name="extract", epilog=EPILOG)
@click.argument("notebook", type=click.Path(readable=False))
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    metavar="FOLDER",
    type=click.Path(readable=False),
    help="Write into this folder, which is made where it is not there.",
)
@click.option("--frozen", is_flag=True, help="With the pinned files in place of those as written.")
@click.option("--force", is_flag=True, help="Write over files with other content.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of what was written.")
@json_option
def command(
    notebook: str, *, folder: str, frozen: bool, force: bool, quiet: bool, as_json: bool
) -> None:
    """Write the environment files that NOTEBOOK carries into a folder: all of them, or none.

    NOTEBOOK is a file, `-` for standard input, or any address that leads to a notebook. The files
    are byte for byte what was embedded; postBuild and start are executable. Files of other
    content are not written over.
    """
    from pathlib import Path

    from binderclip.cli.extracting import carried, print_written
    from binderclip.cli.reading import read
    from binderclip.embedding import extracted

    files = carried(read(notebook), frozen=frozen)
    into = Path(folder)
    written = extracted(files, into, replace=force)
    if as_json or not quiet:
        print_written(into, files, written, as_json=as_json)
