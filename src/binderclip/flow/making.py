"""From plain words to targets. A further target is a row in ``TARGETS``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from binderclip.cache import Cache
from binderclip.errors import NotTrusted, Refused, SourceError
from binderclip.guard import Guard
from binderclip.records import Ledger
from binderclip.spec.model import JSON, NOTHING
from binderclip.targets import Target, TargetName

if TYPE_CHECKING:
    from binderclip.repositories.bounds import Bounds
    from binderclip.targets.local import Approve, Plan
    from binderclip.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody said of a place: its address, or several of one BinderHub each, the ``token``
    for it, and as the targets have them a JupyterHub's ``server``, ``options`` and ``as_is``; of a
    gateway ``server`` is its place.
    """

    urls: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)
    server: str = ""
    options: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)
    as_is: bool = False

    @property
    def url(self) -> str:
        """Raises Refused where there is none."""
        if not self.urls:
            raise Refused("found no address of a hub or server, expected one")
        return self.urls[0]


def _nobody(plan: Plan) -> None:  # noqa: ARG001 - see Approve
    raise NotTrusted("nobody has said yes to running it")


@dataclass(frozen=True, slots=True)
class Means:
    """What targets work with; each takes what it needs. ``tokens`` count where a Wanted has no
    token. The rest is for what runs on this machine: see LocalTarget, which has the ``guard``
    too. ``bounds`` are for repositories that strangers name.
    """

    guard: Guard
    ledger: Ledger | None = None
    tokens: Tokens | None = None
    cache: Cache | None = None
    approve: Approve = _nobody
    own_home: bool = False
    offline: bool = False
    anonymous: bool = False
    python: str | None = None
    bounds: Bounds | None = None


Maker: TypeAlias = Callable[[Wanted, Means], Target]


@dataclass(frozen=True, slots=True)
class OneToken:
    """Tokens that know one, for one hub."""

    url: str
    token: str = field(repr=False)

    def of(self, url: str) -> str | None:
        from binderclip.addresses.link import parse  # noqa: PLC0415 - not for this machine
        from binderclip.config import base, covers  # noqa: PLC0415 - as above

        try:
            return self.token if covers(base(self.url), parse(url)) else None
        except SourceError:
            return None


def _local(wanted: Wanted, means: Means) -> Target:  # noqa: ARG001 - there is one of this machine
    from binderclip.targets.local import LocalTarget  # noqa: PLC0415 - of one target alone

    return LocalTarget(
        means.cache or Cache(),
        means.approve,
        own_home=means.own_home,
        offline=means.offline,
        python=means.python,
        anonymous=means.anonymous,
        guard=means.guard,
        bounds=means.bounds,
    )


def _binderhub(wanted: Wanted, means: Means) -> Target:
    from binderclip.targets.binderhub import BinderHubTarget  # noqa: PLC0415 - of one target alone

    tokens = OneToken(wanted.url, wanted.token) if wanted.token else means.tokens
    return BinderHubTarget(wanted.urls, guard=means.guard, tokens=tokens, ledger=means.ledger)


def _jupyterhub(wanted: Wanted, means: Means) -> Target:
    from binderclip.targets.jupyterhub import JupyterHubTarget  # noqa: PLC0415 - of one target alone

    return JupyterHubTarget(
        wanted.url,
        wanted.token or "",
        guard=means.guard,
        server=wanted.server,
        options=wanted.options,
        as_is=wanted.as_is,
        ledger=means.ledger,
    )


def _server(wanted: Wanted, means: Means) -> Target:
    from binderclip.targets.server import ServerTarget  # noqa: PLC0415 - of one target alone

    return ServerTarget(
        wanted.url, wanted.token, guard=means.guard, as_is=wanted.as_is, ledger=means.ledger
    )


def _gateway(wanted: Wanted, means: Means) -> Target:
    from binderclip.targets.gateway import GatewayTarget  # noqa: PLC0415 - of one target alone

    return GatewayTarget(
        wanted.url, wanted.token, guard=means.guard, place=wanted.server, ledger=means.ledger
    )


TARGETS: Mapping[TargetName, Maker] = MappingProxyType(
    {
        "local": _local,
        "binderhub": _binderhub,
        "jupyterhub": _jupyterhub,
        "server": _server,
        "gateway": _gateway,
    }
)
