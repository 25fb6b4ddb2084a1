"""What a target brings to the contract suite."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from binderclip.environment import Environment
from binderclip.errors import BinderclipError
from binderclip.guard import OpenGuard
from binderclip.servers import Server
from binderclip.session import Session
from binderclip.spec.model import Reference
from binderclip.targets import Target
from binderclip.web import Web

IMAGE = Reference("https://quay.io", "o/image", ref="latest")


def files(**named: str) -> Environment:
    """Embedded files: ``files(apt_txt="gcc")``."""
    return Environment(files=MappingProxyType({k.replace("_", "."): v for k, v in named.items()}))


@dataclass
class Noted:
    """A ledger that remembers: ``sessions`` are those noted and not dropped, ``places`` all the
    places that were ever given.
    """

    sessions: dict[str, Session] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)

    def note(self, session: Session, *, place: str) -> None:
        self.sessions[session.id] = session
        self.places.append(place)

    def drop(self, session_id: str) -> None:
        self.sessions.pop(session_id, None)


@dataclass(frozen=True)
class Case:
    """A target to hold to the contract.

    ``make`` gives the target anew, over a place where things were launched before perhaps;
    ``make_fresh`` over one where nothing was. ``good`` comes up there, each of ``refused`` cannot.
    ``failing`` is a target, and an environment that it takes and cannot bring up. ``up`` asks the
    real thing whether a session lives; ``left`` (called outside of any event loop) says what
    launches over ``make_fresh`` left behind, a phrase for each. ``secrets`` must show nowhere.

    ``noted``: sessions are put down in the ledger. ``apart``: two launches give two sessions that
    share nothing. ``elsewhere``: a target made anew can stop a session that it did not launch.
    """

    make: Callable[[Noted], Target]
    make_fresh: Callable[[Noted], Target]
    good: Environment
    refused: Sequence[Environment]
    failing: Callable[[Noted], tuple[Target, Environment]]
    up: Callable[[Session], Awaitable[bool]]
    left: Callable[[], Sequence[str]]
    secrets: Sequence[str] = ()
    noted: bool = True
    apart: bool = True
    elsewhere: bool = True


async def server_up(session: Session) -> bool:
    """Whether its server answers, as one that is gone does not."""
    async with Web(OpenGuard()) as web:
        try:
            return (await Server(web, session).ask("GET", "api/status")).ok
        except BinderclipError:
            return False
