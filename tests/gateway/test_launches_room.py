"""Large notebooks, many of them: what is in memory while they are looked at."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.gateway.rig import LOOPBACK, inside, settings_for
from tests.gateway.rig_http import listening
from tests.gateway.rig_launches import notebook

from binderclip import sources
from binderclip.errors import BinderclipError, RateLimited, TooLarge
from binderclip.gateway.launches.looking import KEPT, Looker
from binderclip.gateway.launches.room import SMALL_BYTES, Room
from binderclip.gateway.settings.model import Limits, PlaceSettings, Settings
from binderclip.guard import PublicGuard

MB = 2**20
FREE = PlaceSettings("free", "binderhub", "Free", url="http://127.0.0.1:9/", ask=False)


@dataclass
class Slow:
    """A web server at ``url``, which ends in ``/``. Of ``large.ipynb`` all but the end comes, and
    the end when ``gate`` is open; compressed it is some kilobytes.
    """

    url: str = ""
    asked: int = 0
    gate: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    said = {"version": 1, "files": {"requirements.txt": "six\n"}}
    large = gzip.compress(notebook(said, code="x" * 3 * MB))
    small = gzip.compress(notebook())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked += 1
            data = large if self.path.startswith("/large") else small
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            end = 20 if data is large else 0
            self.wfile.write(data[: len(data) - end])
            if end and made.gate.wait(60):
                self.wfile.write(data[-end:])

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as port:
        made.url = f"http://127.0.0.1:{port}/"
        try:
            yield made
        finally:
            made.gate.set()


def test_there_is_room_for_so_much_and_small_ones_have_their_own() -> None:
    room = Room(10 * MB)
    with room.taken("a") as one, room.taken("b") as other, room.taken(None) as third:
        one(2 * MB)
        one(6 * MB)
        with pytest.raises(RateLimited, match="read for you as fit") as told:
            one(6 * MB + 1)
        assert told.value.retry_after_s == 10
        other(6 * MB)
        with pytest.raises(RateLimited, match="read as fit"):
            third(SMALL_BYTES + 1)
        third(SMALL_BYTES)
        # Several answers one after the other: the largest counts.
        other(5)
        other(6 * MB)
    with room.taken("a") as one:
        one(6 * MB)
    with pytest.raises(RateLimited), room.taken("a") as one:
        one(20 * MB)
    assert (room._small, room._large, dict(room._clients)) == (0, 0, {})


def test_small_ones_are_bounded_too() -> None:
    room = Room(MB)
    with room.taken("a") as one, room.taken("b") as other:
        one(MB)
        with pytest.raises(RateLimited):
            other(1)


def test_bombs_that_are_read_at_once(slow: Slow, settings: Settings) -> None:
    """Some kilobytes each on the wire, and megabytes here: counted while they come, not when they
    are there. Small notebooks go on.
    """

    async def work() -> None:
        looker = Looker(PublicGuard(allow=LOOPBACK), settings, room=Room(9 * MB))
        large, small = (sources.resolve(f"{slow.url}{name}.ipynb") for name in ("large", "small"))
        looks = [
            asyncio.create_task(looker.look(large, client=f"one {number}")) for number in range(12)
        ]
        for _, ended in zip(range(8), asyncio.as_completed(looks), strict=False):
            with pytest.raises(RateLimited):
                await ended
        assert (await looker.look(small, client="other")).excerpt.title == "A title"
        slow.gate.set()
        found = await asyncio.gather(*looks, return_exceptions=True)
        assert sum(isinstance(one, RateLimited) for one in found) == 8
        assert not any(isinstance(one, BaseException) for one in found if not _full(one))
        assert (await looker.look(large, client="one 1")).held_bytes > 3 * MB

    asyncio.run(work())


def test_who_is_refused_leaves_nothing_behind(slow: Slow, settings: Settings) -> None:
    """An error is kept for as long as somebody may ask for it, and its frames with it."""
    slow.gate.set()
    source = sources.resolve(f"{slow.url}large.ipynb")
    few = replace(settings, limits=Limits(notebook_bytes=2 * MB))

    async def work() -> None:
        for one in (settings, few):
            looker = Looker(PublicGuard(allow=LOOPBACK), one, room=Room(2 * MB))
            with pytest.raises(BinderclipError) as told:
                await looker.look(source, client="one")
            assert isinstance(told.value, RateLimited if one is settings else TooLarge)
            assert told.value.__context__ is None
            assert not any(size > MB for size in _sizes(told.value))

    asyncio.run(work())


def _sizes(error: BaseException) -> Iterator[int]:
    trace = error.__traceback__
    while trace is not None:
        for held in trace.tb_frame.f_locals.values():
            yield len(held) if isinstance(held, bytes | bytearray) else 0
        trace = trace.tb_next


def _full(found: object) -> bool:
    return isinstance(found, RateLimited)


def test_one_client_with_many_cookies(slow: Slow, tmp_path: Path) -> None:
    """``running`` of a page is for its cookie: who throws those away is still one client."""
    settings = settings_for(tmp_path, FREE, limits=Limits(looks="1000/minute"))
    address = quote(f"{slow.url}large.ipynb", safe="")
    most = KEPT.running_client

    async def work() -> None:
        async with inside(settings) as client:
            looker = client.app.state.gateway.looker

            async def page() -> int:
                headers = {"Accept": "text/html", "Cookie": ""}
                return (await client.get(f"v2/notebook?url={address}", headers=headers)).status_code

            found = await asyncio.gather(*(page() for _ in range(most + 3)))
            assert sorted(found) == [200] * most + [429] * 3
            # Others are not kept from anything.
            looker.begin("eve", sources.resolve(f"{slow.url}small.ipynb"), client="elsewhere")
            slow.gate.set()
            running = [job for job in looker._kept._jobs.values() if not job.done]
            await asyncio.gather(*(looker.settled(job, 30) for job in running))

    asyncio.run(work())


@pytest.mark.parametrize("door", ["build", "api", "badge", "env", "launch"])
def test_every_door_has_the_same_room(slow: Slow, tmp_path: Path, door: str) -> None:
    """With the room used up by one look, each of the others is refused, by every way there is."""
    settings = settings_for(tmp_path, FREE)
    slow.gate.set()
    address = quote(f"{slow.url}large.ipynb", safe="")
    ways = {
        "build": ("GET", f"build/notebook/{address}", None),
        "api": ("GET", f"api/v1/resolve?url={address}", None),
        "badge": ("GET", f"badge/notebook.svg?url={address}", None),
        "env": ("GET", f"env/notebook/{address}", None),
        "launch": ("POST", "api/v1/launches", {"url": f"{slow.url}large.ipynb"}),
    }

    async def work() -> None:
        async with inside(settings) as client:
            looker = client.app.state.gateway.looker
            with looker._room.taken(None) as took:
                took(looker._room._most)
                method, path, body = ways[door]
                headers = {"Accept": "text/event-stream"} if door in {"build", "launch"} else {}
                answer = await client.request(method, path, json=body, headers=headers)
                if door == "badge":
                    assert "frozen" not in answer.text  # nothing is known of it
                else:
                    assert "being read" in answer.text
            assert looker._room._large == 0

    asyncio.run(work())
