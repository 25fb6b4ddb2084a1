"""Settings as they came to be, for ``--check``: without secrets."""

from __future__ import annotations

from dataclasses import asdict

from binderclip.addresses.masking import MASK, masked
from binderclip.gateway.settings.model import PlaceSettings, Settings
from binderclip.spec.model import JSON
from binderclip.spec.write import write


def shown(settings: Settings) -> dict[str, JSON]:
    """By the keys of the file; what is not set is null."""
    environment = settings.environment
    share = settings.share
    return {
        "listen": f"{settings.listen}:{settings.port}",
        "public_url": settings.public_url,
        "default": settings.default,
        "places": {place.name: _place(place) for place in settings.places.values()},
        "environment": write(environment, "v1") if environment else None,
        "storage": str(settings.storage),
        "secret": MASK,
        "tokens": dict.fromkeys(settings.tokens, MASK),
        "allowed_networks": [str(network) for network in settings.allowed_networks],
        "trusted_proxies": list(settings.trusted_proxies),
        "origins": list(settings.origins),
        "providers": settings.providers,
        "share": {**asdict(share), "url": masked(share.url)} if share else None,
        "limits": asdict(settings.limits),
        "grace_s": settings.grace_s,
        "expose": settings.exposed,
        "log": settings.log,
        "jupyterhub": settings.service.name if settings.service else None,
    }


def _place(place: PlaceSettings) -> dict[str, JSON]:
    return {
        "kind": place.kind,
        "title": place.title,
        "url": masked(place.url) if place.url else None,
        "public_url": masked(place.public_url) if place.public_url else None,
        "token": MASK if place.token else None,
        "login": place.login,
        "server": place.server,
        "options": dict(place.options),
        "as_is": place.as_is,
        "ask": place.ask,
        "at_once": place.at_once,
        "sessions": place.sessions,
        "idle_s": place.idle_s,
        "longest_s": place.longest_s,
    }
