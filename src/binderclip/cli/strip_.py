"""``binderclip strip``: take the environment out of notebooks."""

from __future__ import annotations

import click

from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip strip analysis.ipynb
  binderclip strip notebooks/ --dry-run
"""


@click.command(name="strip", epilog=EPILOG)
@click.argument(
    "notebooks",
    nargs=-1,
    required=True,
    metavar="NOTEBOOK|FOLDER...",
    type=click.Path(readable=False),
)
@click.option("--force", is_flag=True, help="Take opt-outs out too.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would change; write nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Tell only what is refused.")
@json_option
def command(
    notebooks: tuple[str, ...], *, force: bool, dry_run: bool, quiet: bool, as_json: bool
) -> None:
    """Take `binder` out of the notebooks' metadata, and nothing else.

    A notebook that was stamped by `set` comes back byte for byte. The exit code is 0 where no
    notebook was refused.
    """
    from binderclip.cli.batch import rewrite
    from binderclip.cli.outcomes import Counting, tell
    from binderclip.edit import stripped

    counting = Counting()
    outcomes = rewrite(
        notebooks, lambda value: stripped(value, force=force), dry_run=dry_run, observe=counting
    )
    counting.clear()
    tell(outcomes, dry_run=dry_run, as_json=as_json, quiet=quiet)
