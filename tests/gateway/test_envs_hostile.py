"""Whatever is sent to a repository, it answers what git can read, and nothing is taken in."""

from __future__ import annotations

import asyncio
import gzip
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateway.rig_envs import app, packed, served

from binderclip.envrepo import Packed, pack_file
from binderclip.gateway.envs import pkt
from binderclip.gateway.envs.sending import Bounds
from binderclip.gateway.envs.store import EnvStore

ONE = packed()
REQUEST = {"Content-Type": "application/x-git-upload-pack-request"}
PATH = f"/env/{ONE.key}.git"
WANT = pkt.line(f"want {ONE.commit} ofs-delta agent=git/2.39.5")
DONE = pkt.line("done")
HAVE = pkt.line(f"have {'1' * 40}")
MOST = Bounds().body_bytes


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EnvStore:
    made = EnvStore(tmp_path_factory.mktemp("envs"))
    made.add(ONE)
    return made


def squeezed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def asked(
    store: EnvStore, method: str, path: str, *, bounds: Bounds | None = None, **named: object
) -> httpx.Response:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app(store, bounds))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.request(method, path, **named)  # type: ignore[arg-type]

    return asyncio.run(go())


def sent(store: EnvStore, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
    named = {**REQUEST, **(headers or {})}
    return asked(store, "POST", f"{PATH}/git-upload-pack", content=body, headers=named)


def test_a_clone(store: EnvStore) -> None:
    answer = sent(store, WANT + pkt.FLUSH + DONE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-git-upload-pack-result"
    assert answer.headers["cache-control"].startswith("no-cache")
    assert answer.content == pkt.NAK + pack_file(ONE.objects)
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        (b"", b""),
        (b"0000", b""),
        (WANT + pkt.FLUSH, b""),
        (WANT + pkt.line("deepen 1") + pkt.FLUSH, b"0000"),
        (WANT + pkt.line(f"shallow {'2' * 40}") + pkt.line("deepen 2") + pkt.FLUSH, b"0000"),
        (WANT + pkt.FLUSH + HAVE + pkt.FLUSH, pkt.NAK),
        (WANT + pkt.line("deepen 1") + pkt.FLUSH + HAVE + pkt.FLUSH * 2, b"0000" + 2 * pkt.NAK),
        (WANT + WANT + pkt.FLUSH + HAVE, b""),
    ],
)
def test_negotiation(store: EnvStore, body: bytes, answered: bytes) -> None:
    """A deepen line is answered first; then each flush behind haves."""
    answer = sent(store, body)
    assert (answer.status_code, answer.content) == (200, answered)


def test_another_commit(store: EnvStore) -> None:
    answer = sent(store, pkt.line(f"want {'0' * 40}") + pkt.FLUSH + DONE)
    assert answer.status_code == 200
    assert answer.content[4:] == f"ERR upload-pack: not our ref {'0' * 40}\n".encode()


@pytest.mark.parametrize(
    "body",
    [
        b"x", b"00", b"0001", b"0002", b"0003", b"0004", b"000x", b"-001", b"ffff", b"0009done\n",
        b"0008wan", WANT, WANT[:-1], WANT + DONE, WANT + b"0001" + DONE, b"0000" + WANT,
        pkt.line("deepen 1") + pkt.FLUSH + pkt.FLUSH,
        WANT + pkt.line("deepen 0") + pkt.FLUSH, WANT + pkt.line("deepen -1") + pkt.FLUSH,
        WANT + pkt.line("deepen 99999999999999999999") + pkt.FLUSH,
        WANT + pkt.line("filter blob:none") + pkt.FLUSH, WANT + pkt.FLUSH + DONE + DONE,
        WANT + pkt.FLUSH + WANT, WANT + pkt.FLUSH + pkt.line("have x"),
        pkt.line("want ../../etc/passwd") + pkt.FLUSH, pkt.line("command=ls-refs") + b"0000",
        pkt.line(f"want {'A' * 40}") + pkt.FLUSH, pkt.line(f"want {'a' * 64}") + pkt.FLUSH,
        WANT + pkt.line("want x\0y") + pkt.FLUSH,
    ],
)  # fmt: skip
def test_nonsense(store: EnvStore, body: bytes) -> None:
    answer = sent(store, body)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("found ")


@settings(max_examples=150, deadline=None)
@given(
    pieces=st.lists(
        st.one_of(
            st.sampled_from([WANT, pkt.FLUSH, DONE, HAVE, pkt.line("deepen 1"), b"0004", b"0001"]),
            st.binary(max_size=40),
            st.text(max_size=20).map(pkt.line),
        ),
        max_size=8,
    )
)
def test_whatever_comes(pieces: list[bytes]) -> None:
    """Never a fault of ours, and the pack for those alone who want it."""
    with tempfile.TemporaryDirectory() as folder:
        store = EnvStore(Path(folder))
        store.add(ONE)
        answer = sent(store, b"".join(pieces))
    assert answer.status_code in {200, 400}
    assert (b"PACK" in answer.content) == (answer.status_code == 200 and DONE in pieces)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_malformed(body: bytes) -> None:
    try:
        found = pkt.asked(body)
    except pkt.Malformed:
        return
    assert found.wants or found == pkt.Asked()


class TestBodies:
    @pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
    def test_compressed(self, store: EnvStore, encoding: str) -> None:
        body = squeezed(WANT + pkt.FLUSH + DONE)
        answer = sent(store, body, {"Content-Encoding": encoding})
        assert answer.content == pkt.NAK + pack_file(ONE.objects)

    def test_a_bomb(self, store: EnvStore) -> None:
        """4 KiB that would be 4 MiB."""
        body = squeezed((HAVE * 90_000)[: 4 << 20])
        assert len(body) < MOST
        answer = sent(store, body, {"Content-Encoding": "gzip"})
        assert answer.status_code == 413

    @pytest.mark.parametrize("how", ["length", "chunks"])
    def test_too_much(self, store: EnvStore, how: str) -> None:
        async def chunks() -> object:
            while True:
                yield b"x" * 4096

        body = b"x" * (MOST + 1) if how == "length" else chunks()
        path = f"{PATH}/git-upload-pack"
        answer = asked(store, "POST", path, content=body, headers=REQUEST)
        assert answer.status_code == 413
        assert "expected a request of at most 65536 bytes" in answer.text

    @pytest.mark.parametrize(
        "body",
        [b"plain", squeezed(b"0000")[:-3], squeezed(b"0000") * 2, b""],
        ids=["plain", "cut", "twice", "empty"],
    )
    def test_what_is_not_what_it_says(self, store: EnvStore, body: bytes) -> None:
        assert sent(store, body, {"Content-Encoding": "gzip"}).status_code == 400

    @pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
    def test_other_encodings(self, store: EnvStore, encoding: str) -> None:
        assert sent(store, b"0000", {"Content-Encoding": encoding}).status_code == 415

    @pytest.mark.parametrize(
        "kind",
        ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
    )
    def test_no_form_can_send_it(self, store: EnvStore, kind: str) -> None:
        """What another site's form may send is not taken."""
        body = WANT + pkt.FLUSH + DONE
        assert sent(store, body, {"Content-Type": kind}).status_code == 415


class TestReading:
    @pytest.mark.parametrize("service", ["?service=git-receive-pack", "?service=", "", "?x=1"])
    def test_other_services(self, store: EnvStore, service: str) -> None:
        assert asked(store, "GET", f"{PATH}/info/refs{service}").status_code == 403

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_pushes(self, store: EnvStore, method: str) -> None:
        answer = asked(store, method, f"{PATH}/git-receive-pack", content=b"0000")
        assert answer.status_code == 403
        assert "nothing can be pushed" in answer.text

    @pytest.mark.parametrize(
        "path",
        ["", "/", "/HEAD", "/objects/info/packs", "/config", "/info/refs/", "/objects/28/c0f50c",
         "/../../secret", "/%2e%2e/%2e%2e/secret", "//info/refs"],
    )  # fmt: skip
    def test_nothing_else(self, store: EnvStore, path: str) -> None:
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert asked(store, method, f"{PATH}{path}").status_code in {404, 405}

    def test_other_methods(self, store: EnvStore) -> None:
        path = f"{PATH}/info/refs?service=git-upload-pack"
        assert asked(store, "HEAD", path).status_code == 200
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert asked(store, method, path).status_code == 405
            other = asked(store, "GET" if method == "POST" else method, f"{PATH}/git-upload-pack")
            assert other.status_code == 405

    def test_what_is_dropped_between(self, tmp_path: Path) -> None:
        store = EnvStore(tmp_path)
        store.add(ONE)
        path = f"{PATH}/info/refs?service=git-upload-pack"
        assert asked(store, "GET", path).status_code == 200
        for file in tmp_path.iterdir():
            file.unlink()
        answer = sent(store, WANT + pkt.FLUSH + DONE)
        assert answer.status_code == 404
        assert "launch its notebook once more" in answer.text


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server that is not patient, and that sends one pack at a time."""
    store = EnvStore(tmp_path_factory.mktemp("narrow"))
    store.add(ONE)
    store.add(incompressible())
    bounds = Bounds(body_s=0.3, at_once=1, block_s=0.3)
    with served(app(store, bounds)) as url:
        yield url


def incompressible() -> Packed:
    """More than what the buffers of both ends hold."""
    import hashlib

    lines = (hashlib.sha512(str(number).encode()).hexdigest() for number in range(200_000))
    return packed({"requirements.txt": "x\n", "data.txt": "\n".join(lines)})


def opened(url: str) -> socket.socket:
    where = urlsplit(url)
    assert where.hostname
    assert where.port
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    found.settimeout(20)
    found.connect((where.hostname, where.port))
    return found


def head(path: str, length: int) -> bytes:
    return (
        f"POST {path}/git-upload-pack HTTP/1.1\r\nHost: x\r\n"
        f"Content-Type: {REQUEST['Content-Type']}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def test_a_body_that_does_not_come(narrow: str) -> None:
    with opened(narrow) as slow:
        slow.sendall(head(PATH, 100) + b"00")
        assert slow.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_breaks_off(narrow: str) -> None:
    with opened(narrow) as gone:
        gone.sendall(head(PATH, 100) + b"00")
    assert httpx.get(f"{narrow}{PATH}/info/refs?service=git-upload-pack").status_code == 200


def test_a_reader_that_does_not_read(narrow: str) -> None:
    """It has the one place, the next is told to wait, and it is let go in the end."""
    big = incompressible()
    path = f"/env/{big.key}.git"
    body = pkt.line(f"want {big.commit}") + pkt.FLUSH + DONE
    with opened(narrow) as slow, httpx.Client(trust_env=False) as client:
        slow.sendall(head(path, len(body)) + body)
        assert slow.recv(100).startswith(b"HTTP/1.1 200 ")
        url = f"{narrow}{path}/git-upload-pack"
        answer = client.post(url, content=body, headers=REQUEST)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        ends = time.monotonic() + 20
        while answer.status_code == 503 and time.monotonic() < ends:
            time.sleep(0.1)
            answer = client.post(url, content=body, headers=REQUEST)
        assert answer.content == pkt.NAK + pack_file(big.objects)
        received = 0
        while block := slow.recv(1 << 20):
            received += len(block)
        assert received < len(answer.content)
