"""``binderclip thaw``: take out what was pinned."""

from __future__ import annotations

import click

from binderclip.cli.many import DRY_RUN, NOTEBOOKS, QUIET, only_option
from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip thaw analysis.ipynb
  binderclip thaw notebooks/ --only image --dry-run
"""


@click.command(name="thaw", epilog=EPILOG)
@NOTEBOOKS
@only_option("Thaw")
@DRY_RUN
@QUIET
@json_option
def command(
    notebooks: tuple[str, ...],
    *,
    only: tuple[str, ...],
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Take `frozen` and every hash out of notebooks: what you wrote decides again.

    A notebook that `freeze` froze comes back byte for byte. The exit code is 0 where no notebook
    was refused.
    """
    from binderclip.cli.outcomes import rewrite_and_tell
    from binderclip.edit import thawed

    rewrite_and_tell(
        notebooks,
        lambda value: thawed(value, only),
        dry_run=dry_run,
        as_json=as_json,
        quiet=quiet,
    )
