"""Where links lead to: the BinderHubs, JupyterHubs and servers that were said or configured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from binderclip.config import Config, HubEntry, base
from binderclip.errors import Problem, SourceError, SpecError
from binderclip.links import hub_itself
from binderclip.spec.faults import Faults
from binderclip.spec.grammar import fits
from binderclip.spec.places import MYBINDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """As in ``Asked``."""

    hosts: tuple[str, ...]
    hubs: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    opening: frozenset[str] = frozenset()


def places(hosts: Sequence[str], hubs: Sequence[str], own: Sequence[str]) -> Places:
    """From ``--host`` and ``--hub``, and from what the notebook names (``own``).

    Raises SpecError, ConfigError.
    """
    from binderclip import config

    known = config.load()
    stated = tuple(_address("--host", text) for text in hosts)
    found = Places(hosts=stated or tuple(own) or known.hosts or (MYBINDER,))
    opening = {host for host in found.hosts if (entry := _entry(host, known)) and entry.open}
    for text in hubs:
        named = known.hubs.get(text)
        url = named.url if named else _address("--hub", text)
        entry = named or _entry(url, known)
        if entry and entry.kind == "binderhub":
            problem = Problem("--hub", f"{text}, a BinderHub", f"a JupyterHub (or --host {url})")
            raise SpecError((problem,))
        if entry and entry.kind == "server":
            found = replace(found, servers=(*found.servers, url))
        else:
            found = replace(found, hubs=(*found.hubs, url))
        if entry and entry.open:
            opening.add(url)
    return replace(found, opening=frozenset(opening))


def _entry(url: str, known: Config) -> HubEntry | None:
    """What the configuration has under that very address, or one of the hub's own pages."""
    for entry in known.hubs.values():
        if _bare(entry.url) == _bare(url):
            return entry
    return None


def _bare(url: str) -> str:
    try:
        return base(hub_itself(url))
    except SourceError:
        return url


def _address(option: str, text: str) -> str:
    """Raises SpecError."""
    address = text if "://" in text else f"https://{text}"
    if not fits("host", address):
        faults = Faults()
        faults.wrong(option, address, "host")
        raise SpecError(tuple(faults.problems))
    return address
