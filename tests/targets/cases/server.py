"""A Jupyter Server that runs already."""

from __future__ import annotations

import pytest
from tests.servers.conftest import Running, jupyter
from tests.targets.case import IMAGE, Case, Noted, files

from binderclip.environment import Environment
from binderclip.guard import OpenGuard
from binderclip.servers import Server
from binderclip.session import Session
from binderclip.spec.model import Reference
from binderclip.targets.server import ServerTarget
from binderclip.web import Web

__all__ = ["case_server", "jupyter"]

_WRONG = "wrong-token-4711"


@pytest.fixture
def case_server(jupyter: Running) -> Case:
    def make(ledger: Noted, token: str = jupyter.token) -> ServerTarget:
        return ServerTarget(jupyter.url, token, guard=OpenGuard(), ledger=ledger)

    return Case(
        make=make,
        make_fresh=make,
        good=Environment(),
        refused=(
            Environment(image=IMAGE),
            Environment(build=Reference("https://github.com", "o/r")),
            files(requirements_txt="numpy"),
        ),
        failing=lambda ledger: (make(ledger, _WRONG), Environment()),
        up=_up,
        left=lambda: (),
        secrets=(jupyter.token, _WRONG),
    )


async def _up(session: Session) -> bool:
    async with Web(OpenGuard()) as web:
        return (await Server(web, session).ask("GET", "api/status")).ok
