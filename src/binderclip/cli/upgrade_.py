"""``binderclip upgrade``: write the environment in another form."""

from __future__ import annotations

import click

from binderclip.cli.many import DRY_RUN, NOTEBOOKS, QUIET
from binderclip.cli.state import json_option
from binderclip.spec import DIALECTS
from binderclip.spec.model import Dialect

EPILOG = """\b
Examples:
  binderclip upgrade notebooks/
  binderclip upgrade analysis.ipynb --as components --dry-run
  binderclip upgrade analysis.ipynb --as url --accept-loss
"""


@click.command(name="upgrade", epilog=EPILOG)
@NOTEBOOKS
@click.option(
    "--as",
    "dialect",
    type=click.Choice(list(DIALECTS)),
    default="v1",
    show_default=True,
    help="The form to write.",
)
@click.option("--accept-loss", is_flag=True, help="Write it even where the form can't say it all.")
@DRY_RUN
@QUIET
@json_option
def command(
    notebooks: tuple[str, ...],
    *,
    dialect: Dialect,
    accept_loss: bool,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write the environment in the newest form, or with --as in an older one for old tools.

    What a form cannot say is named, and nothing is written, unless you accept the loss. The
    exit code is 0 where no notebook was refused.
    """
    from binderclip.cli.outcomes import rewrite_and_tell
    from binderclip.edit import converted

    rewrite_and_tell(
        notebooks,
        lambda value: converted(value, dialect, accept_loss=accept_loss),
        dry_run=dry_run,
        as_json=as_json,
        quiet=quiet,
    )
