"""``binderclip import``: take over what another tool says of the environment."""

from __future__ import annotations

from typing import get_args

import click

from binderclip.cli.many import DRY_RUN, NOTEBOOKS, QUIET
from binderclip.cli.state import json_option
from binderclip.importing.model import Tool

EPILOG = """\b
Examples:
  binderclip import analysis.ipynb
  binderclip import notebooks/ --dry-run
  binderclip import notebooks/ --list
  binderclip import analysis.ipynb --from nteract --force
"""


@click.command(name="import", epilog=EPILOG)
@NOTEBOOKS
@click.option(
    "--from",
    "tool",
    type=click.Choice(list(get_args(Tool))),
    metavar="TOOL",
    help=f"Take over what this tool says, and no other's [default: the best that is found]: "
    f"{', '.join(get_args(Tool))}.",
)
@click.option("--force", is_flag=True, help="Replace what the notebook names, or an opt-out.")
@click.option("--list", "listing", is_flag=True, help="Show all that is found; write nothing.")
@DRY_RUN
@QUIET
@json_option
def command(
    notebooks: tuple[str, ...],
    *,
    tool: Tool | None,
    force: bool,
    listing: bool,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write into notebooks what another tool says of their environment.

    What stands in the notebook comes first (juv, nteract, Thoth, conda, Vertex AI …), else what
    lies beside it, up to the repository's root (MyST, Jupyter Book, thebe, pangeo-gallery). The
    other tool's own metadata stays. What could not be said is told. The exit code is 0 where no
    notebook was refused.
    """
    from binderclip.cli.taking import Taking, list_and_tell

    if listing:
        if force or dry_run:
            raise click.UsageError("--list writes nothing; --force and --dry-run go without it")
        list_and_tell(notebooks, tool, as_json=as_json, quiet=quiet)
        return
    from binderclip.cli.outcomes import rewrite_files_and_tell

    rewrite_files_and_tell(
        notebooks, Taking(tool, force=force), dry_run=dry_run, as_json=as_json, quiet=quiet
    )
