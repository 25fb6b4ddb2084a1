"""``binderclip serve``: the web service."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip serve
  binderclip serve --on https://mybinder.org --default-environment o/r
  binderclip serve --config gateway.toml --check
"""
# What the extra brings. Names, since importing them takes a second.
_NEEDED = (
    *("fsspec", "itsdangerous", "limits", "prometheus_client", "python_multipart"),
    *("starlette", "uvicorn"),
)


@click.command(epilog=EPILOG)
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="BINDERCLIP_SERVE_CONFIG",
    help="Read settings from this TOML file.",
)
@click.option(
    "--on",
    multiple=True,
    metavar="PLACE",
    help="Run notebooks there: local, an address, a name of the file; repeatable.",
)
@click.option("--listen", metavar="HOST:PORT", help="Listen there [default: 127.0.0.1:8585].")
@click.option("--public-url", metavar="URL", help="The address that people and hubs call it by.")
@click.option(
    "--default-environment",
    "environment",
    metavar="REPO",
    help="Launch notebooks that name no environment in this one.",
)
@click.option(
    "--allow-network",
    "networks",
    multiple=True,
    metavar="CIDR",
    help="Fetch from this network too, besides the public web; repeatable.",
)
@click.option(
    "--expose",
    is_flag=True,
    help="Let other machines run notebooks here, or where your token opens.",
)
@click.option("--log", type=click.Choice(["text", "json"]), help="How lines are written.")
@click.option("--open", "browser", is_flag=True, help="Open it in the browser.")
@click.option("--check", is_flag=True, help="Print the settings that hold, and end.")
@json_option
def command(
    *, config: Path | None, check: bool, as_json: bool, browser: bool, **flags: Any
) -> None:
    """Serve launch pages and an API: give it a notebook's address, get it running.

    Alone it runs notebooks on this machine, for this machine, and asks before each. Settings stand
    in a TOML file, in variables, and here, where later ones win.
    """
    if as_json and not check:
        raise click.UsageError("--json goes with --check; log lines are JSON with --log json")
    if not all(map(_there, _NEEDED)):
        from binderclip.errors import ConfigError

        raise ConfigError(
            "found no web server beside binderclip, expected the libraries of the service",
            hint="pip install 'binderclip[gateway]'",
        )
    # The shells know nothing of each other: from here on it is another one's.
    service = import_module("binderclip.gateway.main")
    service.main(flags, config=config, check=check, as_json=as_json, browser=browser)


def _there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
