"""``binderclip strip``: take the environment out of notebooks."""

from __future__ import annotations

import click

from binderclip.cli.many import DRY_RUN, NOTEBOOKS, QUIET
from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip strip analysis.ipynb
  binderclip strip notebooks/ --dry-run
"""


@click.command(name="strip", epilog=EPILOG)
@NOTEBOOKS
@click.option("--force", is_flag=True, help="Take opt-outs out too.")
@DRY_RUN
@QUIET
@json_option
def command(
    notebooks: tuple[str, ...], *, force: bool, dry_run: bool, quiet: bool, as_json: bool
) -> None:
    """Take `binder` out of the notebooks' metadata, and nothing else.

    A notebook that was stamped by `set` comes back byte for byte. The exit code is 0 where no
    notebook was refused.
    """
    from binderclip.cli.outcomes import rewrite_and_tell
    from binderclip.edit import stripped

    rewrite_and_tell(
        notebooks,
        lambda value: stripped(value, force=force),
        dry_run=dry_run,
        as_json=as_json,
        quiet=quiet,
    )
