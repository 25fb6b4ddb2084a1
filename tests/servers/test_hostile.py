"""Servers that lie, break and refuse: an answer of a real HTTP server, never one made up inside."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.servers.conftest import TOKEN, Exchange, Told

from binderclip.errors import SessionError, TooLarge
from binderclip.servers.contents import Contents

On = Callable[..., Any]
MIB = 2**20
GOOD = {"name": "x", "path": "x", "type": "file", "size": 3, "writable": True}
PAGE = b"<!DOCTYPE html><html>log in</html>"


def saying(value: object, **answer: Any) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.give(value, **answer)


def fails(on_told: On, work: Callable[[Contents], Any], match: str) -> SessionError:
    with pytest.raises(SessionError, match=match) as caught:
        on_told(work)
    shown = f"{caught.value.message} {caught.value.hint}"
    assert TOKEN not in shown
    assert shown.isprintable()
    assert len(caught.value.message) < 1000
    return caught.value


@pytest.mark.parametrize(
    "value",
    [[], "x", None, 7, {}, {"type": "link"}, {"type": ["file"]}, {"type": None}, {"type": {}}],
    ids=repr,
)
def test_descriptions_that_are_none(told: Told, on_told: On, value: object) -> None:
    told.answer = saying(value)
    fails(on_told, lambda contents: contents.stat("x"), "answered nonsense")


@pytest.mark.parametrize("size", [-1, "7", True, None, 1.5, [], 10**30])
def test_sizes_of_other_kinds(told: Told, on_told: On, size: object) -> None:
    told.answer = saying({**GOOD, "size": size})
    entry = on_told(lambda contents: contents.stat("x"))
    assert entry.size in {None, 10**30}
    assert entry.path == "x"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "/etc",
        "a\nb",
        "a\x1b[31m",
        "\x00",
        "\ud800",
        "z" * 300,
        7,
        None,
    ],
    ids=repr,
)
def test_listings_with_names_that_are_none(told: Told, on_told: On, name: object) -> None:
    model = {**GOOD, "name": name}
    told.answer = saying({"type": "directory", "content": [GOOD, model]})
    fails(on_told, lambda contents: contents.list("d"), "answered nonsense")


def test_paths_are_our_own_and_not_the_servers(told: Told, on_told: On) -> None:
    model = {**GOOD, "name": "x", "path": "../../etc/passwd"}
    told.answer = saying({"type": "directory", "content": [model]})
    (entry,) = on_told(lambda contents: contents.list("d"))
    assert entry.path == "d/x"


@pytest.mark.parametrize("content", [None, {}, "x", [1], [None], [[]]], ids=repr)
def test_listings_that_are_none(told: Told, on_told: On, content: object) -> None:
    told.answer = saying({"type": "directory", "content": content})
    fails(on_told, lambda contents: contents.list(), "answered nonsense")


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (PAGE, {"kind": "text/html"}),
        (b"{", {}),
        (b"[" * 100_000, {}),
        (b"", {}),
        (b"", {"status": 204}),
    ],
)
def test_what_is_no_json(told: Told, on_told: On, data: bytes, answer: dict[str, Any]) -> None:
    told.answer = saying(data, **answer)
    fails(on_told, lambda contents: contents.stat("x"), "expected JSON|answered 204")


def test_a_page_that_says_404_is_not_a_missing_file(told: Told, on_told: On) -> None:
    """A hub says so once the server is gone."""
    told.answer = saying(PAGE, status=404, kind="text/html")
    error = fails(on_told, lambda contents: contents.exists("x"), "answered 404")
    assert "stopped" in str(error.hint)


@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (401, "Unauthorized", "answered 401"),
        (403, "Forbidden", "answered 403"),
        (403, "Permission denied: x", "may not write there"),
        (413, "", "takes no request of that size"),
        (500, "Unexpected error while saving file: x [Errno 28] No space left", "disk is full"),
        (500, "[Errno 122] Disk quota exceeded", "your share of its disk"),
        (500, "[Errno 30] Read-only file system: 'x'", "may not write there"),
        (500, "[Errno 36] File name too long", "the name is too long"),
        (500, f"odd \x1b[31m\n {'y' * 5000}", "answered 500"),
        (502, "", "answered 502"),
    ],
)
@pytest.mark.parametrize("size", [3, 9 * MIB])
def test_refused_uploads(  # noqa: PLR0917 - fixtures
    told: Told, on_told: On, status: int, message: str, said: str, size: int
) -> None:
    def answer(exchange: Exchange) -> None:
        if exchange.command == "GET":
            exchange.give({"message": "none"}, status=404)
        else:
            exchange.give({"message": message}, status=status)

    told.answer = answer
    error = fails(on_told, lambda contents: contents.upload("x", b"1" * size), said)
    assert not ("denied" in message and "token" in str(error.hint))


class Store:
    """A server's files, as its contents API keeps them; ``limit`` is what its proxy lets through,
    and ``chunks`` is False for a storage that knows none of them.
    """

    def __init__(self, *, limit: int = 2**30, chunks: bool = True) -> None:
        self.files: dict[str, bytes] = {}
        self.limit, self.chunks, self.puts = limit, chunks, 0

    def __call__(self, exchange: Exchange) -> None:
        path = exchange.path.partition("?")[0].removeprefix("/u/api/contents/")
        if len(exchange.body) > self.limit:
            exchange.give(PAGE, status=413, kind="text/html")
        elif exchange.command == "PUT":
            self.puts += 1
            model = json.loads(exchange.body)
            data = base64.b64decode(model["content"])
            later = self.chunks and model.get("chunk", 1) != 1
            self.files[path] = self.files[path] + data if later else data
            exchange.give({**GOOD, "size": len(self.files[path])}, status=201)
        elif exchange.command == "DELETE":
            del self.files[path]
            exchange.give(b"", status=204)
        elif exchange.command == "PATCH":
            self.files[json.loads(exchange.body)["path"]] = self.files.pop(path)
            exchange.give(GOOD)
        elif path in self.files:
            exchange.give({**GOOD, "size": len(self.files[path])})
        else:
            exchange.give({"message": "none"}, status=404)


@pytest.mark.parametrize("size", [2 * MIB, 9 * MIB])
def test_a_proxy_that_takes_a_megabyte_at_once(told: Told, on_told: On, size: int) -> None:
    store = told.answer = Store(limit=MIB)
    on_told(lambda contents: contents.upload("x", b"1" * size))
    assert store.files == {"x": b"1" * size}


def test_a_proxy_that_takes_next_to_nothing(told: Told, on_told: On) -> None:
    told.answer = Store(limit=1000)
    fails(on_told, lambda contents: contents.upload("x", b"1" * MIB), "answered 413")


def test_a_storage_that_keeps_the_last_chunk_alone(told: Told, on_told: On) -> None:
    store = told.answer = Store(chunks=False)
    fails(on_told, lambda contents: contents.upload("x", b"1" * 9 * MIB), "where 9,437,184 were")
    assert not store.files


@pytest.mark.parametrize("after", [1, 2])
def test_a_connection_that_breaks_leaves_no_part(told: Told, on_told: On, after: int) -> None:
    store = Store()

    def answer(exchange: Exchange) -> None:
        if exchange.command == "PUT" and store.puts == after:
            store.puts += 1
            exchange.close_connection = True  # without an answer
        else:
            store(exchange)

    told.answer = answer
    fails(on_told, lambda contents: contents.upload("x", b"1" * 20 * MIB), "broke|no connection")
    assert not store.files


def test_replacing_that_fails_in_the_middle_loses_nothing(told: Told, on_told: On) -> None:
    store = Store()

    def answer(exchange: Exchange) -> None:
        if exchange.command == "PATCH":
            exchange.give({"message": "no"}, status=500)
        else:
            store(exchange)

    told.answer = answer
    data = b"1" * 9 * MIB
    store.files["x"] = b"old"
    error = fails(on_told, lambda contents: contents.upload("x", data, replace=True), "naming 'x'")
    ((name, kept),) = store.files.items()
    assert kept == data
    assert name in str(error.hint)
    store.files = {}
    fails(on_told, lambda contents: contents.upload("x", data), "naming 'x'")
    assert not store.files


def test_cancelled_while_the_server_thinks(told: Told, on_told: On) -> None:
    store, begun = Store(), asyncio.Event()

    async def go(contents: Contents) -> None:
        loop = asyncio.get_running_loop()

        def answer(exchange: Exchange) -> None:
            store(exchange)
            if exchange.command == "PUT" and store.files.get("x"):
                loop.call_soon_threadsafe(begun.set)

        told.answer = answer
        sending = asyncio.create_task(contents.upload("x", b"1" * 100))
        await begun.wait()
        sending.cancel()
        await asyncio.wait({sending})

    on_told(go)
    assert store.files in ({}, {"x": b"1" * 100})  # stored, if the answer was faster


def _lying(size: int, content: str, form: str = "base64") -> Callable[[Exchange], None]:
    def answer(exchange: Exchange) -> None:
        whole = "content=1" in exchange.path
        model = {**GOOD, "size": size, "content": content, "format": form} if whole else GOOD
        exchange.give({**model, "size": size})

    return answer


def test_files_that_are_larger_than_they_say(told: Told, on_told: On) -> None:
    told.answer = _lying(3, base64.b64encode(b"1" * 2000).decode())
    with pytest.raises(TooLarge, match="1,000 bytes"):
        on_told(lambda contents: contents.download("x", max_bytes=1000))
    told.answer = _lying(3, "A" * 4 * MIB)
    with pytest.raises(TooLarge, match="1,000 bytes"):
        on_told(lambda contents: contents.download("x", max_bytes=1000))


@pytest.mark.parametrize("content", ["AAA", "é", 7, None, ["x"]], ids=repr)
def test_content_that_is_none(told: Told, on_told: On, content: Any) -> None:
    told.answer = _lying(3, content)
    fails(on_told, lambda contents: contents.download("x", max_bytes=10), "something else")


def test_text_is_taken_where_base64_was_asked_for(told: Told, on_told: On) -> None:
    told.answer = _lying(3, "Größe", "text")
    assert on_told(lambda contents: contents.download("x", max_bytes=10)) == "Größe".encode()


class Ranges:
    """A large file behind ``files/``; ``fault`` changes one part's answer."""

    def __init__(self, data: bytes, fault: Callable[[int, dict[str, Any]], None]) -> None:
        self.data, self.fault, self.parts = data, fault, 0

    def __call__(self, exchange: Exchange) -> None:
        if not exchange.path.startswith("/u/files/"):
            exchange.give({**GOOD, "size": len(self.data)})
            return
        self.parts += 1
        first, last = exchange.headers["Range"].removeprefix("bytes=").split("-")
        start, end = int(first), min(int(last) + 1, len(self.data))
        answer: dict[str, Any] = {
            "data": self.data[start:end],
            "status": 206,
            "kind": "text/csv",
            "headers": {
                "Content-Range": f"bytes {start}-{end - 1}/{len(self.data)}",
                "Last-Modified": "Mon, 23 Nov 2026 00:00:00 GMT",
            },
        }
        self.fault(self.parts, answer)
        if answer.pop("cut", False):
            exchange.close_connection = True
            return
        exchange.give(answer.pop("data"), **answer)


DATA = b"0123456789abcdef" * MIB  # 16 MiB, two parts


def _fine(_part: int, _answer: dict[str, Any]) -> None:
    """As it should be."""


def _whole(_: int, answer: dict[str, Any]) -> None:
    answer |= {"data": DATA, "status": 200}


def _cut_once(part: int, answer: dict[str, Any]) -> None:
    answer["cut"] = part in {1, 3}


@pytest.mark.parametrize("fault", [_fine, _whole, _cut_once])
def test_large_files_come_in_parts(told: Told, on_told: On, fault: Any) -> None:
    told.answer = Ranges(DATA, fault)
    assert on_told(lambda contents: contents.download("x", max_bytes=len(DATA))) == DATA
    headers = [one.headers for one in told.seen]
    assert all(one["Authorization"] == f"token {TOKEN}" for one in headers)
    assert not [one.path for one in told.seen if TOKEN in one.path]


def _grown(part: int, answer: dict[str, Any]) -> None:
    if part > 1:
        answer["headers"]["Content-Range"] = f"bytes {8 * MIB}-{16 * MIB - 1}/{len(DATA) + 1}"


def _written(part: int, answer: dict[str, Any]) -> None:
    if part > 1:
        answer["headers"]["Last-Modified"] = "Tue, 24 Nov 2026 00:00:00 GMT"


def _gone(part: int, answer: dict[str, Any]) -> None:
    if part > 1:
        answer |= {"data": PAGE, "status": 404, "kind": "text/html"}


def _elsewhere(_: int, answer: dict[str, Any]) -> None:
    answer["headers"]["Content-Range"] = f"bytes 5-{8 * MIB + 4}/{len(DATA)}"


def _short(_: int, answer: dict[str, Any]) -> None:
    answer["data"] = answer["data"][:-1]


def _empty(_: int, answer: dict[str, Any]) -> None:
    answer["data"] = b""
    answer["headers"]["Content-Range"] = f"bytes 0-0/{len(DATA)}"


@pytest.mark.parametrize("fault", [_grown, _written, _gone, _elsewhere, _short, _empty])
def test_parts_that_do_not_fit_together(told: Told, on_told: On, fault: Any) -> None:
    told.answer = Ranges(DATA, fault)
    fails(
        on_told,
        lambda contents: contents.download("x", max_bytes=2 * len(DATA)),
        "changed while it was fetched|something else",
    )


def _huge(_: int, answer: dict[str, Any]) -> None:
    answer["headers"]["Content-Range"] = f"bytes 0-{8 * MIB - 1}/{10**15}"


def _all_of_it(_: int, answer: dict[str, Any]) -> None:
    answer |= {"data": DATA * 2, "status": 200}


@pytest.mark.parametrize("fault", [_huge, _all_of_it])
def test_large_files_that_are_larger_than_they_say(told: Told, on_told: On, fault: Any) -> None:
    told.answer = Ranges(DATA, fault)
    with pytest.raises(TooLarge):
        on_told(lambda contents: contents.download("x", max_bytes=len(DATA)))


@pytest.mark.parametrize("status", [302, 403, 404])
def test_a_server_without_files_gives_them_by_its_api(told: Told, on_told: On, status: int) -> None:
    model = {**GOOD, "size": len(DATA)}
    content = {"content": base64.encodebytes(DATA).decode(), "format": "base64"}

    def answer(exchange: Exchange) -> None:
        if exchange.path == "/login":
            exchange.give(PAGE, kind="text/html")
        elif exchange.path.startswith("/u/files/"):
            exchange.give(PAGE, status=status, headers={"Location": "/login"}, kind="text/html")
        else:
            exchange.give({**model, **(content if "content=1" in exchange.path else {})})

    told.answer = answer
    assert on_told(lambda contents: contents.download("x", max_bytes=len(DATA))) == DATA


def test_a_host_that_does_not_answer_is_said(told: Told, on_told: On) -> None:
    def answer(exchange: Exchange) -> None:
        exchange.close_connection = True

    told.answer = answer
    fails(on_told, lambda contents: contents.stat("x"), "broke")
