"""Hubs that replay streams, and launches on them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.binderhub.replay import HUB_TOKEN, MADE_TOKEN, SERVER_TOKEN, ReplayHub, replay_hub
from tests.targets.case import Noted

from binderclip.environment import Environment
from binderclip.errors import BinderclipError
from binderclip.events import Event, Log, Progress, Ready
from binderclip.guard import OpenGuard
from binderclip.session import Session
from binderclip.spec.model import Reference
from binderclip.targets.binderhub import BinderHubTarget, Deadlines

COMMIT = "4f" * 20
GOOD = Environment(build=Reference("https://github.com", "o/r"))
QUICK = Deadlines(
    probe_s=5, silence_s=5, between_events_s=5, overall_s=20, up_s=3, left_s=3, stop_s=3
)


@pytest.fixture(autouse=True)
def _loopback_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of whoever runs the tests stands before their own servers."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")


@pytest.fixture(autouse=True)
def _logs_hold_no_token(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    for token in (HUB_TOKEN, MADE_TOKEN, SERVER_TOKEN):
        assert token not in caplog.text


@pytest.fixture
def new_hub() -> Iterator[Callable[..., ReplayHub]]:
    with ExitStack() as stack:

        def make(prefix: str = "/") -> ReplayHub:
            made: AbstractContextManager[ReplayHub] = replay_hub(prefix)
            return stack.enter_context(made)

        yield make


@pytest.fixture
def hub(new_hub: Callable[..., ReplayHub]) -> ReplayHub:
    return new_hub()


class Purse:
    """The person's tokens, by the beginning of an address."""

    def __init__(self, **of: str) -> None:
        self._of = of

    def of(self, url: str) -> str | None:
        return next((token for base, token in self._of.items() if url.startswith(base)), None)


@dataclass
class Outcome:
    """What a launch told, and its session or error. No token is in anything that can be shown."""

    events: Sequence[Event]
    error: BinderclipError | None
    ledger: Noted = field(default_factory=Noted)

    @property
    def session(self) -> Session:
        assert self.error is None, self.error
        last = self.events[-1]
        assert isinstance(last, Ready)
        return last.session

    @property
    def told(self) -> list[str]:
        return [event.message for event in self.events if isinstance(event, Progress)]

    @property
    def logged(self) -> list[str]:
        return [event.line for event in self.events if isinstance(event, Log)]


Launch = Callable[..., Outcome]


@pytest.fixture
def launch() -> Launch:
    """Launch to the end, on hosts or hubs, with what the target takes by name."""

    def run(*hosts: ReplayHub | str, env: Environment = GOOD, **named: Any) -> Outcome:
        ledger = named.setdefault("ledger", Noted())
        named = {"guard": OpenGuard(), "deadlines": QUICK, **named}
        target = BinderHubTarget([h if isinstance(h, str) else h.url for h in hosts], **named)
        seen: list[Event] = []

        async def go() -> None:
            async with aclosing(target.launch(env)) as events:
                async for event in events:
                    seen.append(event)  # noqa: PERF401 - what came before a failure counts

        error = None
        try:
            asyncio.run(go())
        except BinderclipError as exc:
            error = exc
        return checked(Outcome(seen, error, ledger))

    return run


@pytest.fixture
def stop() -> Callable[..., None]:
    def run(session: Session, **named: Any) -> None:
        named = {"guard": OpenGuard(), "deadlines": QUICK, "hosts": (), **named}
        asyncio.run(BinderHubTarget(**named).stop(session))

    return run


def checked(outcome: Outcome) -> Outcome:
    """Exactly one Ready, last; or an error and none. Nothing shows a secret."""
    readies = [event for event in outcome.events if isinstance(event, Ready)]
    assert len(readies) == (0 if outcome.error else 1)
    assert outcome.error or outcome.events[-1] is readies[0]
    shown = [repr(event) for event in outcome.events] + outcome.ledger.places
    error: BaseException | None = outcome.error
    for _ in range(20):
        if error is None:
            break
        shown += [str(error), repr(error), str(getattr(error, "hint", ""))]
        error = error.__cause__ or error.__context__
    for text in shown:
        assert HUB_TOKEN not in text
        assert MADE_TOKEN not in text
        assert SERVER_TOKEN not in text
        assert "\x1b" not in text
    return outcome
