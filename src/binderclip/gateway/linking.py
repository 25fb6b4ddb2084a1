"""The links that launch a notebook: this service's own, and those of hubs."""

from __future__ import annotations

from binderclip.gateway.launches.model import Look
from binderclip.gateway.settings.model import Settings
from binderclip.links import Asked
from binderclip.links.located import of_source
from binderclip.links.webaddress import fetchable
from binderclip.spec.places import MYBINDER


def asked_for(look: Look, settings: Settings) -> Asked:
    """What ``links`` is to be asked for a notebook that was looked at. An environment that this
    service lends is none that the notebook names.
    """
    binder = None if look.lent else look.opened.binder
    refs = [binder.build.ref] if binder and binder.build and binder.build.ref else []
    return Asked(
        binder=binder,
        place=of_source(look.source, refs=refs),
        name=look.source.name,
        hosts=(binder.host if binder else ()) or (MYBINDER,),
        hubs=hubs_of(settings),
        gateways=(settings.public_url,),
        url=fetchable(look.source.address),
    )


def hubs_of(settings: Settings) -> tuple[str, ...]:
    """The JupyterHubs that this service knows, as browsers call them."""
    return tuple(
        address
        for place in settings.places.values()
        if place.kind == "jupyterhub" and (address := place.public_url or place.url)
    )
