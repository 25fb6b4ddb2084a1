"""What a JupyterHub tells a service that it starts, or that is told to be one.

https://jupyterhub.readthedocs.io/en/stable/reference/services.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from binderclip.config.values import Faults, address_of
from binderclip.gateway.settings.model import HubService, PlaceSettings

TOKEN_KEYS = frozenset({"token", "token_env", "token_file"})


@dataclass(frozen=True, slots=True)
class Told:
    """``listen`` is where the hub's proxy expects the service, or None; ``public_url`` is where
    people reach it, where the hub knows that.
    """

    service: HubService
    listen: tuple[str, int] | None
    public_url: str | None
    place: PlaceSettings


def told_by_hub(environ: Mapping[str, str], faults: Faults) -> Told | None:
    """None where this is no service. ``place`` launches the server of whoever is signed in."""
    token = environ.get("JUPYTERHUB_API_TOKEN", "")
    prefix = environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
    name = environ.get("JUPYTERHUB_SERVICE_NAME", "")
    # A person's own server is told of a prefix too, and is no place to serve others from.
    if not token or not prefix or not name:
        return None
    api = address_of(environ.get("JUPYTERHUB_API_URL", ""), "JUPYTERHUB_API_URL", faults)
    public_hub = environ.get("JUPYTERHUB_PUBLIC_HUB_URL") or None
    public_hub = public_hub and address_of(public_hub, "JUPYTERHUB_PUBLIC_HUB_URL", faults)
    public = environ.get("JUPYTERHUB_PUBLIC_URL") or None
    public = public and address_of(public, "JUPYTERHUB_PUBLIC_URL", faults)
    service = HubService(
        name=name,
        prefix=f"/{prefix.strip('/')}/".replace("//", "/"),
        api_url=api.rstrip("/"),
        api_token=token,
        public_hub_url=public_hub,
    )
    return Told(service, _listen(environ, faults), public, _place(service))


def merged(told: Told, table: Mapping[str, Any]) -> Mapping[str, Any]:
    """``table`` of the file over what the hub said of the place of that name; as it stands where it
    is for something else.
    """
    place = told.place
    if table.get("kind", place.kind) != place.kind:
        return table
    own = {"kind": place.kind, "title": place.title, "url": place.url}
    # Who is reached by another address from here is still opened by people's own.
    if "url" in table and told.service.public_hub_url:
        own["public_url"] = place.url
    login = {} if table.keys() & TOKEN_KEYS else {"login": place.login}
    return {**own, **login, **table}


def _listen(environ: Mapping[str, str], faults: Faults) -> tuple[str, int] | None:
    url = environ.get("JUPYTERHUB_SERVICE_URL")
    if not url:
        return None
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if parts.scheme != "http" or host is None or port is None:
        name = "JUPYTERHUB_SERVICE_URL"
        faults.say(name, repr(url), "an address with a port, as http://127.0.0.1:8585")
        return None
    return host, port


def _place(service: HubService) -> PlaceSettings:
    """By the public address, where the hub knows it: the proxy is there, which leads to people's
    servers. The hub's own process answers for its API alone.
    """
    hub = service.public_hub_url
    return PlaceSettings(
        name="hub",
        kind="jupyterhub",
        title="your server on this JupyterHub",
        url=hub.removesuffix("hub/") if hub else service.api_url.removesuffix("hub/api"),
        login=True,
        as_is=True,
    )
