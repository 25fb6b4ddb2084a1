"""What the handlers of the service share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from binderclip.gateway.visitors.logins import Logins
from binderclip.gateway.visitors.once import Used
from binderclip.gateway.visitors.sent import Sent
from binderclip.guard import Guard

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import HTTPConnection

    from binderclip.gateway.envs.store import EnvStore
    from binderclip.gateway.launches.looking import Looker
    from binderclip.gateway.launches.table import Launches
    from binderclip.gateway.metrics import Metrics
    from binderclip.gateway.settings.model import Settings
    from binderclip.gateway.share.shelf import Shelf
    from binderclip.gateway.visitors.counting import Counter
    from binderclip.gateway.visitors.signing import Signer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gateway:
    """One of a process; ``guard`` is for all that strangers name."""

    settings: Settings
    guard: Guard
    signer: Signer
    counter: Counter
    envs: EnvStore
    looker: Looker
    launches: Launches
    metrics: Metrics
    shelf: Shelf | None = None
    logins: Logins = field(default_factory=Logins)
    sent: Sent = field(default_factory=Sent)
    used: Used = field(default_factory=Used)


def gateway_of(connection: HTTPConnection) -> Gateway:
    return gateway_in(connection.app)


def gateway_in(app: Starlette) -> Gateway:
    return cast("Gateway", app.state.gateway)


def one_in(app: Starlette, kind: type[T]) -> T:
    """The only ``kind`` of the application, made when it is first asked for: for what one part
    alone keeps.
    """
    name = kind.__name__.lower()
    if not hasattr(app.state, name):
        setattr(app.state, name, kind())
    return cast("T", getattr(app.state, name))
