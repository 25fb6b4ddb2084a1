"""``binderclip publish-env``: push the environment as a repository that any BinderHub builds."""

from __future__ import annotations

from typing import Any

import click

from binderclip.cli.many import DRY_RUN
from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip publish-env analysis.ipynb --to o/environments
  binderclip publish-env analysis.ipynb --to git@github.com:o/r.git
  binderclip publish-env analysis.ipynb --dry-run
  binderclip publish-env nb.ipynb --to ../envs.git --branch nb --prefer build
"""


@click.command(name="publish-env", epilog=EPILOG)
@click.argument("notebook", type=click.Path(readable=False))
@click.option(
    "--to",
    metavar="REMOTE",
    help="The repository to push to: an address for git, a folder, OWNER/NAME on GitHub.",
)
@click.option(
    "--branch",
    metavar="NAME",
    help="The branch to make there [default: binderclip/ and the environment's key].",
)
@click.option(
    "--prefer",
    type=click.Choice(["image", "build"]),
    default="image",
    show_default=True,
    help="What counts where the notebook names both.",
)
@click.option(
    "--platform",
    type=click.Choice(["linux-64", "linux-aarch64"]),
    default="linux-64",
    show_default=True,
    help="What hubs run on: frozen files for others do not count.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="URL",
    help="A BinderHub to print a link for, instead of the notebook's; may be repeated.",
)
@click.option(
    "--trust",
    is_flag=True,
    help="Fetch the repository of `build` with your git credentials.",
)
@DRY_RUN
@json_option
def command(
    notebook: str,
    *,
    to: str | None,
    dry_run: bool,
    as_json: bool,
    **words: Any,
) -> None:
    """Push the environment of NOTEBOOK to REMOTE, as a commit that any BinderHub builds.

    NOTEBOOK is a file, `-` for standard input, or any address that leads to a notebook. The same
    environment is always the same commit: what is there already is not pushed again. Nothing of
    the notebook is run, nothing is forced, and no other branch is touched.
    """
    from binderclip.cli.publishing import Wishes, run

    if to is None and not dry_run:
        raise click.UsageError("say with --to where to push; --dry-run shows the commit alone")
    run(notebook, Wishes(to=to, dry_run=dry_run, **words), as_json=as_json)
