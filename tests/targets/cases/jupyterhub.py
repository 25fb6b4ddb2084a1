"""A JupyterHub: the real one of tests/hubs/rig.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.targets.case import IMAGE, Case, Noted, files

from binderclip.environment import Environment
from binderclip.guard import OpenGuard
from binderclip.servers import Server
from binderclip.session import Session
from binderclip.spec.model import Reference
from binderclip.targets.jupyterhub import JupyterHubTarget
from binderclip.web import Web

if TYPE_CHECKING:
    from tests.hubs.rig import Hub

# Each launch starts a server, which takes seconds.
MARKS = (pytest.mark.slow,)


@pytest.fixture
def case_jupyterhub(hub: Hub) -> Case:
    user, broken = hub.user(), hub.user()
    tokens = {one: hub.token(one) for one in (user, broken)}
    hub.mood(broken, fail="no machine has room")

    def make(ledger: Noted, whose: str = user) -> JupyterHubTarget:
        return JupyterHubTarget(hub.url, tokens[whose], guard=OpenGuard(), ledger=ledger)

    return Case(
        make=make,
        make_fresh=make,
        good=Environment(),
        refused=(
            Environment(image=IMAGE),
            Environment(build=Reference("https://github.com", "o/r")),
            files(requirements_txt="numpy"),
        ),
        failing=lambda ledger: (make(ledger, broken), Environment()),
        up=_up,
        left=lambda: [f"{one}: {name!r}" for one in tokens for name in hub.servers(one)],
        secrets=tuple(tokens.values()),
        apart=False,  # a second launch finds the first one's server running
    )


async def _up(session: Session) -> bool:
    """Where there is no server the hub answers, and strangers with its login page."""
    async with Web(OpenGuard()) as web:
        answer = await Server(web, session).ask("GET", "api/status")
        return answer.ok and "json" in answer.headers.get("content-type", "")
