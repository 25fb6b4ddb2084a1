"""``binderclip export``: write the environment for another tool."""

from __future__ import annotations

from typing import Any

import click

from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip export analysis.ipynb --to requirements -o requirements.txt
  binderclip export analysis.ipynb --to juv -o analysis-juv.ipynb
  binderclip export analysis.ipynb --to pep723 -o analysis.py
  binderclip export analysis.ipynb --to dockerfile > Dockerfile
  binderclip export https://github.com/o/r/blob/main/a.ipynb --to myst
"""


@click.command(name="export", epilog=EPILOG)
@click.argument("notebook", type=click.Path(readable=False))
@click.option(
    "--to",
    "format_",
    required=True,
    # As in exporting.FORMATS, which a test holds it against: help and completion stay quick.
    type=click.Choice(
        ["juv", "myst", "pep723", "requirements", "environment.yml", "dockerfile", "link"]
    ),
    help="What to write.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(),
    help="Write FILE instead of standard output.",
)
@click.option("-i", "--in-place", is_flag=True, help="With --to juv: change the notebook itself.")
@click.option("--force", is_flag=True, help="Write over FILE.")
@click.option(
    "--frozen/--no-frozen",
    default=True,
    show_default=True,
    help="Go by what was frozen, or by what people wrote.",
)
@click.option("--base", metavar="IMAGE", help="With --to dockerfile: build upon IMAGE.")
@click.option("--accept-loss", is_flag=True, help="Write it even where it can't say it all.")
@json_option
def command(
    notebook: str,
    *,
    format_: Any,
    output: str | None,
    in_place: bool,
    force: bool,
    frozen: bool,
    base: str | None,
    accept_loss: bool,
    as_json: bool,
) -> None:
    """Write what NOTEBOOK says of its environment for another tool.

    NOTEBOOK is a file, `-` for standard input, or any address that leads to a notebook. What the
    other tool cannot be told is named, and nothing is written, unless you accept the loss.
    """
    from binderclip.cli.exporting import Wishes, run

    if in_place and (format_ != "juv" or output):
        raise click.UsageError("--in-place goes with --to juv alone, and without --output")
    if base and format_ != "dockerfile":
        raise click.UsageError("--base goes with --to dockerfile alone")
    wishes = Wishes(
        format=format_,
        output=output,
        in_place=in_place,
        force=force,
        frozen=frozen,
        base=base,
        accept_loss=accept_loss,
    )
    run(notebook, wishes, as_json=as_json)
