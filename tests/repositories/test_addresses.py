"""Which addresses of strangers git is given, and in which form."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from ipaddress import ip_network
from typing import TYPE_CHECKING, NoReturn

import pytest
from tests.repositories.hostile import redirect, small_pack

from binderclip.cache import Cache
from binderclip.errors import AddressForbidden, BinderclipError, Refused
from binderclip.guard import OpenGuard, PublicGuard
from binderclip.repositories.address import public
from binderclip.repositories.cached import cached

if TYPE_CHECKING:
    from tests.local.conftest import Origin, Served
    from tests.repositories.conftest import Asking
    from tests.repositories.hostile import Hostile

Serve = Callable[..., AbstractContextManager["Served"]]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://github.com/o/r", "https://github.com/o/r"),
        ("HTTPS://GitHub.COM:443/O/R.git", "https://github.com/O/R.git"),
        ("http://example.org.:8080/r", "http://example.org:8080/r"),
        ("https://bücher.example/r", "https://xn--bcher-kva.example/r"),
        ("https://\uff47ithub.com/o/r", "https://github.com/o/r"),
        ("https://example.org/a/../r", "https://example.org/r"),
        ("https://example.org/a b/ü", "https://example.org/a%20b/%C3%BC"),
        ("https://1.example.org/r", "https://1.example.org/r"),
        ("https://my_host.example/r", "https://my_host.example/r"),
        ("http://192.0.2.1/r", "http://192.0.2.1/r"),
        ("http://\uff11\uff19\uff12.0.2.1/r", "http://192.0.2.1/r"),
        ("http://[2001:DB8::1]:8000/r", "http://[2001:db8::1]:8000/r"),
    ],
)
def test_plain_addresses(written: str, read: str) -> None:
    assert public(written).url == read


# Each is 127.0.0.1 (or leads there) to curl, to the C library or to a browser.
LOOPBACKS = [
    "2130706433",
    "0x7f000001",
    "017700000001",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f.1",
    "127.1",
    "127.0.1",
    "127.0.0.01",
    "127.0.0.0x1",
    "00000127.0.0.1",
    "127.0.0.1.",
    "127.0.0.1..",
    "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
    "127。0。0。1",
    "①②⑦.0.0.1",
    "%31%32%37.0.0.1",
    "[::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:7f00:0001]",
    "[0:0:0:0:0:0:0:1]",
    "[::1%25lo]",
    "[::1%lo]",
    "localhost",
    "LOCALHOST.",
    "x.localhost",
    "127.0.0.1%00.example.org",
    "127.0.0.1\\.example.org",
    "0",
    "0.0.0.0",
    "[::]",
]


@pytest.mark.parametrize("host", LOOPBACKS)
def test_no_spelling_of_loopback_gets_through(cache: Cache, hostile: Hostile, host: str) -> None:
    """The guard looks names up as the system does, and lets nobody in here."""
    hostile.honest(*small_pack())

    def ask() -> None:
        repository = cached(f"http://{host}:{hostile.port}/r", cache, guard=PublicGuard())
        asyncio.run(repository.resolve("main"))

    with pytest.raises(BinderclipError):
        ask()
    assert hostile.seen == []


SECONDS = [
    host.replace("433", "434").replace("001", "002").replace("0.1", "0.2")
    for host in LOOPBACKS
    if host.endswith("1") or host == "2130706433"
]


@pytest.mark.parametrize("host", [*SECONDS, "127.2", "127.0.0.2", "[::ffff:7f00:2]"])
def test_no_spelling_gets_through_by_a_redirect(
    cache: Cache, start_server: Callable[..., Hostile], host: str
) -> None:
    """One address of this machine is open here, and its neighbour is not."""
    first, second = start_server("127.0.0.1"), start_server("127.0.0.2")
    second.honest(*small_pack())
    to = f"http://{host}:{second.port}/r/info/refs?service=git-upload-pack"
    first.answers["info"] = redirect(to)
    guard = PublicGuard(allow=[ip_network("127.0.0.1/32")])
    with pytest.raises(BinderclipError):
        asyncio.run(cached(f"{first.url}/r", cache, guard=guard).resolve("main"))
    assert first.seen
    assert second.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc",
        "ssh://git@example.org/r",
        "git@example.org:r",
        "git://example.org/r",
        "ext::sh -c touch% /tmp/x",
        "ftp://example.org/r",
        "http::http://example.org/r",
        "/srv/r.git",
        "-x",
        "--upload-pack=touch",
        "https://ada@example.org/r",
        "https://ada:secret-word@example.org/r",
        "https://@example.org/r",
        "https://example.org@127.0.0.1/r",
        "https://example.org/r?token=secret-word",
        "https://example.org/r?",
        "https://example.org/r#main",
        "https://example.org\\@127.0.0.1/r",
        "https://example.org:443:80/r",
        "https://example.org:0/r",
        "https://example.org:99999/r",
        "https://-x.example.org/r",
        "https://x-.example.org/r",
        "https://a..b/r",
        "https://a*b/r",
        "https://a'b/r",
        f"https://{'x' * 64}.org/r",
        f"https://{'x.' * 127}org/r",
        "https:///r",
        "https://example.org/\nr",
        "https://example.org/r\x00",
        "https://1.2.3.4.5/r",
        "https://example.0x7f/r",
        "https://[2001:0db8::1]/r",
        "https://[2001:db8:0:0:0:0:0:1]/r",
    ],
)
def test_everything_else_is_refused(cache: Cache, url: str) -> None:
    with pytest.raises(Refused, match="expected") as caught:
        cached(url, cache, guard=PublicGuard())
    assert "secret-word" not in f"{caught.value} {caught.value.hint}"


def test_a_personal_guard_changes_nothing(cache: Cache) -> None:
    """What the person names is theirs to name."""
    url = "ssh://git@example.org/r"
    assert cached(url, cache, guard=OpenGuard()).name == cached(url, cache).name


@pytest.mark.parametrize("host", ["forge.test", "FORGE.Test", "forge.test.", "\uff46orge.test"])
def test_a_name_is_looked_up_once_and_that_is_where_git_goes(
    asking: Asking, origin: Origin, serve: Serve, host: str
) -> None:
    """Nobody else knows these names: git cannot have looked them up."""
    commit = origin.commit({"a": "1"})
    with serve(origin.path.parent) as server:
        repository = asking.open(f"{server.url.replace('127.0.0.1', host)}/origin.git")
        assert asyncio.run(repository.resolve("main")) == commit
        asyncio.run(repository.fetch(commit))
    assert asking.names.asked == ["forge.test"]


def test_names_below_localhost_lead_where_the_guard_says(
    asking: Asking, start_server: Callable[..., Hostile]
) -> None:
    """Libcurl knows better (127.0.0.1), without asking anybody."""
    other = start_server("127.0.0.2")
    commit, pack = small_pack()
    other.honest(commit, pack)
    asking.names.answers["forge.localhost"] = [("127.0.0.2",)]
    repository = asking.open(f"http://forge.localhost:{other.port}/r")
    assert asyncio.run(repository.resolve("main")) == commit


def test_ipv6(
    asking: Asking,
    lacking: Callable[[str, str], NoReturn],
    start_server: Callable[..., Hostile],
) -> None:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            lacking("IPv6 on loopback", "a network with it")
    commit, pack = small_pack()
    server = start_server("::1")
    server.honest(commit, pack)
    asking.networks = ("::1/128",)
    asking.names.answers["::1"] = [("::1",)]
    repository = asking.open(f"{server.url}/r")
    assert asyncio.run(repository.resolve("main")) == commit
    asyncio.run(repository.fetch(commit))
    assert repository.has(commit)


def test_rebinding_is_of_no_use(asking: Asking, start_server: Callable[..., Hostile]) -> None:
    """The second answer is the first one's neighbour, who is allowed too: it is not asked."""
    first, commit_and_pack = start_server("127.0.0.1"), small_pack()
    first.honest(*commit_and_pack)
    asking.names.answers["forge.test"] = [("127.0.0.1",), ("127.0.0.2",)]
    repository = asking.open(f"http://forge.test:{first.port}/r")
    commit = asyncio.run(repository.resolve("main"))
    asyncio.run(repository.fetch(commit))
    assert repository.has(commit)
    assert asking.names.asked == ["forge.test"]


def test_an_answer_with_a_forbidden_address_in_it_is_refused(
    asking: Asking, hostile: Hostile
) -> None:
    hostile.honest(*small_pack())
    asking.names.answers["forge.test"] = [("127.0.0.1", "10.0.0.1")]
    with pytest.raises(AddressForbidden):
        asyncio.run(asking.open(f"http://forge.test:{hostile.port}/r").resolve("main"))
    assert hostile.seen == []


def test_the_next_address_is_tried_where_one_does_not_answer(
    asking: Asking, hostile: Hostile
) -> None:
    commit, pack = small_pack()
    hostile.honest(commit, pack)
    asking.names.answers["forge.test"] = [("127.0.0.3", "127.0.0.1")]
    repository = asking.open(f"http://forge.test:{hostile.port}/r")
    assert asyncio.run(repository.resolve("main")) == commit
