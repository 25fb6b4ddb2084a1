"""Requests and event streams under a guard: redirects, tokens, limits, faults."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.web.conftest import reply

from binderclip.addresses.link import parse
from binderclip.errors import AddressForbidden, SessionError, TooLarge, Unreachable
from binderclip.fetch.faults import within
from binderclip.guard import OpenGuard, PublicGuard
from binderclip.web import Answer, Web
from binderclip.web.stream import _Bounded

if TYPE_CHECKING:
    from tests.web.conftest import Site

TOKEN = "a-token-that-nobody-may-see"


def ask(method: Any, url: str, *, web: dict[str, Any] | None = None, **named: Any) -> Answer:
    async def go() -> Answer:
        async with Web(OpenGuard(), **(web or {})) as client:
            return await client.ask(method, url, **named)

    return asyncio.run(go())


def stream(url: str, *, silence_s: float = 5, token: str | None = None) -> tuple[Answer, list[str]]:
    async def go() -> tuple[Answer, list[str]]:
        async with (
            Web(OpenGuard()) as client,
            client.events(url, token=token, silence_s=silence_s) as (answer, events),
        ):
            return answer, [event async for event in events]

    return asyncio.run(go())


def test_an_answer_of_any_status_is_an_answer(site: Site) -> None:
    site.json("/a", b'{"message": "no such\\nthing"}', 404)
    answer = ask("GET", f"{site.url}/a")
    assert (answer.status, answer.ok, answer.said) == (404, False, "no such thing")


def test_json_goes_there_and_back(site: Site) -> None:
    site.json("/a", b'{"b": [1]}', 201)
    answer = ask("POST", f"{site.url}/a", json={"x": "é"}, token=TOKEN)
    assert answer.json() == {"b": [1]}
    method, _, headers, body = site.asked[0]
    assert (method, json.loads(body)) == ("POST", {"x": "é"})
    assert headers["Authorization"] == f"token {TOKEN}"
    assert TOKEN not in repr(answer)


@pytest.mark.parametrize(("kind", "body"), [("text/html", b"{}"), ("application/json", b"<html>")])
def test_what_is_no_json_is_an_error_that_says_so(site: Site, kind: str, body: bytes) -> None:
    site.page("/a", body, kind)
    answer = ask("GET", f"{site.url}/a")
    with pytest.raises(SessionError, match="expected JSON") as told:
        answer.json()
    assert told.value.hint
    assert not answer.said


def test_redirects_are_followed_with_cookies(site: Site) -> None:
    site.redirect("/a", "/b", Set_Cookie="host=gke; Path=/")
    site.json("/b", b"{}")
    answer = ask("GET", f"{site.url}/a", token=TOKEN)
    assert answer.url == f"{site.url}/b"
    headers = site.asked[1][2]
    assert headers["Cookie"] == "host=gke"
    assert headers["Authorization"] == f"token {TOKEN}"


def test_a_token_goes_to_no_other_origin(new_site: Callable[[], Site]) -> None:
    first, second = new_site(), new_site()
    first.redirect("/a", f"{second.url}/b")
    second.redirect("/b", f"{first.url}/c")
    first.json("/c", b"{}")
    assert ask("GET", f"{first.url}/a", token=TOKEN).ok
    assert "Authorization" not in second.asked[0][2]
    assert "Authorization" not in first.asked[1][2]


def test_only_a_get_is_sent_on(site: Site) -> None:
    site.redirect("/a", "/b")
    assert ask("POST", f"{site.url}/a", json={}).status == 307
    assert len(site.asked) == 1


@pytest.mark.parametrize("to", ["ftp://example.org/", "javascript:alert(1)", "http://[", "/a"])
def test_redirects_that_lead_nowhere(site: Site, to: str) -> None:
    site.redirect("/a", to)
    with pytest.raises(Unreachable, match="redirect"):
        ask("GET", f"{site.url}/a")


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/?token={TOKEN}"
        with pytest.raises(Unreachable, match="no connection") as caught:
            ask("GET", url)
        with pytest.raises(SessionError):
            ask("GET", url, web={"failure": SessionError})
    assert caught.value.hint
    assert TOKEN not in str(caught.value)


def test_the_guard_is_asked() -> None:
    async def go() -> None:
        async with Web(PublicGuard()) as client:
            await client.ask("GET", "http://127.0.0.1:8000/")

    with pytest.raises(AddressForbidden):
        asyncio.run(go())


def test_an_answer_that_is_too_large(site: Site) -> None:
    site.json("/a", b"[" + b"1," * 600 + b"1]")
    with pytest.raises(TooLarge):
        ask("GET", f"{site.url}/a", max_bytes=1000)


def test_an_answer_that_never_comes(site: Site) -> None:
    done = threading.Event()

    def never(_: BaseHTTPRequestHandler) -> None:
        done.wait(20)

    site.pages["/a"] = never
    with pytest.raises(Unreachable, match="did not answer in time"):
        ask("GET", f"{site.url}/a", timeout_s=0.2)
    done.set()


def test_a_connection_that_breaks(site: Site) -> None:
    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"{")
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)

    site.pages["/a"] = cut
    with pytest.raises(Unreachable, match="broke"):
        ask("GET", f"{site.url}/a")


@pytest.mark.parametrize("url", ["", "hub", "ftp://x/", "http://", "http://a b/", "file:///etc"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(Unreachable):
        ask("GET", url)


def test_events_are_those_with_data(site: Site) -> None:
    site.stream("/e", b":keepalive\n\n", b'data: {"a":1}\n\n', b"data: tw", b"o\n\nevent: x\n\n")
    answer, events = stream(f"{site.url}/e", token=TOKEN)
    assert events == ['{"a":1}', "two"]
    assert answer.status == 200
    headers = site.asked[0][2]
    assert headers["Accept"] == "text/event-stream"
    assert headers["Authorization"] == f"Bearer {TOKEN}"


def test_separators_of_unicode_end_no_line(site: Site) -> None:
    site.stream("/e", "data: a\u2028b\x85c\n\n".encode())
    assert stream(f"{site.url}/e")[1] == ["a\u2028b\x85c"]


def test_another_answer_has_no_events(site: Site) -> None:
    site.json("/e", b'{"message": "no"}', 403)
    answer, events = stream(f"{site.url}/e")
    assert (answer.status, answer.said, events) == (403, "no", [])


def test_keep_alives_are_life_and_silence_is_not(site: Site) -> None:
    done = threading.Event()

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for _ in range(6):
            handler.wfile.write(b":keepalive\n\n")
            handler.wfile.flush()
            done.wait(0.2)
        handler.wfile.write(b"data: late\n\n")
        handler.wfile.flush()
        done.wait(20)

    site.pages["/e"] = send
    seen = []

    async def go() -> None:
        async with (
            Web(OpenGuard()) as client,
            client.events(f"{site.url}/e", silence_s=0.8) as (_, events),
        ):
            seen.extend([event async for event in events])

    with pytest.raises(Unreachable, match="in time"):
        asyncio.run(go())
    done.set()


def test_a_line_without_end_is_cut_off(site: Site) -> None:
    site.stream("/e", b"data: ", *[b"x" * 2**20] * 6)
    with pytest.raises(Unreachable, match="longer than"):
        stream(f"{site.url}/e")


@pytest.mark.parametrize("token", ["sécret", "se\ncret", "se\u2028cret"])
def test_a_token_that_no_header_carries(site: Site, token: str) -> None:
    with pytest.raises(Unreachable, match="token") as caught:
        ask("GET", f"{site.url}/a", token=token)
    with pytest.raises(Unreachable):
        stream(f"{site.url}/a", token=token)
    assert token not in str(caught.value)
    assert not site.asked


def dripping(handler: BaseHTTPRequestHandler, part: bytes, pause_s: float, over: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(100 * len(part)))
    handler.end_headers()
    with suppress(OSError):
        for _ in range(100):
            handler.wfile.write(part)
            handler.wfile.flush()
            if over.wait(pause_s):
                return


def test_a_server_that_drips_holds_nobody(site: Site) -> None:
    """Each read is in time, and the whole is not."""
    over = threading.Event()
    site.pages["/a"] = lambda handler: dripping(handler, b" ", 0.2, over)
    with pytest.raises(Unreachable, match="did not answer in time"):
        ask("GET", f"{site.url}/a", timeout_s=0.5)
    with pytest.raises(SessionError, match="did not answer in time"):
        ask("GET", f"{site.url}/a", timeout_s=0.5, web={"failure": SessionError})
    with pytest.raises(Unreachable, match="did not answer in time"):
        stream(f"{site.url}/a", silence_s=0.5)
    over.set()


def test_a_head_that_drips(site: Site) -> None:
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for number in range(100):
                handler.wfile.write(f"X-{number}: 1\r\n".encode())
                if over.wait(0.2):
                    return

    site.pages["/a"] = drip
    with pytest.raises(Unreachable, match="did not answer in time"):
        ask("GET", f"{site.url}/a", timeout_s=0.5)
    over.set()


def test_redirects_have_no_time_of_their_own(site: Site) -> None:
    over = threading.Event()
    for number in range(9):

        def later(handler: BaseHTTPRequestHandler, to: str = f"/{number + 1}") -> None:
            over.wait(0.3)
            with suppress(OSError):
                reply(handler, b"", 307, {"Location": to})

        site.pages[f"/{number}"] = later
    with pytest.raises(Unreachable, match="did not answer in time"):
        ask("GET", f"{site.url}/0", timeout_s=1)
    over.set()


def test_what_comes_in_good_time_may_take_long(site: Site) -> None:
    """500 kB in 2 s."""
    site.pages["/a"] = lambda handler: dripping(handler, b" " * 5000, 0.02, threading.Event())
    assert len(ask("GET", f"{site.url}/a", timeout_s=1.0).data) == 500_000


def test_all_of_something_within_a_time() -> None:
    async def go(seconds: float) -> None:
        async with within(0.2, SessionError("too long")):
            for _ in range(4):
                await asyncio.sleep(seconds / 4)
            raise TimeoutError("its own")

    with pytest.raises(SessionError, match="too long"):
        asyncio.run(go(10))
    with pytest.raises(TimeoutError, match="its own"):
        asyncio.run(go(0))


def test_an_event_of_many_lines_is_cut_off(site: Site) -> None:
    """Lines that end, and make one event all the same."""
    line = b"data: " + b"x" * 65_000 + b"\n"
    site.stream("/e", *[line] * 100)
    with pytest.raises(Unreachable, match="an event longer than"):
        stream(f"{site.url}/e")


@pytest.mark.parametrize("end", [b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r\n", b"\r\n\n"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_where_an_event_ends(end: bytes, size: int) -> None:
    """However it is cut into chunks: six events are longer than one may be, and none of them is."""
    data = (b"data: " + b"x" * 1_000_000 + end) * 6
    # Cut finely around the ends alone; that tells as much.
    chunks, at = [], 0
    for number in range(1, 7):
        until = number * len(data) // 6
        chunks += [data[at : until - 8]]
        chunks += [data[i : min(i + size, until)] for i in range(until - 8, until, size)]
        at = until
    assert b"".join(chunks) == data
    assert through(chunks) == data
    joined = data.replace(end, end[: len(end) // 2])
    with pytest.raises(Unreachable, match="an event longer than"):
        through([joined])


def through(chunks: list[bytes]) -> bytes:
    """What the bound lets pass."""

    class Body(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

    async def go() -> bytes:
        response = httpx.Response(200, stream=Body())
        passed = _Bounded(response, parse("http://a.example/"), Unreachable)
        return b"".join([chunk async for chunk in passed])

    return asyncio.run(go())
