"""Streams that are slow, cut, silent or without an end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.binderhub.conftest import GOOD, QUICK
from tests.binderhub.replay import event
from tests.targets.case import Noted

from binderclip.errors import CacheError, SessionError, TimedOut, Unreachable
from binderclip.events import Progress, Ready
from binderclip.guard import OpenGuard
from binderclip.targets.binderhub import BinderHubTarget

if TYPE_CHECKING:
    from tests.binderhub.conftest import Launch
    from tests.binderhub.replay import ReplayHub, Step

    from binderclip.session import Session

BUILDING = event(phase="building", message="Step 1/12\n")


def test_a_stream_that_ends_without_ready(hub: ReplayHub, launch: Launch) -> None:
    hub.play(BUILDING)
    error = launch(hub).error
    assert type(error) is Unreachable
    assert "ended its answer before the launch was over (last: building)" in error.message
    assert error.hint


def test_an_empty_stream(hub: ReplayHub, launch: Launch) -> None:
    hub.play()
    assert type(launch(hub).error) is Unreachable


def test_a_stream_that_is_cut(hub: ReplayHub, launch: Launch) -> None:
    hub.play(BUILDING, 0.2, "cut")
    error = launch(hub).error
    assert type(error) is Unreachable
    assert "broke" in error.message


def test_a_build_whose_stream_broke_is_taken_up(hub: ReplayHub, launch: Launch) -> None:
    hub.play(BUILDING, 0.1, "cut")
    hub.play(BUILDING)
    hub.replay("built")
    outcome = launch(hub)
    assert outcome.session.url
    assert outcome.told.count("the connection broke; asking again, the build goes on") == 2


def test_a_launch_whose_stream_broke_is_not(hub: ReplayHub, launch: Launch) -> None:
    """A server comes up there: a second one would, too."""
    hub.play(*hub.steps("cached")[:3])
    hub.replay("cached")
    assert type(launch(hub).error) is Unreachable
    assert len(hub.builds) == 1


def test_a_stream_that_falls_silent(hub: ReplayHub, launch: Launch) -> None:
    hub.play(BUILDING, "silence")
    error = launch(hub, deadlines=replace(QUICK, silence_s=0.4)).error
    assert type(error) is TimedOut
    assert "fell silent: nothing came for 0.4 s (last: building)" in error.message
    assert error.exit_code == 24


def test_a_hub_that_never_begins_to_answer(hub: ReplayHub, launch: Launch) -> None:
    hub.plays.append(lambda _: never(hub))
    error = launch(hub, deadlines=replace(QUICK, silence_s=0.4)).error
    assert type(error) is TimedOut


def never(hub: ReplayHub) -> None:
    hub.over.wait(20)


def test_keep_alives_alone_are_not_enough_for_ever(hub: ReplayHub, launch: Launch) -> None:
    hub.play(BUILDING, "hold")
    error = launch(hub, deadlines=replace(QUICK, between_events_s=0.5)).error
    assert type(error) is TimedOut
    assert "is alive and told nothing new for 0.5 s" in error.message
    assert hub.left.wait(5)


def test_all_together_has_an_end(hub: ReplayHub, launch: Launch) -> None:
    steps: list[Step] = [BUILDING, 0.1]
    hub.play(*steps * 100)
    error = launch(hub, deadlines=replace(QUICK, overall_s=0.7)).error
    assert type(error) is TimedOut
    assert "was not over within 0.7 s" in error.message


def test_keep_alives_keep_it_alive(hub: ReplayHub, launch: Launch) -> None:
    alive: list[Step] = [b":keepalive\n\n", 0.2]
    hub.play(BUILDING, *alive * 5, *hub.steps("cached"), "hold")
    assert launch(hub, deadlines=replace(QUICK, silence_s=0.6)).session.url


def test_pieces_of_events(hub: ReplayHub, launch: Launch) -> None:
    whole = b"".join(step for step in hub.steps("built") if isinstance(step, bytes))
    parts: list[Step] = []
    for at in range(0, len(whole), 97):
        parts += [whole[at : at + 97], 0.001]
    hub.play(*parts, "hold")
    assert launch(hub).session.url


def test_a_line_without_end_is_cut_off(hub: ReplayHub, launch: Launch) -> None:
    hub.play(b"data: ", *[b"x" * 2**20] * 6)
    error = launch(hub).error
    assert type(error) is Unreachable
    assert "longer than" in error.message


def test_nobody_there(launch: Launch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = launch(f"http://127.0.0.1:{taken.getsockname()[1]}/").error
    assert type(error) is Unreachable
    assert "no connection" in error.message


@pytest.mark.parametrize(
    ("name", "after"), [*(("cached", n) for n in (1, 2, 3, 6)), *(("built", n) for n in (2, 9, 16))]
)
def test_closing_early_ends_the_server_that_comes(hub: ReplayHub, name: str, after: int) -> None:
    """A hub goes on launching what it began to launch, whether somebody waits or not."""
    steps = hub.steps(name)
    server, ledger = hub.servers["o-r-x1y2z3a4"], Noted()
    server.up = False
    at = next(n for n, step in enumerate(steps) if isinstance(step, bytes) and b"Launching" in step)
    hub.play(*steps[:at], "mind", lambda: setattr(server, "up", True), *steps[at:], "hold")

    async def go() -> None:
        target = BinderHubTarget([hub.url], guard=OpenGuard(), ledger=ledger, deadlines=QUICK)
        async with aclosing(target.launch(GOOD)) as events:
            count = 0
            async for one in events:
                assert not isinstance(one, Ready)
                count += 1
                if count == after:
                    break

    asyncio.run(go())
    assert not hub.builds or hub.left.wait(5)
    assert not server.up
    assert not ledger.sessions


def test_cancelled_while_the_server_starts(hub: ReplayHub) -> None:
    hub.play(*hub.steps("cached")[:-1], 0.5, hub.steps("cached")[-1], "hold")
    server, ledger = hub.servers["o-r-x1y2z3a4"], Noted()

    async def go() -> None:
        target = BinderHubTarget([hub.url], guard=OpenGuard(), ledger=ledger, deadlines=QUICK)
        launching = asyncio.Event()

        async def run() -> None:
            async with aclosing(target.launch(GOOD)) as events:
                async for one in events:
                    if isinstance(one, Progress) and one.message.startswith("Server ready"):
                        launching.set()

        task = asyncio.create_task(run())
        await launching.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())
    assert not server.up
    assert not ledger.sessions


def test_cancelled_while_the_server_does_not_answer_yet(hub: ReplayHub) -> None:
    hub.replay("cached")
    server, ledger = hub.servers["o-r-x1y2z3a4"], Noted()
    server.late = 4

    async def go() -> None:
        target = BinderHubTarget([hub.url], guard=OpenGuard(), ledger=ledger, deadlines=QUICK)
        async with aclosing(target.launch(GOOD)) as events:
            async for one in events:
                if isinstance(one, Progress) and "waiting for its answer" in one.message:
                    assert len(ledger.sessions) == 1, "noted as soon as there is what to stop"
                    break

    asyncio.run(go())
    assert not server.up
    assert not ledger.sessions


class Broken(Noted):
    """A ledger on a full disk."""

    def note(self, session: Session, *, place: str) -> None:
        raise CacheError(f"no room for {session.id} of {place}")


@pytest.mark.parametrize("words", ["Server ready at", "never said"])
def test_without_a_ledger_the_server_is_ended(hub: ReplayHub, words: str) -> None:
    hub.play(*hub.steps("cached")[:-1], 0.3, hub.steps("cached")[-1], "hold")

    async def go() -> None:
        target = BinderHubTarget([hub.url], guard=OpenGuard(), ledger=Broken(), deadlines=QUICK)
        async with aclosing(target.launch(GOOD)) as events:
            async for one in events:
                if isinstance(one, Progress) and one.message.startswith(words):
                    return

    with suppress(CacheError):
        asyncio.run(go())
    assert not hub.servers["o-r-x1y2z3a4"].up


def test_a_server_that_does_not_end(hub: ReplayHub, launch: Launch, stop: Any) -> None:
    from binderclip.errors import SessionError

    hub.replay("cached")
    outcome = launch(hub)
    hub.servers["o-r-x1y2z3a4"].deaf = True
    with pytest.raises(SessionError, match="could not be stopped within 1 s") as caught:
        stop(outcome.session, ledger=outcome.ledger, deadlines=replace(QUICK, stop_s=1))
    assert caught.value.hint
    assert outcome.ledger.sessions


@pytest.mark.slow
def test_a_server_that_drips_holds_nobody_who_stops_it(
    hub: ReplayHub, launch: Launch, stop: Callable[..., None]
) -> None:
    """Somebody pressed Ctrl-C, say."""
    hub.replay("cached")
    session = launch(hub).session

    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not hub.over.wait(0.5):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    hub.pages["user/o-r-x1y2z3a4/api/status"] = drip
    with pytest.raises(SessionError, match="could not be stopped within"):
        stop(session, deadlines=replace(QUICK, stop_s=0.5))
