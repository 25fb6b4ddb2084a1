"""The same against a real BinderHub over a real JupyterHub."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.binderhub.conftest import Purse
from tests.binderhub.rig import Kind, RealBinderHub, binderhub_python, started
from tests.targets.case import Noted

from binderclip.environment import Environment
from binderclip.errors import (
    BuildFailed,
    LaunchError,
    RateLimited,
    Refused,
    ResolveError,
    SessionError,
)
from binderclip.events import Progress, Ready
from binderclip.guard import OpenGuard
from binderclip.hubs.probe import probe
from binderclip.servers import Server
from binderclip.spec.model import Reference
from binderclip.targets.binderhub import BinderHubTarget, Deadlines
from binderclip.web import Web

if TYPE_CHECKING:
    from tests.binderhub.conftest import Launch, Outcome

    from binderclip.session import Session

pytestmark = pytest.mark.binderhub
PATIENT = Deadlines(overall_s=120, up_s=60, stop_s=60)


@pytest.fixture(scope="session")
def plain(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBinderHub]:
    folder = tmp_path_factory.mktemp("plain")
    with started(binderhub_python(), tools, folder, Kind(prefix="/deep/er/")) as binder:
        yield binder


@pytest.fixture(scope="session")
def logins(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBinderHub]:
    with started(
        binderhub_python(), tools, tmp_path_factory.mktemp("logins"), Kind(logins=True)
    ) as binder:
        yield binder


@pytest.fixture
def real(launch: Launch) -> Callable[..., Outcome]:
    def run(binder: RealBinderHub, files: Mapping[str, str] | Reference, **named: Any) -> Outcome:
        build = files if isinstance(files, Reference) else binder.make_repository(files)
        named = {"deadlines": PATIENT, **named}
        return launch(binder.url, env=Environment(build=build), **named)

    return run


def ask(session: Session, method: Any, path: str, **named: Any) -> Any:
    async def go() -> Any:
        async with Web(OpenGuard()) as web:
            answer = await Server(web, session).ask(method, path, **named)
            assert answer.ok, answer.status
            return answer.json() if answer.data else None

    return asyncio.run(go())


def test_from_a_repository_to_a_server_and_its_end(
    plain: RealBinderHub, real: Callable[..., Outcome], stop: Callable[..., None]
) -> None:
    outcome = real(plain, {"a/x.txt": "hello", "requirements.txt": ""})
    session = outcome.session
    assert session.hub is None
    assert "fetches the repository" in " ".join(outcome.told)
    assert "Step 1/1 : COPY" in outcome.logged
    assert "Picked Git content provider." in outcome.logged
    assert ask(session, "GET", "api/contents/a/x.txt")["content"] == "hello"
    written = {"type": "file", "format": "text", "content": "mine"}
    ask(session, "PUT", "api/contents/a/y.txt", json=written)
    assert ask(session, "GET", "api/contents/a/y.txt")["content"] == "mine"
    assert len(plain.servers()) == 1
    stop(session, ledger=outcome.ledger, deadlines=PATIENT)
    assert not outcome.ledger.sessions
    gone(plain)
    stop(session, deadlines=PATIENT)


def gone(binder: RealBinderHub) -> None:
    """The hub looks each second."""
    ends = time.monotonic() + 30
    while binder.servers() and time.monotonic() < ends:
        time.sleep(0.1)
    assert not binder.servers()


def test_an_image_that_is_there_is_launched_at_once(
    plain: RealBinderHub, real: Callable[..., Outcome], stop: Callable[..., None]
) -> None:
    build = plain.make_repository({"x.txt": "1"})
    stop(real(plain, build).session, deadlines=PATIENT)
    again = real(plain, replace(build, hash=plain.commit(build)))
    stop(again.session, deadlines=PATIENT)
    assert "Found built image, launching..." in again.told
    assert not again.logged


def test_refs_with_slashes(
    plain: RealBinderHub, real: Callable[..., Outcome], stop: Callable[..., None]
) -> None:
    build = plain.make_repository({"x.txt": "1"}, branch="feature/a-b")
    outcome = real(plain, replace(build, ref="feature/a-b"))
    stop(outcome.session, deadlines=PATIENT)


def test_a_ref_that_is_not_there(plain: RealBinderHub, real: Callable[..., Outcome]) -> None:
    build = plain.make_repository({"x.txt": "1"})
    error = real(plain, replace(build, ref="nope")).error
    assert type(error) is ResolveError
    assert "Could not resolve ref" in error.message


def test_a_repository_that_is_not_there(plain: RealBinderHub, real: Callable[..., Outcome]) -> None:
    error = real(plain, Reference(plain.git_url, "nothing.git")).error
    assert type(error) is ResolveError


def test_a_build_that_fails(plain: RealBinderHub, real: Callable[..., Outcome]) -> None:
    error = real(plain, {"fail": "no such package: nonesuch\n"}).error
    assert type(error) is BuildFailed
    assert "no such package: nonesuch" in error.message
    assert "exit status 1" in error.message


def test_its_quota(plain: RealBinderHub, real: Callable[..., Outcome]) -> None:
    unseen = plain.folder / "full-unseen"
    unseen.touch()
    try:
        error = real(plain, {"x.txt": "1"}).error
        assert type(error) is LaunchError
        assert "is full: Too many users" in error.message
        unseen.unlink()
        plain.say_used(10)
        error = real(plain, {"x.txt": "1"}).error
        assert type(error) is LaunchError
        assert "its quota is full: 10 of 10" in error.message
    finally:
        unseen.unlink(missing_ok=True)
        plain.say_used(0)


def test_what_it_is(plain: RealBinderHub) -> None:
    async def go() -> None:
        async with Web(OpenGuard()) as web:
            for address in (plain.url, f"{plain.url}v2/gh/o/r/HEAD", plain.url.rstrip("/")):
                found = await probe(web, address)
                assert (found.kind, found.url, found.healthy) == ("binderhub", plain.url, True)
                assert "0 of 10 in use" in found.why
            hub = await probe(web, f"{plain.hub.url}hub/home")
            assert (hub.kind, hub.url) == ("jupyterhub", plain.hub.url)
            other = await probe(web, plain.hub.url, kind="binderhub")
            assert other.kind is None

    asyncio.run(go())


@pytest.mark.parametrize(
    "words", ["fetches the repository", "builds the image", "Launching server", "Server ready at"]
)
def test_left_early_nothing_stays(plain: RealBinderHub, words: str) -> None:
    env = Environment(build=plain.make_repository({"slow": "1"}))
    ledger = Noted()

    async def go() -> None:
        target = BinderHubTarget([plain.url], guard=OpenGuard(), ledger=ledger, deadlines=PATIENT)
        async with aclosing(target.launch(env)) as events:
            async for event in events:
                assert not isinstance(event, Ready)
                if isinstance(event, Progress) and words in event.message:
                    return

    asyncio.run(go())
    gone(plain)
    assert not ledger.sessions


def test_its_rate_limit(tools: Path, tmp_path: Path, real: Callable[..., Outcome]) -> None:
    with started(binderhub_python(), tools, tmp_path, Kind(rate_limit=1)) as binder:
        build = binder.make_repository({"fail": "no\n"})
        assert type(real(binder, build).error) is BuildFailed
        error = real(binder, build).error
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 3600


def test_logins(
    logins: RealBinderHub, real: Callable[..., Outcome], stop: Callable[..., None]
) -> None:
    token = logins.token("ada")
    purse = Purse(**{logins.hub.url: token})
    outcome = real(logins, {"x.txt": "hello"}, tokens=purse)
    session = outcome.session
    assert session.hub is not None
    assert (session.hub.api, session.hub.user) == (logins.hub.api, "ada")
    assert session.hub.started
    assert session.token
    assert session.token != token
    assert token not in repr(outcome.events)
    assert ask(session, "GET", "api/contents/x.txt")["content"] == "hello"
    made = [one["id"] for one in logins.hub.ask("GET", "users/ada/tokens")["api_tokens"]]
    assert session.hub.token_id in made
    assert logins.hub.ask("GET", "users/ada/tokens", token=session.token, ok=(403, 404))
    second = real(logins, {"y.txt": "1"}, tokens=purse).error
    assert type(second) is LaunchError
    assert "already has a running server" in second.message
    record = replace(session, token=None)
    with pytest.raises(SessionError):
        stop(record, deadlines=PATIENT)
    stop(record, tokens=purse, deadlines=PATIENT)
    assert not logins.servers()
    made = [one["id"] for one in logins.hub.ask("GET", "users/ada/tokens")["api_tokens"]]
    assert session.hub.token_id not in made
    stop(record, tokens=purse, deadlines=PATIENT)


def test_a_token_that_makes_none(logins: RealBinderHub, real: Callable[..., Outcome]) -> None:
    """Its server runs what a repository holds, and is not told the person's token."""
    logins.token("joe")
    scopes = ["servers!user", "access:servers!user", "access:services!service=binder"]
    token = logins.hub.token("joe", scopes)
    outcome = real(logins, {"x.txt": "1"}, tokens=Purse(**{logins.hub.url: token}))
    assert type(outcome.error) is Refused
    assert "tokens!user" in str(outcome.error.hint)
    assert "joe" not in logins.servers()


def test_a_login_is_asked_for(logins: RealBinderHub, real: Callable[..., Outcome]) -> None:
    error = real(logins, {"x.txt": "1"}).error
    assert type(error) is Refused
    assert "wants to know who launches" in error.message
    error = real(logins, {"x.txt": "1"}, tokens=Purse(**{logins.url: "0" * 32})).error
    assert type(error) is Refused
    assert "does not take your token" in error.message


def test_left_early_with_a_login(logins: RealBinderHub) -> None:
    env = Environment(build=logins.make_repository({"x.txt": "1"}))
    purse = Purse(**{logins.hub.url: logins.token("eve")})

    async def go() -> None:
        target = BinderHubTarget([logins.url], guard=OpenGuard(), tokens=purse, deadlines=PATIENT)
        async with aclosing(target.launch(env)) as events:
            async for event in events:
                if isinstance(event, Progress) and "Launching server" in event.message:
                    return

    asyncio.run(go())
    assert "eve" not in logins.servers()


def test_named_servers(
    tools: Path,
    tmp_path: Path,
    real: Callable[..., Outcome],
    stop: Callable[..., None],
) -> None:
    with started(binderhub_python(), tools, tmp_path, Kind(logins=True, named_servers=2)) as binder:
        purse = Purse(**{binder.hub.url: binder.token("ada")})
        build = binder.make_repository({"x.txt": "1"})
        first, second = (real(binder, build, tokens=purse).session for _ in range(2))
        assert first.hub is not None
        assert first.hub.name
        assert first.hub.made
        third = real(binder, build, tokens=purse).error
        assert type(third) is LaunchError
        assert "the maximum of 2 named servers" in third.message
        stop(first, tokens=purse, deadlines=PATIENT)
        assert second.hub is not None
        assert list(binder.servers()["ada"]) == [second.hub.name]
        left = set(binder.hub.servers("ada", stopped=True))
        assert left - {""} == {second.hub.name}, "the other is forgotten"
        stop(second, tokens=purse, deadlines=PATIENT)
        assert not binder.servers()
