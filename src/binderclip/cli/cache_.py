"""``binderclip cache``: the environments that were built, and how to be rid of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from binderclip.cli import person, quantities
from binderclip.cli.paint import count, cut, duration, flat, print_json, size
from binderclip.cli.state import json_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from binderclip.cache import CachedEnvironment
    from binderclip.errors import BinderclipError

EPILOG = """\b
Examples:
  binderclip cache ls
  binderclip cache rm 3f2a9c41
  binderclip cache prune --older-than 30d --max-size 5GB
  binderclip cache dir
"""


@click.group(name="cache", epilog=EPILOG)
def command() -> None:
    """List and remove built environments.

    They lie in one folder, under their keys; $BINDERCLIP_CACHE moves it.
    """


@command.command(name="ls", epilog="\b\nExample:\n  binderclip cache ls --json")
@json_option
def ls(*, as_json: bool) -> None:
    """List the environments, the last used first, with their sizes."""
    from binderclip.cache import Cache

    cache = Cache()
    found = cache.environments()
    if as_json:
        environments = [_as_json(environment) for environment in found]
        print_json({"folder": str(cache.root), "environments": environments})
        return
    for environment in found:
        _tell(environment)
    click.echo(f"{_sum(found)} in {flat(str(cache.root))}")


@command.command(
    epilog="\b\nExample:\n  binderclip cache rm 3f2a9c41 77b0e1d2",
    short_help="Remove environments by their keys.",
)
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@json_option
def rm(keys: tuple[str, ...], *, as_json: bool) -> None:
    """Remove environments by their keys, or by digits that only one key begins with.

    What is in use stays, and the exit code is then not 0.
    """
    from binderclip.cache import Cache
    from binderclip.errors import BinderclipError

    cache = Cache()
    removed: list[CachedEnvironment] = []
    errors: dict[str, BinderclipError] = {}
    for key in keys:
        try:
            removed += cache.remove(key)
        except BinderclipError as error:
            errors[key] = error
    _tell_removed(removed, errors, as_json=as_json)


@command.command(
    epilog="\b\nExamples:\n  binderclip cache prune --older-than 30d\n"
    "  binderclip cache prune --max-size 5GB\n  binderclip cache prune --all --yes"
)
@click.option(
    "--older-than",
    callback=quantities.span,
    metavar="SPAN",
    help="Remove what was not used for SPAN: 12h, 30d.",
)
@click.option(
    "--max-size",
    callback=quantities.size,
    metavar="SIZE",
    help="Remove the longest unused until SIZE is left: 500MB, 5GB.",
)
@click.option("--all", "everything", is_flag=True, help="Remove all, fetched repositories too.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask, as --all does on a terminal.")
@json_option
def prune(
    *,
    older_than: float | None,
    max_size: int | None,
    everything: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Remove environments by age, by size, or all; what is in use stays."""
    from binderclip.cache import Cache

    if older_than is None and max_size is None and not everything:
        raise click.UsageError("say what is to go: --older-than, --max-size or --all")
    cache = Cache()
    if everything and not yes and person.listening():
        found = _sum(cache.environments())
        click.confirm(f"Remove {found} in {flat(str(cache.root))}?", abort=True, err=True)
    removed = cache.prune(
        older_than_s=older_than,
        max_bytes=max_size,
        everything=everything,
    )
    _tell_removed(removed, {}, as_json=as_json)


@command.command(name="dir", epilog='\b\nExample:\n  du -sh "$(binderclip cache dir)"')
def dir_() -> None:
    """Print the cache's folder."""
    from binderclip.folders import cache_folder

    # Bytes, since a path need not be text.
    click.echo(os.fsencode(cache_folder()))


def _tell(environment: CachedEnvironment) -> None:
    from datetime import UTC, datetime

    idle_s = max((datetime.now(UTC) - environment.used_at).total_seconds(), 0)
    used = "in use" if environment.in_use else f"used {duration(idle_s)} ago"
    facts = f"{size(environment.size_bytes):>9}  Python {environment.python}, {used}"
    click.echo(f"{click.style(environment.key[:12], bold=True)}  {flat(facts)}")
    if environment.summary:
        line = " ".join(flat(environment.summary).split())
        click.echo(f"    {click.style(cut(line, 76), dim=True)}")  # 80 columns, 4 indented


def _as_json(environment: CachedEnvironment) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(environment)


def _sum(found: Sequence[CachedEnvironment]) -> str:
    total = sum(environment.size_bytes for environment in found)
    return f"{count(len(found), 'environment')}, {size(total)}"


def _tell_removed(
    removed: Sequence[CachedEnvironment], errors: dict[str, BinderclipError], *, as_json: bool
) -> None:
    from binderclip.cli.failure import as_json as error_as_json
    from binderclip.cli.outcomes import exit_code, tell_refusal

    if as_json:
        refused = [{"key": key, **error_as_json(error)} for key, error in errors.items()]
        print_json({"removed": [_as_json(one) for one in removed], "refused": refused})
    else:
        for one in removed:
            click.echo(f"{one.key[:12]} removed, {size(one.size_bytes)}")
        for key, error in errors.items():
            tell_refusal(key, error)
        click.echo(f"removed {_sum(removed)}")
    click.get_current_context().exit(exit_code(list(errors.values())))
