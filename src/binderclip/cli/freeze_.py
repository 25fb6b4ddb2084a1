"""``binderclip freeze``: pin the environment to commits, digests and locks."""

from __future__ import annotations

import re

import click

from binderclip.cli.many import DRY_RUN, NOTEBOOKS, QUIET, jobs_option, only_option
from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip freeze analysis.ipynb
  binderclip freeze notebooks/ --check
  binderclip freeze notebooks/ --upgrade --dry-run
  binderclip freeze analysis.ipynb --only image --only requirements.txt
  binderclip freeze analysis.ipynb --platform linux-64 --python 3.12
"""


def _python(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"3\.\d{1,2}", value, re.ASCII):
        raise click.BadParameter(f"found {value!r}, expected a version like 3.12")
    return value


def _platform(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    from binderclip.platforms import PINNED

    if value is not None and value not in PINNED:
        raise click.BadParameter(f"found {value!r}, expected one of {', '.join(PINNED)}")
    return value


@click.command(name="freeze", epilog=EPILOG)
@NOTEBOOKS
@only_option("Freeze")
@click.option("--upgrade", is_flag=True, help="Ask again for what is pinned already.")
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; tell what is not frozen, and exit with 1 where something is not. With "
    "--upgrade: where anything moved on.",
)
@click.option("--deep", is_flag=True, help="Pin what the repository of `build` leaves open too.")
@click.option(
    "--platform",
    metavar="PLATFORM",
    callback=_platform,
    help="Pin files for linux-64, linux-aarch64, osx-64 or osx-arm64 [default: the one that they "
    "were pinned for, else this machine's].",
)
@click.option(
    "--python",
    metavar="X.Y",
    callback=_python,
    help="Pin packages for this Python, where the files name none [default: the one that they "
    "were pinned for, else the one that runs binderclip].",
)
@click.option(
    "--allow-builds",
    is_flag=True,
    help="Let packages without metadata be built to learn what they need, which runs their code.",
)
@jobs_option(4, "Ask and pin so much at a time.")
@DRY_RUN
@QUIET
@json_option
def command(
    notebooks: tuple[str, ...],
    *,
    only: tuple[str, ...],
    upgrade: bool,
    check: bool,
    deep: bool,
    platform: str | None,
    python: str | None,
    allow_builds: bool,
    jobs: int,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Pin what notebooks leave open, and keep what you wrote beside it.

    Branches and tags get their commit, image tags their digest, environment files a form with
    exact versions and hashes. What is pinned already stays, unless you ask to --upgrade. Where
    one part cannot be pinned the notebook stays as it was, and all that failed is told.
    """
    from binderclip.cli import freezing
    from binderclip.freeze.options import Options

    work = freezing.Work(
        notebooks,
        Options(frozenset(only), upgrade=upgrade, deep=deep, platform=platform, python=python),
        at_once=jobs,
        allow_builds=allow_builds,
        quiet=quiet,
        as_json=as_json,
    )
    if check:
        freezing.check_and_tell(work)
    else:
        freezing.freeze_and_tell(work, dry_run=dry_run)
