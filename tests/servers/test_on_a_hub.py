"""The same behind a real JupyterHub and its proxy, with a user's token."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest
from tests.servers.test_target import launch, session_of

from binderclip.errors import LaunchError, SessionError, TooLarge, Unreachable
from binderclip.guard import OpenGuard
from binderclip.servers import Server
from binderclip.servers.contents import Contents
from binderclip.session import Session
from binderclip.targets.server import ServerTarget
from binderclip.web import Web

if TYPE_CHECKING:
    from tests.hubs.rig import Hub

LARGE = random.Random(9).randbytes(9 * 2**20 + 1)


@pytest.mark.slow
def test_files_of_a_users_server(hub: Hub) -> None:
    user = hub.user()
    url = f"{hub.url}{hub.start_server(user).lstrip('/')}"
    session = Session("server", "s", url=url, token=hub.token(user), owned=False)
    path = "a folder #1/50% ü.bin"

    async def go() -> None:
        async with Web(OpenGuard(), failure=SessionError) as web:
            contents = Contents(Server(web, session))
            await contents.make_folder("a folder #1")
            for data in (b"", b"small", LARGE):
                await contents.upload(path, data, replace=True)
                assert (hub.home(user) / path).read_bytes() == data
                assert await contents.download(path, max_bytes=len(data)) == data
            with pytest.raises(TooLarge):
                await contents.download(path, max_bytes=len(LARGE) - 1)

    asyncio.run(go())


@pytest.mark.slow
def test_a_hub_and_a_server_that_does_not_run_are_said(hub: Hub) -> None:
    user = hub.user()
    token = hub.token(user)
    for page in ("", "hub/home"):
        with pytest.raises(LaunchError, match="is no Jupyter Server") as caught:
            launch(f"{hub.url}{page}", token)
        assert "JupyterHub" in str(caught.value.hint)
    with pytest.raises(Unreachable, match="no server runs there"):
        launch(f"{hub.url}user/{user}/", token)


@pytest.mark.slow
def test_a_users_server_is_left_running(hub: Hub) -> None:
    user = hub.user()
    token = hub.token(user)
    url = f"{hub.url}{hub.start_server(user).lstrip('/')}"
    with pytest.raises(LaunchError, match="does not take this token"):
        launch(url, "wrong")
    with pytest.raises(LaunchError, match="wants a token"):
        launch(url, None)
    session = session_of(launch(f"{url}lab?token={token}", None))
    assert session.url == url
    asyncio.run(ServerTarget(url, token, guard=OpenGuard()).stop(session))
    assert hub.servers(user)[""]["ready"]
