"""Which of the service's places a notebook is launched on."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from binderclip.addresses.masking import masked, printable
from binderclip.environment import Environment
from binderclip.errors import Refused, SourceError
from binderclip.flow.making import TARGETS
from binderclip.gateway.launches import preparing
from binderclip.gateway.launches.model import Look
from binderclip.gateway.launches.wanting import OPEN, words_for
from binderclip.gateway.settings.model import STANDING, PlaceSettings, Settings
from binderclip.hubs.bases import hub_bases


def place_for(
    settings: Settings, wanted: Look | Environment, host: str | None = None
) -> tuple[PlaceSettings, tuple[str, ...]]:
    """The place, and remarks for people. ``host`` is what the link asks for: a place's name, or its
    address. Then counts what the notebook names, as far as it is one of ours; then the default.

    Raises Refused for a ``host`` that is none of ours.
    """
    if host:
        return _asked_for(settings, host), ()
    binder = wanted.opened.binder if isinstance(wanted, Look) else None
    hosts = binder.host if binder else ()
    for one in hosts:
        if (place := _at(settings, one)) is not None:
            return place, ()
    default = settings.places[settings.default]
    if not hosts:
        return default, ()
    named = ", ".join(masked(one) for one in hosts[:3])
    remark = f"the notebook names {named}, which is no place of this service"
    return default, (f"{remark}: it is launched on {default.title}",)


def refusal(settings: Settings, place: PlaceSettings, environment: Environment) -> str | None:
    """Why ``place`` cannot take it, as far as that is known before anything is done; or None."""
    try:
        if preparing.needed(place, environment):
            return preparing.refusal(settings, place)
        target = TARGETS[place.kind](words_for(place, None), OPEN)
    except Refused as error:
        return error.message
    if (said := target.refusal(environment)) is not None and place.kind in STANDING:
        return (
            f"{place.title} builds no environment, and is not for notebooks that name one of their "
            "own"
        )
    return said


def stands_in(settings: Settings, place: PlaceSettings, environment: Environment) -> bool:
    """``place`` cannot make ``environment``, and runs what is launched there with what it has."""
    if not place.as_is or refusal(settings, place, environment) is not None:
        return False
    return refusal(settings, replace(place, as_is=False), environment) is not None


def _asked_for(settings: Settings, host: str) -> PlaceSettings:
    found = settings.places.get(host) or _at(settings, host)
    if found is not None:
        return found
    names = list(settings.places)
    near = get_close_matches(host, names, 1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise Refused(
        f"found host={printable(host, 80)!r}, expected one of {', '.join(names)}",
        hint=f"{meant}leave it out for {settings.places[settings.default].title}",
    )


def _at(settings: Settings, address: str) -> PlaceSettings | None:
    """The place at that address, by what people may call it."""
    try:
        bases = set(hub_bases(address))
    except SourceError:
        return None
    for place in settings.places.values():
        if bases & {url for url in (place.url, place.public_url) if url}:
            return place
    return None
