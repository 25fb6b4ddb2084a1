"""``binderclip serve``, once its words are parsed: read the settings, say what is served, serve."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import click

from binderclip.addresses.masking import masked
from binderclip.gateway.logs import configure, say
from binderclip.gateway.serving import bound, serve
from binderclip.gateway.settings.model import PlaceSettings, Settings
from binderclip.gateway.settings.reading import OWN_TOKEN, Means, read
from binderclip.gateway.settings.said import Flags
from binderclip.gateway.settings.shown import shown


def main(
    flags: dict[str, Any], *, config: Path | None, check: bool, as_json: bool, browser: bool
) -> None:
    """``flags`` are the fields of Flags. Raises ConfigError, Refused."""
    means = Means(remark=_remark, keep=not check)
    settings = read(config, os.environ, Flags(**flags), means)
    if check:
        _tell_settings(settings, as_json=as_json)
        return
    configure(settings.log)
    listener, settings = bound(settings)
    with listener:
        serve(settings, listener, lambda: _begun(settings, browser=browser))


def _remark(line: str) -> None:
    click.echo(f"warning: {line}", err=True)


def _begun(settings: Settings, *, browser: bool) -> None:
    if settings.log == "json":
        places = {place.name: place.kind for place in settings.places.values()}
        say("serving", url=settings.public_url, places=places)
    else:
        for line in _lines(settings):
            click.echo(line)
        sys.stdout.flush()
    if browser:
        # Some browsers keep whoever starts them until they are closed.
        Thread(target=click.launch, args=(settings.public_url,), daemon=True).start()


def _lines(settings: Settings) -> list[str]:
    width = max(len(name) for name in settings.places)
    lines = [f"Serving at {settings.public_url}", ""]
    lines += [f"  {place.name:<{width}}  {_about(place)}" for place in settings.places.values()]
    asking = any(place.ask for place in settings.places.values())
    if asking and OWN_TOKEN in settings.tokens:
        file = settings.storage / "token"
        lines += ["", f"Programs launch with the token in {file} (Authorization: Bearer …)."]
    elif asking and settings.tokens:
        names = ", ".join(sorted(settings.tokens))
        lines += ["", f"Programs launch with a token of yours: {names}."]
    return [*lines, "", "Ctrl-C ends it, and what it runs here."]


def _about(place: PlaceSettings) -> str:
    """What it is, and whether people are asked."""
    where = place.title if place.url is None else f"{place.kind} {masked(place.url)}"
    who = ", as whoever is signed in" if place.login else ""
    return f"{where}{who}{'; asks before each launch' if place.ask else ''}"


def _tell_settings(settings: Settings, *, as_json: bool) -> None:
    from json import dumps  # noqa: PLC0415 - here alone

    value = shown(settings)
    if as_json:
        click.echo(dumps(value, indent=2))
        return
    for key, said in value.items():
        if isinstance(said, dict):
            for name, below in said.items():
                click.echo(f"{key}.{name} = {dumps(below, ensure_ascii=False)}")
        else:
            click.echo(f"{key} = {dumps(said, ensure_ascii=False)}")
