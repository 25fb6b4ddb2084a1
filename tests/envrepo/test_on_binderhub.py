"""A published environment on a real BinderHub."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from tests.binderhub.rig import Kind, RealBinderHub, binderhub_python, started
from tests.envrepo.conftest import git
from tests.targets.case import Noted

from binderclip.environment import Environment
from binderclip.envrepo import Remote
from binderclip.events import Log, Progress, Ready
from binderclip.guard import OpenGuard
from binderclip.servers import Server
from binderclip.session import Session
from binderclip.targets.binderhub import BinderHubTarget, Deadlines
from binderclip.web import Web

if TYPE_CHECKING:
    from tests.cli.conftest import Done
    from tests.local.conftest import Origin, Served

pytestmark = pytest.mark.binderhub
PATIENT = Deadlines(overall_s=120, up_s=60, stop_s=60)
Make: TypeAlias = Callable[..., Path]


@pytest.fixture(scope="module")
def binder(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBinderHub]:
    folder = tmp_path_factory.mktemp("binder")
    with started(binderhub_python(), tools, folder, Kind()) as running:
        yield running


def launched(binder: RealBinderHub, env: Environment) -> tuple[list[str], dict[str, Any]]:
    """What a launch told, and what lies in the home of its server; which is stopped."""
    told: list[str] = []

    async def go() -> dict[str, Any]:
        target = BinderHubTarget([binder.url], guard=OpenGuard(), ledger=Noted(), deadlines=PATIENT)
        session: Session | None = None
        async with aclosing(target.launch(env)) as events:
            async for event in events:
                if isinstance(event, Ready):
                    session = event.session
                elif isinstance(event, Progress | Log):
                    told.append(event.message if isinstance(event, Progress) else event.line)
        assert session is not None
        async with Web(OpenGuard()) as web:
            answer = await Server(web, session).ask("GET", "api/contents/")
        await target.stop(session)
        found = answer.json()
        assert isinstance(found, dict)
        return found

    home = asyncio.run(go())
    return told, home


@pytest.mark.slow
def test_launched_twice_and_built_once(
    binder: RealBinderHub,
    run: Callable[..., Done],
    notebook: Make,
    make_origin: Callable[..., Origin],
    serve: Callable[..., AbstractContextManager[Served]],
) -> None:
    bare = make_origin("envs").path
    git(bare, "config", "http.receivepack", "true")
    files = {"requirements.txt": ["numpy\n"], "postBuild": "#!/bin/sh\n", "data/x.txt": "1"}
    one = notebook("one.ipynb", binder={"version": 1, "host": binder.url, "files": files})
    # The same environment in another notebook, written in another way.
    joined = {name: "".join(text) for name, text in reversed(files.items())}
    other = notebook("other.ipynb", binder={"files": joined, "version": 1, "host": binder.url})
    with serve(bare.parent) as server:
        url = f"{server.url}/envs.git"
        answer = run("publish-env", one, "--to", url, "--json").answer
        again = run("publish-env", other, "--to", url, "--json").answer
        assert (answer["state"], again["state"]) == ("pushed", "there")
        assert answer["commit"] == again["commit"]
        (link,) = answer["links"]
        assert link["url"].startswith(binder.url)
        assert link["url"].endswith(f"/{answer['commit']}")
        remote = Remote.parse(url).web
        assert remote is not None
        build = replace(remote, hash=answer["commit"])
        told, home = launched(binder, Environment(build=build))
        assert "Step 1/1 : COPY" in "\n".join(told)
        names = {entry["name"] for entry in home["content"]}
        assert names == {"requirements.txt", "postBuild", "data"}
    # By its commit it is launched even where the repository cannot be reached any more.
    told, home = launched(binder, Environment(build=build))
    assert "Found built image, launching..." in "\n".join(told)
    assert "COPY" not in json.dumps(told)
    assert {entry["name"] for entry in home["content"]} == names
