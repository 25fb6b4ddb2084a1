"""``binderclip set``: write a notebook's environment into it."""

from __future__ import annotations

from typing import Any

import click

from binderclip.cli.many import DRY_RUN, NOTEBOOKS, QUIET
from binderclip.cli.state import json_option
from binderclip.spec import DIALECTS

EPILOG = """\b
Examples:
  binderclip set analysis.ipynb --file requirements.txt
  binderclip set analysis.ipynb --build github.com/o/r --ref main
  binderclip set nb.ipynb --image quay.io/pangeo/base-notebook:2026.10.01
  binderclip set notebooks/ --host https://mybinder.org --dry-run
  binderclip set a.ipynb b.ipynb --remove image --remove file:apt.txt
  binderclip set nb.ipynb --content o/course --content-copy '*.csv=data/'
  binderclip set secret.ipynb --opt-out
"""


@click.command(name="set", epilog=EPILOG)
@NOTEBOOKS
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="URL",
    help="A hub to launch on; may be repeated, in order of preference. Replaces those there.",
)
@click.option("--image", metavar="IMAGE", help="REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:…")
@click.option(
    "--build",
    metavar="REPOSITORY",
    help="A repository with the environment's files: an address, OWNER/NAME on GitHub, "
    "gh:OWNER/NAME@REF.",
)
@click.option("--ref", metavar="REF", help="The build's branch, tag or commit.")
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="[NAME=]PATH",
    type=click.Path(readable=False),
    help="Embed the text file at PATH; - is standard input. May be repeated.",
)
@click.option("--config", metavar="REPOSITORY", help="A repository to fetch settings from.")
@click.option("--config-ref", metavar="REF", help="Its branch, tag or commit.")
@click.option(
    "--config-copy",
    "config_copies",
    multiple=True,
    metavar="GLOB=FOLDER",
    help="Which of its files go to which folder below the home folder; may be repeated.",
)
@click.option("--content", metavar="REPOSITORY", help="A repository to fetch data from.")
@click.option("--content-ref", metavar="REF", help="Its branch, tag or commit.")
@click.option(
    "--content-copy",
    "content_copies",
    multiple=True,
    metavar="GLOB=FOLDER",
    help="As --config-copy.",
)
@click.option(
    "--remove",
    multiple=True,
    metavar="KEY",
    help="Take KEY out: host, image, build, files, file:NAME, config, content, auto, build.hash, "
    "…, or a key of your own; frozen takes every hash with it. May be repeated.",
)
@click.option("--opt-out", is_flag=True, help="Write `false`: tools write no environment here.")
@click.option(
    "--as",
    "dialect",
    type=click.Choice(list(DIALECTS)),
    help="Write in this form [default: the notebook's own, else v1].",
)
@click.option("--force", is_flag=True, help="Write over an opt-out.")
@DRY_RUN
@QUIET
@json_option
def command(
    notebooks: tuple[str, ...], *, dry_run: bool, quiet: bool, as_json: bool, **options: Any
) -> None:
    """Write the environment into notebooks; what you do not name stays as it is.

    In folders every .ipynb below them is meant, but for checkpoints, hidden folders and
    virtual environments. A value that changes takes its stale hash and pinned files with it.
    The exit code is 0 where no notebook was refused.
    """
    from binderclip.cli.outcomes import rewrite_and_tell
    from binderclip.cli.wishes import Words, understood
    from binderclip.edit import edited

    wish = understood(Words(**options))
    rewrite_and_tell(
        notebooks,
        lambda value: edited(value, wish),
        dry_run=dry_run,
        as_json=as_json,
        quiet=quiet,
    )
