"""From what was asked of ``share`` to a notebook that a gateway keeps; and back."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import click

from binderclip.addresses.link import parse
from binderclip.addresses.masking import masked
from binderclip.cli import person
from binderclip.cli.paint import count, flat, print_facts, print_json, size
from binderclip.cli.reading import read
from binderclip.cli.shares import Share, Shares
from binderclip.cli.where import address_of
from binderclip.config import Config, load
from binderclip.errors import NotTrusted, Refused, SourceError, Unreachable
from binderclip.guard import OpenGuard
from binderclip.hubs.bases import hub_bases, leads_home
from binderclip.hubs.gateway import Gateway, Gone, Left, Shared
from binderclip.hubs.probe import probe
from binderclip.notebook import to_ipynb
from binderclip.outputs import cells_with_outputs, without_outputs
from binderclip.tokens import FoundTokens, sound
from binderclip.web import Web

_LONGEST_MOMENT = 40
_SHARED = re.compile(r"shared/[0-9a-f]{64}\.ipynb")


@dataclass(frozen=True, slots=True)
class Wish:
    """The options as they were typed."""

    notebook: str
    on: str | None
    days: float | None
    strip: bool
    yes: bool


def share(wish: Wish, *, as_json: bool) -> None:
    """Ask, upload, tell. Raises the tree of errors."""
    config = load()
    address = _gateway(wish.on, config)
    seen = read(wish.notebook)
    name = flat(seen.notebook.name)
    data = to_ipynb(seen.notebook)
    outputs = cells_with_outputs(data)
    if wish.strip:
        data = without_outputs(data)
    elif not wish.yes or outputs:
        _say_outputs(outputs, wish)
    tokens = FoundTokens(config, named=hub_bases(address))
    if not wish.yes:
        days = asyncio.run(_usual_days(address, tokens)) if wish.days is None else wish.days
        _ask(name, address, data, days)
    at, kept = asyncio.run(_shared(address, tokens, data, wish.days))
    digest = kept.url.rpartition("/")[2]
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    Shares().keep(Share(kept.url, f"{at}shared/{digest}", name, now, kept.expires, kept.deletion))
    if as_json:
        told = {"url": kept.url, "launch": kept.launch, "expires": kept.expires, "on": at}
        print_json({**told, "delete": kept.deletion})
        return
    click.echo(f"{click.style('✓', fg='green')} {click.style(name, bold=True)}: shared")
    facts = [("notebook", [kept.url]), ("launch", [kept.launch]), ("until", [kept.expires])]
    print_facts([(key, [flat(line) for line in lines if line]) for key, lines in facts])
    click.echo(f"`binderclip share --delete {kept.url}` takes it back", err=True)


def show(*, as_json: bool) -> None:
    """What is shared, as far as it is known here. Raises CacheError."""
    found = Shares().all()
    if as_json:
        keys = ("url", "name", "since", "expires")
        print_json({"shared": [{key: getattr(one, key) for key in keys} for one in found]})
        return
    if not found:
        click.echo("Nothing that you shared from here is there any more.")
    for one in found:
        click.echo(click.style(flat(one.name), bold=True))
        print_facts([("notebook", [flat(masked(one.url))]), ("until", [flat(one.expires)])])


def take_back(address: str, *, as_json: bool) -> None:
    """Raises the tree of errors."""
    url = address.strip()
    kept = Shares().of(url)
    if not kept and not _SHARED.search(url):
        raise click.UsageError(
            f"found {masked(url)!r}, expected the address of a notebook that was shared, as "
            "`binderclip share --list` shows it"
        )
    left = [_taken_back(one) for one in kept] or [asyncio.run(_unshared(url, _token(url)))]
    told = [one for one in left if one is not None]
    if not told and not kept:
        raise Refused(
            f"{masked(url)}: it is not there, or this is not the token that deletes it",
            hint="each time that a notebook is shared has a token of its own",
        )
    last = told[-1] if told else Left()
    until = flat(last.until[:_LONGEST_MOMENT])
    if as_json:
        stays = {"until": until} if last.there else {}
        print_json({"url": url, "deleted": bool(told), "there": last.there, **stays})
        return
    what = "deleted" if told else "had gone before"
    if last.there:
        what = f"your share is gone; it stays until {until}, since others share the same bytes"
    click.echo(f"{click.style('✓', fg='green')} {flat(masked(url))}: {what}")


def _taken_back(kept: Share) -> Left | None:
    left = asyncio.run(_unshared(kept.at, kept.deletion))
    Shares().drop(kept)
    return left


def _gateway(on: str | None, config: Config) -> str:
    """The address that was said, or the gateway of the configuration. Raises UsageError."""
    if on is not None:
        address = address_of(on, config)
        if address is None:
            raise click.UsageError(
                f"found --on {on!r}, expected the address of a gateway, or a name of your "
                "configuration"
            )
        return address
    entries = [entry for entry in config.hubs.values() if entry.kind == "gateway"]
    if len(entries) != 1:
        many = f"has {len(entries)} gateways" if entries else "names no gateway"
        raise click.UsageError(
            f"your configuration {many}: say with --on which is to keep the notebook"
        )
    return entries[0].url


def _say_outputs(cells: int, wish: Wish) -> None:
    if cells:
        mark = click.style("!", fg="yellow")
        what = f"the outputs of {count(cells, 'cell')} go with it"
        click.echo(f"{mark} {what}; --strip-outputs leaves them out", err=True)
    elif not wish.yes:
        click.echo("· it has no outputs", err=True)


def _ask(name: str, address: str, data: bytes, days: float | None) -> None:
    """Raises NotTrusted."""
    stays = "as long as the gateway lets it" if days is None else f"{days:g} days"
    lines = [
        f"{click.style(name, bold=True)} is to be shared:",
        f"  goes to      {flat(masked(address))}, {size(len(data))}",
        f"  stays        {stays}",
        "  who reads    everybody who has its address, which is that of nothing else",
    ]
    click.echo("\n".join(lines), err=True)
    if not person.listening():
        raise NotTrusted(
            "nobody said yes to sharing it, and there is no terminal to ask on",
            hint="say --yes to share it without being asked",
        )
    with person.interruptible():
        if not click.confirm("Share it?", err=True):
            raise NotTrusted("you said no; nothing was sent")


async def _shared(
    address: str, tokens: FoundTokens, data: bytes, days: float | None
) -> tuple[str, Shared]:
    """Where the gateway is, and what it keeps."""
    async with _reached(address, tokens) as gateway:
        return gateway.url, await gateway.share(data, days)


async def _usual_days(address: str, tokens: FoundTokens) -> float | None:
    """None where the gateway does not tell."""
    async with _reached(address, tokens) as gateway:
        return (await gateway.bounds()).days


@asynccontextmanager
async def _reached(address: str, tokens: FoundTokens) -> AsyncIterator[Gateway]:
    """The gateway at an address as people type it. Raises Unreachable, and Refused for Gone."""
    async with Web(OpenGuard()) as web:
        found = await probe(web, address, kind="gateway", tokens=tokens)
        if found.kind is None:
            raise Unreachable(
                f"{masked(found.url)}: {found.why}",
                hint="expected the address of a gateway, as `binderclip serve` prints it",
            )
        token = tokens.of(found.url)
        if token and not leads_home(parse(hub_bases(address)[0]), parse(found.url)):
            token = None  # it was given for another place
        try:
            yield Gateway(web, found.url, token)
        except Gone as error:
            raise Refused(
                f"{masked(found.url)}: this gateway keeps no notebooks",
                hint="those who run it can switch that on; any address of the web will do instead",
            ) from error


async def _unshared(url: str, deletion: str) -> Left | None:
    """None where it had gone before."""
    try:
        link = parse(url)
    except SourceError as error:
        raise click.UsageError(error.message) from error
    async with Web(OpenGuard()) as web:
        try:
            return await Gateway(web, f"{link.origin}/", None).unshare(url, deletion)
        except Gone:
            return None


def _token(url: str) -> str:
    """Raises UsageError where there is nobody to ask."""
    if not person.listening():
        raise click.UsageError(
            f"{masked(url)}: no token that deletes it is kept here; on a terminal you can type it"
        )
    text: str = click.prompt("The token that deletes it (not shown)", hide_input=True, err=True)
    if not sound(text.strip()):
        raise click.UsageError("that is no token (it is not shown)")
    return text.strip()
