"""Launches on a hub, step by step."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

from tests.targets.case import Noted

from binderclip.environment import Environment
from binderclip.events import Event, Progress, Ready
from binderclip.guard import OpenGuard
from binderclip.session import Session
from binderclip.targets.jupyterhub import Deadlines, JupyterHubTarget

HASTY = Deadlines(probe_s=5, overall_s=60, silence_s=5, absence_s=0.5, up_s=30, stop_s=30)
BARE = Environment()


def target(url: str, token: str, ledger: Noted | None = None, **named: Any) -> JupyterHubTarget:
    named.setdefault("deadlines", HASTY)
    return JupyterHubTarget(url, token, guard=OpenGuard(), ledger=ledger or Noted(), **named)


async def events(place: JupyterHubTarget, env: Environment = BARE) -> list[Event]:
    async with aclosing(place.launch(env)) as stream:
        return [event async for event in stream]


def launched(place: JupyterHubTarget, env: Environment = BARE) -> tuple[Session, str]:
    """The session, and all that was said on the way, a line each."""
    found = asyncio.run(events(place, env))
    assert isinstance(found[-1], Ready)
    lines = [event.message for event in found if isinstance(event, Progress)]
    assert len(lines) == len(found) - 1
    return found[-1].session, "\n".join(lines)


def stop(place: JupyterHubTarget, session: Session) -> None:
    asyncio.run(place.stop(session))
