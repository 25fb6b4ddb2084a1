"""Event streams: what is shared, what ends them, and what they leave behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx
import pytest
from httpx_sse import EventSource
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.rig_streams import Told, opened

from binderclip.errors import BinderclipError, RateLimited
from binderclip.events import Log, Progress
from binderclip.gateway.streams import Streams, Terms, frame, start_after

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def framed(number: int, step: Progress | Log) -> bytes:
    if isinstance(step, Log):
        return frame(step.line, number=number)
    return b""


@given(JSON, st.sampled_from([None, "log", "ready"]), st.none() | st.integers(0, 10**9))
def test_whatever_is_told_is_one_event(data: object, event: str | None, number: int | None) -> None:
    sent = frame(data, event=event, number=number) + frame("next")
    answer = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=sent)
    first, second = EventSource(answer).iter_sse()
    assert json.loads(first.data) == data
    assert first.event == (event or "message")
    assert first.id == ("" if number is None else str(number))
    assert json.loads(second.data) == "next"


@pytest.mark.parametrize("bad", ["a\ndata: x", "", "a b", "a\r", "ä"])
def test_no_name_begins_a_line_of_its_own(bad: str) -> None:
    with pytest.raises(ValueError, match="found"):
        frame(1, event=bad)
    with pytest.raises(ValueError, match="found"):
        frame(1, number=bad)


@pytest.mark.parametrize(
    ("said", "start"),
    [(None, 0), ("", 0), ("7", 8), (" 7 ", 8), ("-1", 0), ("x", 0), ("9" * 40, 0), ("٣", 0)],
)
def test_where_somebody_goes_on_who_connects_again(said: str | None, start: int) -> None:
    assert start_after(said) == start


def test_followers_share_one_reading_and_the_very_bytes() -> None:
    async def run() -> None:
        streams, told = Streams(), Told()
        told.steps.tell(Log("one"))
        first, second = (streams.follow(told, framed) for _ in range(2))
        async with opened(first) as one, opened(second) as two:
            await one.until(b"one")
            told.steps.tell(Log("two"))
            await one.until(b"two")
            await two.until(b"two")
            assert told.readings == 1
            assert one.bodies[-1] is two.bodies[-1]
            assert len(streams) == 2
        assert len(streams) == 0

    asyncio.run(run())


def test_the_answer_is_a_stream_that_nobody_keeps_or_holds_back() -> None:
    async def run() -> None:
        told = Told()
        told.steps.close()
        async with opened(Streams().follow(told, framed)) as client:
            await client.closed()
            assert client.status == 200
            assert client.headers["content-type"] == "text/event-stream"
            assert "no-store" in client.headers["cache-control"]
            assert client.headers["x-accel-buffering"] == "no"
            assert "content-length" not in client.headers

    asyncio.run(run())


def test_who_comes_late_gets_what_was_told_and_then_the_end() -> None:
    async def run() -> None:
        streams, told = Streams(), Told()
        for line in ("one", "two", "three"):
            told.steps.tell(Progress("building", "is not told"))
            told.steps.tell(Log(line))
        told.steps.close()
        terms = Terms(start=start_after("1"), last=lambda: frame("over", event="ready"))
        async with opened(streams.follow(told, framed, terms)) as client:
            await client.closed()
            assert client.text == (
                frame("two", number=3) + frame("three", number=5) + frame("over", event="ready")
            )
            assert client.ended

    asyncio.run(run())


def test_quiet_streams_are_shown_to_live() -> None:
    async def run() -> None:
        streams, told = Streams(beat_s=0.05), Told()
        async with opened(streams.follow(told, framed)) as client:
            await client.until(b":\n\n:\n\n")
            told.steps.tell(Log("a line"))
            await client.until(frame("a line", number=0))

    asyncio.run(run())


def test_who_leaves_is_noticed_and_leaves_nothing_behind() -> None:
    async def run() -> None:
        streams, told, gone = Streams(), Told(), asyncio.Event()

        async def left() -> None:
            gone.set()

        closed = asyncio.Event()

        async def frames() -> AsyncIterator[bytes]:
            try:
                yield frame("one")
                await asyncio.Event().wait()
            finally:
                closed.set()

        for response in (
            streams.follow(told, framed, Terms(gone=left)),
            streams.of(frames(), Terms(gone=left)),
        ):
            gone.clear()
            async with opened(response) as client:
                await client.until(lambda: client.status == 200)
                client.leave()
                await client.closed()
                assert gone.is_set()
                assert not client.ended
        await asyncio.wait_for(closed.wait(), 20)
        assert len(streams) == 0
        assert not streams._shared

    asyncio.run(run())


def test_a_slow_reader_falls_behind_and_holds_nothing_up() -> None:
    async def run() -> None:
        streams, told = Streams(), Told()
        async with (
            opened(streams.follow(told, framed)) as slow,
            opened(streams.follow(told, framed)) as quick,
        ):
            told.steps.tell(Log("begin"))
            await slow.until(b"begin")
            slow.reading.clear()
            for number in range(1500):
                told.steps.tell(Log(f"line {number} " + "x" * 200))
                if not number % 50:
                    await asyncio.sleep(0)
            await quick.until(b"line 1499 ")
            slow.reading.set()
            await slow.until(b"line 1499 ")
            # What it was behind by is bounded, and in order.
            lines = [int(line.split()[2]) for line in slow.text.split(b"\n") if b"line" in line]
            assert lines == sorted(lines)
            assert len(lines) < 1200
            assert max(map(len, slow.bodies)) < 64 * 1024

    asyncio.run(run())


def test_what_goes_wrong_in_the_frames_is_raised() -> None:
    async def run() -> None:
        async def frames() -> AsyncIterator[bytes]:
            yield frame("one")
            raise ValueError("a fault")

        async with opened(Streams().of(frames())) as client:
            with pytest.raises(ValueError, match="a fault"):
                await client.closed()
            assert client.text == frame("one")
            assert not client.ended

    asyncio.run(run())


@contextmanager
def full() -> Iterator[None]:
    if Told().steps.end == 0:
        raise RateLimited("as many as fit", retry_after_s=5)
    yield


def test_too_many_streams_are_refused_before_anything_is_sent() -> None:
    async def run() -> None:
        async with opened(Streams().follow(Told(), framed, Terms(counted=full()))) as client:
            with pytest.raises(RateLimited):
                await client.closed()
            assert not client.status

    asyncio.run(run())


def test_a_refusal_can_be_an_event() -> None:
    def refused(error: BinderclipError) -> bytes:
        return frame(error.message)

    async def run() -> None:
        terms = Terms(counted=full(), refused=refused)
        async with opened(Streams().follow(Told(), framed, terms)) as client:
            await client.closed()
            assert client.status == 200
            assert client.text == frame("as many as fit")

    asyncio.run(run())


def test_a_stream_counts_for_as_long_as_it_is_open() -> None:
    async def run() -> None:
        open_now: list[int] = []

        @contextmanager
        def counted() -> Iterator[None]:
            open_now.append(1)
            yield
            open_now.clear()

        told = Told()
        terms = Terms(counted=counted())
        async with opened(Streams().follow(told, framed, terms)) as client:
            await client.until(lambda: bool(open_now))
            told.steps.close()
            await client.closed()
            assert not open_now

    asyncio.run(run())


def test_a_head_request_follows_nothing() -> None:
    async def run() -> None:
        told = Told()
        async with opened(Streams().follow(told, framed), method="HEAD") as client:
            await client.closed()
            assert client.status == 200
            assert client.text == b""
            assert told.readings == 0

    asyncio.run(run())


def test_an_ended_stream_is_the_clients_to_close() -> None:
    async def run() -> None:
        told = Told()
        told.steps.close()
        terms = Terms(last=lambda: frame("ready"), linger_s=lambda: 3600.0)
        for streams in (Streams(), Streams()):
            async with opened(streams.follow(told, framed, terms)) as client:
                await client.until(frame("ready"))
                assert not client.ended
                client.leave()
                await client.closed()
        async with opened(streams.follow(told, framed, terms)) as client:
            await client.until(frame("ready"))
            streams.close()  # as at the end of the process
            await client.closed()
            assert client.ended

    asyncio.run(run())
