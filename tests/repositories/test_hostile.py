"""Servers that try to lead git elsewhere. Nothing may come to where they point."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.repositories.hostile import (
    ADVERTISEMENT,
    DELIMITER,
    FLUSH,
    RESULT,
    Pack,
    band,
    blob_name,
    line,
    plain,
    sent,
    small_pack,
)

from binderclip.errors import AddressForbidden, LaunchError, ResolveError, TooLarge
from binderclip.repositories.bounds import Bounds

if TYPE_CHECKING:
    from tests.local.conftest import Origin
    from tests.repositories.conftest import Asking
    from tests.repositories.hostile import Answer, Hostile


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "elsewhere.test", "x.forge.test"])
def test_packs_that_lie_elsewhere(
    asking: Asking, hostile: Hostile, start_server: Callable[..., Hostile], host: str
) -> None:
    """Git takes `packfile-uris` that it did not ask for, whatever fetch.uriProtocols says. On the
    same host another port is another server.
    """
    trap = start_server("127.0.0.2" if host == "127.0.0.2" else "127.0.0.1")
    commit, pack = small_pack()
    hostile.honest(commit, pack)
    uri = f"http://{host}:{trap.port}/latest/meta-data"
    section = line(b"packfile-uris\n") + line(f"{'1' * 40} {uri}".encode()) + DELIMITER
    hostile.answers["fetch"] = plain(sent(commit, band(1, pack), section), RESULT)
    server = "forge.test" if host.endswith("test") else "127.0.0.1"
    repository = asking.open(f"http://{server}:{hostile.port}/r")
    with pytest.raises(AddressForbidden, match=rf"sends git on to {host}:{trap.port}"):
        asyncio.run(repository.fetch(commit))
    assert trap.seen == []
    assert not repository.has(commit)
    assert asking.kept == []


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "ext::touch x", "scp://x/y", "ftp://x/y"])
def test_packs_by_other_protocols(
    asking: Asking, hostile: Hostile, uri: str, tmp_path: Path
) -> None:
    commit, pack = small_pack()
    hostile.honest(commit, pack)
    local = tmp_path / "local.pack"
    local.write_bytes(pack)
    uri = f"file://{local}" if uri.startswith("file") else uri
    section = line(b"packfile-uris\n") + line(f"{'1' * 40} {uri}".encode()) + DELIMITER
    hostile.answers["fetch"] = plain(sent(commit, band(1, pack), section), RESULT)
    repository = asking.open(f"{hostile.url}/r")
    with pytest.raises(ResolveError):
        asyncio.run(repository.fetch(commit))
    assert not repository.has(commit)
    assert asking.kept == []


@contextmanager
def files(folder: Path) -> Iterator[tuple[int, list[str]]]:
    """A server of plain files, its port and what it is asked for."""
    seen: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            seen.append(self.path)

    served = partial(Handler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), served)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_plain_files_and_their_alternates(
    asking: Asking, make_origin: Callable[..., Origin], trap: Hostile
) -> None:
    """What a server of plain files lacks, git looks for where they say: at other servers."""
    origin = make_origin("dumb")
    commit = origin.commit({"a": "1"})
    store = origin.path
    (store / "objects" / "info").mkdir(exist_ok=True)
    (store / "objects" / "info" / "http-alternates").write_text(f"{trap.url}/objects\n")
    (store / "objects" / "info" / "alternates").write_text(f"/etc\n{trap.url}/objects\n")
    blob = origin.git("rev-parse", "HEAD:a")
    (store / "objects" / blob[:2] / blob[2:]).unlink()
    subprocess.run(["git", f"--git-dir={store}", "update-server-info"], check=False)
    (store / "info" / "refs").write_text(f"{commit}\trefs/heads/main\n")
    with files(store.parent) as (port, seen):
        repository = asking.open(f"http://forge.test:{port}/dumb.git")
        with pytest.raises(ResolveError):
            asyncio.run(repository.fetch(commit))
        with pytest.raises(ResolveError):
            asyncio.run(repository.fetch("dead" * 10))
    assert not any("/objects/" in path for path in seen)
    assert trap.seen == []
    assert asking.kept == []


@pytest.mark.parametrize("offer", ["bundle-uri", "promisor-remote=name=x,url=URL", "object-info"])
def test_offers_that_are_not_taken_up(
    asking: Asking, hostile: Hostile, trap: Hostile, offer: str
) -> None:
    commit, pack = small_pack()
    hostile.honest(commit, pack, offer.replace("URL", f"{trap.url}/r"))
    repository = asking.open(f"{hostile.url}/r")
    assert asyncio.run(repository.resolve("main")) == commit
    asyncio.run(repository.fetch(commit))
    with repository.tree(commit) as tree:
        assert tree.read("a") == "hello\n"
    assert b"bundle-uri" not in b"".join(hostile.bodies)
    assert b"promisor-remote" not in b"".join(hostile.bodies)
    assert trap.seen == []


def test_missing_objects_are_not_looked_for_elsewhere(
    asking: Asking, hostile: Hostile, trap: Hostile
) -> None:
    """A pack without its file, from a server that names another that has it."""
    pack = Pack()
    commit = pack.commit(pack.tree([("a", blob_name(b"hello\n"))]))
    hostile.honest(commit, pack.written(), f"promisor-remote=name=x,url={trap.url}/r", "filter")
    repository = asking.open(f"{hostile.url}/r")
    with pytest.raises(ResolveError):
        asyncio.run(repository.fetch(commit))
    assert trap.seen == []
    assert asking.kept == []


def test_names_that_would_write_another_ref(asking: Asking, hostile: Hostile) -> None:
    """A branch by such a name must not make a commit look fetched that is another."""
    commit, pack = small_pack(b"evil\n")
    wanted = "dead" * 10
    hostile.honest(commit, pack)
    rows = (f"{commit} refs/heads/main", f"{commit} refs/heads/main:refs/binderclip/{wanted}")
    hostile.answers["refs"] = plain(b"".join(line(f"{r}\n".encode()) for r in rows) + FLUSH, RESULT)
    whole = hostile.answers["fetch"]
    first = plain(line(b"ERR upload-pack: cannot give that") + FLUSH, RESULT)

    def give(handler: BaseHTTPRequestHandler) -> None:
        (whole if first in given else first)(handler)
        given.append(first)

    given: list[Answer] = []
    hostile.answers["fetch"] = give
    repository = asking.open(f"{hostile.url}/r")
    assert "refs/heads/main" in asyncio.run(repository.everything())
    assert not any(":" in name for name in asyncio.run(repository.everything()))
    with pytest.raises(ResolveError):
        asyncio.run(repository.fetch(wanted))
    assert not repository.has(wanted)
    assert asking.kept == []


def test_more_names_than_are_fetched_one_by_one(asking: Asking, hostile: Hostile) -> None:
    """A server that gives nothing but what its refs name has a great many of these."""
    commit, pack = small_pack()
    hostile.honest(commit, pack)
    rows = (f"{commit} refs/heads/b{n}\n" for n in range(30))
    hostile.answers["refs"] = plain(b"".join(line(r.encode()) for r in rows) + FLUSH, RESULT)
    hostile.answers["fetch"] = plain(line(b"ERR upload-pack: cannot give that") + FLUSH, RESULT)
    repository = asking.open(f"{hostile.url}/r", bounds=Bounds(named=20))
    with pytest.raises(TooLarge, match="branches and tags alone, and has 30; expected at most 20"):
        asyncio.run(repository.fetch("dead" * 10))
    assert asking.kept == []


@pytest.mark.parametrize(
    "answer",
    [
        plain(b"<html>not git</html>", "text/html"),
        plain(b"", ADVERTISEMENT),
        plain(b"0000", ADVERTISEMENT),
        plain(b"zzzz", ADVERTISEMENT),
        plain(b"ffff", ADVERTISEMENT),
        plain(line(b"version 3\n") + FLUSH, ADVERTISEMENT),
        plain(line(b"ERR \x1b[2Jno ada:secret@x") + FLUSH, ADVERTISEMENT),
        plain(b"\0" * 100, ADVERTISEMENT),
        plain(b"", ADVERTISEMENT, 500),
        plain(b"", ADVERTISEMENT, 304),
    ],
)
def test_nonsense_is_an_error_that_can_be_shown(
    asking: Asking, hostile: Hostile, answer: Callable[..., None]
) -> None:
    hostile.answers["info"] = answer
    for work in ("resolve", "fetch"):
        repository = asking.open(f"{hostile.url}/r")
        name = "main" if work == "resolve" else "dead" * 10
        with pytest.raises((ResolveError, LaunchError)) as told:
            asyncio.run(getattr(repository, work)(name))
        assert str(told.value).isprintable()
    assert asking.kept == []
