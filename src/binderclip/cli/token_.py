"""``binderclip token``: the tokens of hubs and servers, which are never arguments."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from binderclip.cli import person
from binderclip.cli.paint import count, flat, print_facts, print_json
from binderclip.cli.state import json_option

if TYPE_CHECKING:
    from binderclip.config import Config

EPILOG = """\b
Examples:
  binderclip token add https://hub.example.org
  binderclip token list
  binderclip token remove https://hub.example.org
"""
_MAX_CHARACTERS = 16 * 1024
# Somebody may have to type a password to unlock it.
_KEYRING_S = 120.0


@dataclass(frozen=True, slots=True)
class Found:
    """A token that is somewhere: ``place`` is ``config``, ``keyring`` or ``file``."""

    address: str
    place: str
    where: str


@click.group(name="token", epilog=EPILOG)
def command() -> None:
    """Keep tokens of hubs and servers.

    They go into the keyring of the operating system, or without one into a file that is yours
    alone. ADDRESS is that of the hub or server, or its name in your configuration. Whatever lies
    below ADDRESS gets the token, and nothing else.
    """


@command.command(
    epilog="\b\nExamples:\n  binderclip token add https://hub.example.org\n"
    "  pass show hub | binderclip token add pangeo"
)
@click.argument("address", metavar="ADDRESS")
@json_option
def add(address: str, *, as_json: bool) -> None:
    """Keep the token of ADDRESS; the one before is replaced.

    You are asked for it, or it is read from standard input.
    """
    from binderclip import config
    from binderclip.tokens import Ring, TokenStore

    settings = config.load()
    place = _address(address, settings)
    kept = TokenStore(ring=Ring(_KEYRING_S)).add(place, _read(place))
    if as_json:
        print_json(
            {
                "address": kept.address,
                "place": kept.place,
                "where": kept.where,
                "remark": kept.remark,
            }
        )
        return
    if kept.remark:
        _warn(kept.remark)
    where = f"the keyring ({kept.where})" if kept.place == "keyring" else kept.where
    click.echo(f"{click.style('✓', fg='green')} {flat(place)}: kept in {flat(where)}")
    for found in _configured(settings):
        if found.address == place:
            _warn(f"{found.where} in your configuration goes first")
    if not _encrypted(place):
        _warn("http is not encrypted: whoever is on the way can read what is sent there")


@command.command(name="list", epilog="\b\nExample:\n  binderclip token list --json")
@json_option
def list_(*, as_json: bool) -> None:
    """List the addresses that have a token, and where it is. No token is shown."""
    from binderclip import config
    from binderclip.tokens import TokenStore

    found = _configured(config.load())
    found += [Found(kept.address, kept.place, kept.where) for kept in TokenStore().all()]
    if as_json:
        body = [{"address": f.address, "place": f.place, "where": f.where} for f in found]
        print_json({"tokens": body})
        return
    if not found:
        click.echo("No tokens are kept.")
    for one in found:
        click.echo(click.style(flat(one.address), bold=True))
        print_facts([("in", [one.where])])


@command.command(epilog="\b\nExample:\n  binderclip token remove https://hub.example.org")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@json_option
def remove(addresses: tuple[str, ...], *, as_json: bool) -> None:
    """Forget the tokens of these addresses. The exit code is 1 where one of them has none."""
    from binderclip import config
    from binderclip.tokens import Ring, TokenStore

    settings = config.load()
    places = [_address(address, settings) for address in addresses]
    store = TokenStore(ring=Ring(_KEYRING_S))
    gone: list[Found] = []
    unknown = []
    for place in dict.fromkeys(places):
        found = [Found(kept.address, kept.place, kept.where) for kept in store.remove(place)]
        gone += found
        if not found:
            unknown.append(place)
    if as_json:
        print_json(
            {
                "removed": [{"address": f.address, "place": f.place} for f in gone],
                "unknown": unknown,
            }
        )
    else:
        click.echo(f"{count(len(gone), 'token')} removed.")
        for place in unknown:
            click.echo(f"{flat(place)}: no token is kept for this address", err=True)
    for one in _configured(settings):
        if one.address in places and not as_json:
            _warn(f"{one.where} in your configuration still names one for {one.address}")
    click.get_current_context().exit(1 if unknown else 0)


def _address(word: str, settings: Config) -> str:
    from binderclip.addresses.link import parse
    from binderclip.addresses.masking import masked
    from binderclip.config import base
    from binderclip.errors import SourceError

    if word in settings.hubs:
        return settings.hubs[word].url
    try:
        return base(word)
    except SourceError:
        pass
    try:
        link = parse(word)
    except SourceError:
        known = ", ".join(settings.hubs)
        names = f", or a name of your configuration ({known})" if known else ""
        raise click.BadParameter(
            f"found {masked(word)!r}, expected an address such as https://hub.example.org{names}",
            param_hint="ADDRESS",
        ) from None
    raise click.BadParameter(
        f"found a user, a query or a fragment in {masked(word)!r}; say {link.origin}"
        f"{masked(link.path)}, and give the token when you are asked",
        param_hint="ADDRESS",
    )


def _read(place: str) -> str:
    from binderclip.tokens import sound

    if person.listening():
        text: str = click.prompt(
            f"Token for {flat(place)} (not shown)",
            hide_input=True,
            err=True,
            default="",
            show_default=False,
        )
    else:
        text = sys.stdin.read(_MAX_CHARACTERS) if sys.stdin is not None else ""
    token = text.strip()
    if not token:
        raise click.UsageError("no token was given; type it, or send it to standard input")
    if not sound(token):
        raise click.UsageError(
            "that is no token (it is not shown): expected one line of plain characters, no spaces"
        )
    return token


def _configured(settings: Config) -> list[Found]:
    """What the configuration file says of tokens."""
    found = []
    for name, hub in settings.hubs.items():
        if hub.token_env is not None:
            where = f"hubs.{name}.token_env (${hub.token_env})"
        elif hub.token_file is not None:
            where = f"hubs.{name}.token_file ({hub.token_file})"
        elif hub.token is not None:
            where = f"hubs.{name}.token"
        else:
            continue
        found.append(Found(hub.url, "config", where))
    return found


def _encrypted(place: str) -> bool:
    from ipaddress import ip_address

    from binderclip.addresses.link import parse

    link = parse(place)
    if link.scheme == "https" or link.host == "localhost":
        return True
    try:
        return ip_address(link.host).is_loopback
    except ValueError:
        return False


def _warn(line: str) -> None:
    click.echo(f"{click.style('!', fg='yellow')} {flat(line)}", err=True)
