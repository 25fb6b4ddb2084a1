"""What the verbs that work on many notebooks at once take, said once."""

from __future__ import annotations

import click

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
