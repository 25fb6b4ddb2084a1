"""The launch links of a notebook, each kind by its own maker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from binderclip.errors import Refused
from binderclip.links import bringing, byaddress
from binderclip.links.model import KINDS, Asked, Kind, Link, Links, Place
from binderclip.links.parts import names_environment
from binderclip.spec.grammar import fits_utf8


def links(asked: Asked, kinds: Collection[Kind] = ()) -> Links:
    """All links of ``kinds``; by default of those that do what the notebook says, and failing
    these the next best. Raises Refused, in words of all that stand in the way, where none can be.
    """
    _check_names(asked)
    made: list[Link] = []
    refused: list[tuple[Kind, Refused]] = []
    for kind in [kind for kind in KINDS if not kinds or kind in kinds]:
        narrowed = asked if kinds else _wanted(kind, asked, made)
        if narrowed is None:
            continue
        try:
            made += _MAKERS[kind](narrowed)
        except Refused as error:
            refused.append((kind, error))
    if made:
        return Links(tuple(made), tuple(refused))
    reasons = dict.fromkeys(error.message for _, error in refused)
    hints = dict.fromkeys(error.hint for _, error in refused if error.hint)
    raise Refused(
        f"no launch link can be made: {'; '.join(reasons) or 'no hub was given'}",
        hint="; or ".join(hints) or None,
    )


def _check_names(asked: Asked) -> None:
    path = asked.place.path if isinstance(asked.place, Place) else ""
    if not fits_utf8(asked.name + path):
        raise Refused(
            f"the notebook's name {asked.name!a} is not UTF-8, and cannot stand in a link",
            hint="rename it",
        )


def _wanted(kind: Kind, asked: Asked, made: list[Link]) -> Asked | None:
    """``asked`` of those hosts, hubs and servers that a kind is for unless it is asked for; None
    where there are none. A kind that does less stands in for a better one only.
    """
    hosts, hubs, servers = asked.hosts, asked.hubs, asked.servers[:0]
    have = {(link.kind.partition("-")[0], link.host) for link in made}
    match kind:
        case "binder-open":
            hosts = tuple(host for host in hosts if asked.shared or host in asked.opening)
        case "binder-content":
            hosts = hosts[:0] if names_environment(asked) else hosts
        case "binder-empty":
            hosts = tuple(host for host in hosts if ("binder", host) not in have)
        case "hub-open":
            hubs = tuple(hub for hub in hubs if asked.shared or hub in asked.opening)
            servers = asked.servers  # on which nothing else can be done
        case "hub-file":
            hubs = tuple(hub for hub in hubs if ("hub", hub) not in have)
    if kind == "gateway":
        return asked if asked.gateways else None
    there = hosts if kind.startswith("binder") else (*hubs, *servers)
    return replace(asked, hosts=hosts, hubs=hubs, servers=servers) if there else None


_MAKERS: dict[Kind, Callable[[Asked], Iterator[Link]]] = {
    "gateway": byaddress.gateway,
    "binder": bringing.binder,
    "binder-open": byaddress.binder_open,
    "binder-pull": bringing.binder_pull,
    "hub-open": byaddress.hub_open,
    "hub-pull": bringing.hub_pull,
    "hub-file": bringing.hub_file,
    "binder-content": bringing.binder_content,
    "binder-empty": bringing.binder_empty,
}
