"""``binderclip embed``: carry environment files in a notebook."""

from __future__ import annotations

import os

import click

from binderclip.cli.many import DRY_RUN, QUIET
from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip embed requirements.txt postBuild analysis.ipynb
  binderclip embed binder/ analysis.ipynb --dry-run
  binderclip embed . analysis.ipynb --replace
  binderclip embed environment/ analysis.ipynb --all
"""


@click.command(name="embed", epilog=EPILOG)
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="FOLDER|FILES... NOTEBOOK",
    type=click.Path(readable=False),
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Of a folder take every text file, but for hidden ones, notebooks, and what git ignores.",
)
@click.option("--replace", is_flag=True, help="Drop files that the notebook carried before.")
@click.option("--force", is_flag=True, help="Write over an opt-out.")
@DRY_RUN
@QUIET
@json_option
def command(
    paths: tuple[str, ...],
    *,
    everything: bool,
    replace: bool,
    force: bool,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Carry files in NOTEBOOK, the last argument, as its environment.

    Files are carried under their own names. Of a folder those are taken that repo2docker would
    use, and what these include; its `binder/` or `.binder/` comes before its root. What is not
    text in UTF-8, links, and executable files but postBuild and start are refused. Pinned files
    that no longer hold go.
    """
    from pathlib import Path

    from binderclip.cli.embedding import change
    from binderclip.cli.outcomes import rewrite_and_tell
    from binderclip.embedding import chosen

    *sources, notebook = paths
    if not sources:
        raise click.UsageError("say what to embed, and the notebook last: FOLDER|FILES... NOTEBOOK")
    if os.path.isdir(notebook):  # noqa: PTH112 - raises nothing, whatever the text
        raise click.UsageError(f"{notebook} is a folder, and the notebook has to come last")
    for source in sources:
        _check(source)
    found = chosen([Path(source) for source in sources], everything=everything)
    rewrite_and_tell(
        [notebook],
        change(found, replace=replace, force=force),
        dry_run=dry_run,
        as_json=as_json,
        quiet=quiet,
    )


def _check(source: str) -> None:
    if source.endswith(".ipynb"):
        raise click.UsageError(
            f"{source} is a notebook: the last argument alone is the notebook, the others are the "
            "files of its environment"
        )
    if not os.path.lexists(source):
        raise click.UsageError(f"{source}: No such file or directory")
