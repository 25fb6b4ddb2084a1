"""From ``--on`` to the targets that may take a notebook, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import click

from binderclip.addresses.masking import masked
from binderclip.cli.progress import Reporter
from binderclip.config import ON, Config, HubEntry
from binderclip.errors import Refused, SourceError, Unreachable
from binderclip.flow import Candidate, Opened
from binderclip.flow.making import TARGETS, Means, Wanted
from binderclip.folders import config_folder
from binderclip.guard import Guard
from binderclip.hubs.bases import hub_bases
from binderclip.hubs.probe import Kind, Probe, probe
from binderclip.records import Records
from binderclip.spec.model import JSON
from binderclip.spec.places import MYBINDER
from binderclip.targets.local import LocalTarget
from binderclip.targets.server import server_address
from binderclip.tokens import Tokens
from binderclip.web import Web


@dataclass(frozen=True, slots=True)
class Wish:
    """What was said of the place: ``on`` is a target's name, a name of the configuration or an
    address; ``server`` and ``options`` are for JupyterHubs, and ``server`` names a gateway's place.
    """

    on: str
    server: str = ""
    options: Mapping[str, JSON] = field(default_factory=dict)


class Finder:
    """Makes the candidates for a wish. ``tokens`` are the person's."""

    def __init__(
        self, wish: Wish, *, config: Config, tokens: Tokens, guard: Guard, reporter: Reporter
    ) -> None:
        self._wish, self._config, self._tokens = wish, config, tokens
        self._guard, self._reporter = guard, reporter
        self._means = Means(guard, ledger=Records(), tokens=tokens)

    async def find(self, opened: Opened, local: LocalTarget) -> Sequence[Candidate]:
        """At least one. Raises click.UsageError for a wish that names nothing, Refused for a place
        that needs a token and has none, Unreachable.
        """
        on = self._wish.on
        if on == "auto":
            return await self._auto(opened, local)
        if on == "binderhub":
            return [self._binderhub(opened)]
        if on in {"jupyterhub", "server", "gateway"}:
            entries = [entry for entry in self._config.hubs.values() if entry.kind == on]
            if not entries:
                raise click.UsageError(
                    f'your configuration has no hub with kind = "{on}"; give an address, as in '
                    "--on https://…"
                )
            return [await self._entry(entry, as_is=True) for entry in entries]
        if entry := self._config.hubs.get(on):
            return [await self._entry(entry, as_is=True)]
        if address := address_of(on, self._config):
            return [await self._at_address(address)]
        raise click.UsageError(_unknown(on, self._config))

    async def _auto(self, opened: Opened, local: LocalTarget) -> Sequence[Candidate]:
        if local.built(opened.environment):
            return [Candidate(local, "here", "its environment is built here already")]
        found: list[Candidate] = []
        if _hosts(opened) or self._config.hosts:
            found.append(self._binderhub(opened))
        for entry in self._config.hubs.values():
            try:
                found.append(await self._entry(entry, as_is=False))
            except (Refused, Unreachable) as error:
                self._reporter.say(f"not {masked(entry.url)}: {error.message}")
        return [*found, Candidate(local, "here", "no hub takes it")]

    def _binderhub(self, opened: Opened) -> Candidate:
        own = _hosts(opened)
        hosts = tuple(dict.fromkeys((*own, *self._config.hosts)))
        if not hosts:
            raise click.UsageError(
                "the notebook names no BinderHub, and neither does your configuration; give an "
                f"address, as in --on {MYBINDER}"
            )
        known = {host.rstrip("/") for host in self._config.hosts}
        named = all(host.rstrip("/") in known for host in hosts)
        why = "the notebook names it" if own else "it is in your configuration"
        return Candidate(
            TARGETS["binderhub"](Wanted(hosts), self._means),
            ", ".join(map(masked, hosts)),
            why,
            named=named,
            urls=hosts,
        )

    async def _at_address(self, address: str) -> Candidate:
        if "@" in urlsplit(address).netloc:
            raise click.UsageError("an address with a user or password in it is not taken here")
        if "token=" in urlsplit(address).query:
            url, token = server_address(address)
            self._reporter.warn(
                "the token in that address is in your shell's history now; `binderclip token add "
                f"{masked(url)}` keeps one without that"
            )
            return self._candidate("server", url, token, "you named it", as_is=True)
        entry = next(
            (e for e in self._config.hubs.values() if e.url.rstrip("/") == address.rstrip("/")),
            HubEntry(url=address, kind=None),
        )
        return await self._entry(entry, as_is=True, why="you named it")

    async def _entry(
        self, entry: HubEntry, *, as_is: bool, why: str = "it is in your configuration"
    ) -> Candidate:
        if entry.kind is None:
            found = await self._probed(entry.url)
            kind, url = found.kind, found.url
        else:
            kind, url = entry.kind, entry.url
        if kind is None:
            raise Unreachable(f"{masked(url)}: neither a hub, a gateway nor a Jupyter Server")
        token = None if kind == "binderhub" else self._tokens.of(url)
        return self._candidate(kind, url, token, why, as_is=as_is, entry=entry)

    async def _probed(self, url: str) -> Probe:
        self._reporter.flash(f"  asking {masked(url)} what it is")
        async with Web(self._guard) as web:
            found = await probe(web, url, tokens=self._tokens)
        if found.kind is None:
            place = masked(found.url)
            told = found.why if found.why.startswith(place) else f"{place}: {found.why}"
            raise Unreachable(
                told,
                hint="check the spelling, and that a BinderHub, a JupyterHub, a Jupyter Server or "
                "a gateway runs there and can be reached from here",
            )
        return found

    def _candidate(
        self,
        kind: Kind,
        url: str,
        token: str | None,
        why: str,
        *,
        as_is: bool,
        entry: HubEntry | None = None,
    ) -> Candidate:
        if kind == "jupyterhub" and token is None:
            raise Refused(
                f"{masked(url)}: is a JupyterHub, which wants a token of yours",
                hint=f"make one on its page {masked(url)}hub/token, then say `binderclip token add "
                f"{masked(url)}`, or set BINDERCLIP_TOKEN",
            )
        wanted = Wanted(
            (url,),
            token,
            server=self._wish.server or (entry.server if entry else ""),
            options={**(entry.options if entry else {}), **self._wish.options},
            as_is=as_is,
        )
        return Candidate(TARGETS[kind](wanted, self._means), masked(url), why, urls=(url,))


def address_of(on: str, config: Config) -> str | None:
    """The address that ``--on`` names, by itself or by a name of the configuration."""
    if entry := config.hubs.get(on):
        return entry.url
    host = on.partition("/")[0].partition(":")[0]
    if "://" not in on and "." not in host and host != "localhost":
        return None
    if "://" in on:
        return on
    return f"{'http' if host in {'localhost', '127.0.0.1'} else 'https'}://{on}"


def named_by(on: str, config: Config) -> tuple[str, ...]:
    """Where what ``--on`` names may be: people paste pages of a hub as often as the hub itself."""
    address = address_of(on, config)
    try:
        return hub_bases(address) if address else ()
    except SourceError as error:
        raise click.UsageError(error.message) from error


def _hosts(opened: Opened) -> tuple[str, ...]:
    return opened.binder.host if opened.binder else ()


def _unknown(on: str, config: Config) -> str:
    from difflib import get_close_matches

    names = [*ON, *config.hubs]
    near = get_close_matches(on, names, 1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    return (
        f"found --on {on!r}, expected one of {', '.join(names)}, or an address{meant}; names of "
        f"hubs stand in {config_folder() / 'config.toml'}"
    )
