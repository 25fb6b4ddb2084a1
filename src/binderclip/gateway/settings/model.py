"""Settings of the service: frozen data. Files, variables and flags are read elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from binderclip.guard import Network
from binderclip.spec.model import JSON, NOTHING, Binder
from binderclip.targets import HERE, TargetName

_OWN = frozenset({"server", "jupyterhub"})
STANDING: frozenset[TargetName] = frozenset({"server", "jupyterhub"})
"""Kinds of places that build nothing; unless told otherwise, what they have stands in (``as_is``),
since an operator named them.
"""


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """Somewhere notebooks run. ``name`` is what addresses say (``host=``), ``title`` what people
    read. ``url`` ends in ``/`` and is None on this machine; ``public_url`` is the same place as
    browsers call it, where that is another address.

    ``token`` is the service's own for that place; with ``login`` a signed-in person's is used
    instead. ``ask``: a person's click stands before every launch, and machines need a token; it is
    False for places alone whose servers are nobody's own. ``at_once`` launches are under way at a
    time, ``sessions`` are kept of those that live in this process, each for ``idle_s`` seconds
    without a running cell or a request and ``longest_s`` at most.
    """

    name: str
    kind: TargetName
    title: str
    url: str | None = None
    public_url: str | None = None
    token: str | None = field(default=None, repr=False)
    login: bool = False
    server: str = ""
    options: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)
    as_is: bool = False
    ask: bool = True
    at_once: int = 8
    sessions: int = 8
    idle_s: float = 3600.0
    longest_s: float = 12 * 3600.0

    @property
    def here(self) -> bool:
        """It is this machine: what runs there can do what the service can, and ends with it."""
        return self.kind in HERE

    @property
    def owned(self) -> bool:
        """Whoever launches there gets at what is somebody's own: this machine, a server, or what a
        token of the settings opens on a hub or another gateway.
        """
        if self.here:
            return True
        own = self.kind in _OWN or (self.kind == "gateway" and self.token is not None)
        return own and not self.login


@dataclass(frozen=True, slots=True)
class Limits:
    """``looks``, ``badges`` and ``launches`` are for one client (sites that embed a badge make
    their visitors' browsers look, so that is no look of theirs; machines with a token of the
    settings launch as often as they like), ``environment`` for launches of
    one environment by everybody, each "NUMBER/PERIOD" in the words of the library ``limits``
    ("10/hour"). ``streams`` are the event streams that are open at a time, ``streams_each`` those
    of one client. ``launch_s`` is the longest that a launch may take, ``notebook_bytes`` the
    largest notebook.
    """

    looks: str = "60/minute"
    badges: str = "60/minute"
    launches: str = "60/hour"
    environment: str = "100/hour"
    streams: int = 12_000
    streams_each: int = 50
    launch_s: float = 3600.0
    notebook_bytes: int = 48 * 2**20


@dataclass(frozen=True, slots=True)
class ShareSettings:
    """``url`` is where shared notebooks are kept, as fsspec names it ("file:///…", "s3://…")."""

    url: str
    notebook_bytes: int = 10 * 2**20
    total_bytes: int = 2 * 2**30
    days: float = 30.0
    per_client: str = "20/day"


@dataclass(frozen=True, slots=True)
class HubService:
    """What a JupyterHub tells a service of its. ``prefix`` begins and ends in ``/``; ``api_url``
    ends in ``/hub/api``.
    """

    name: str
    prefix: str
    api_url: str
    api_token: str = field(repr=False)
    public_hub_url: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """``public_url`` is the one address that people and hubs call the service by; it ends in ``/``
    and its path is the prefix of all routes. ``default`` names the place of ``places`` that is
    used unless something else is asked for. ``environment`` is for notebooks that name none.

    ``origins`` are other sites whose scripts may launch here ("https://…", or "*"). ``tokens`` are
    the machines' own, by the name that the log says. ``secret`` signs cookies and links.
    ``providers`` names the place (a BinderHub) to which ``/build/{provider}/…`` is passed through.
    ``exposed``: places that are somebody's own may be reached from other machines.
    """

    public_url: str
    places: Mapping[str, PlaceSettings]
    default: str
    secret: bytes = field(repr=False)
    storage: Path
    listen: str = "127.0.0.1"
    port: int = 8585
    environment: Binder | None = None
    allowed_networks: tuple[Network, ...] = ()
    origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    tokens: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    providers: str | None = None
    share: ShareSettings | None = None
    service: HubService | None = None
    limits: Limits = Limits()
    grace_s: float = 30.0
    exposed: bool = False
    log: str = "text"

    @property
    def prefix(self) -> str:
        """The path that all routes lie under; begins and ends in ``/``."""
        return "/" + self.public_url.partition("://")[2].partition("/")[2]
