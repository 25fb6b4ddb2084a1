"""Which hosts may be reached, at the moment of the connection."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from binderclip import sources
from binderclip.errors import AddressForbidden, SourceError
from binderclip.guard import OpenGuard, PublicGuard, is_public, this_machine

PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:4700::1111", "2a00:1450:4001::200e")
NOT_PUBLIC = (
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


def reach(guard: Any, host: str, port: int = 443) -> Any:
    return asyncio.run(guard.endpoints(host, port))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_name_that_leads_inside_is_refused(address: str, make_resolver: Any) -> None:
    guard = PublicGuard(make_resolver(((address, 443),)))
    with pytest.raises(AddressForbidden) as caught:
        reach(guard, "rebound.example.org")
    assert address not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("order", [1, -1])
def test_one_answer_inside_refuses_all(order: int, make_resolver: Any) -> None:
    answers = (("93.184.216.34", 443), ("127.0.0.1", 443))[::order]
    with pytest.raises(AddressForbidden):
        reach(PublicGuard(make_resolver(answers)), "mixed.example.org")


def test_public_answers_pass(make_resolver: Any) -> None:
    answers = (("93.184.216.34", 443), ("2606:4700::1111", 443))
    assert reach(PublicGuard(make_resolver(answers)), "example.org") == answers


@pytest.mark.parametrize(("port", "allowed"), [(80, True), (443, True), (8080, True), (25, False)])
def test_web_ports_only(port: int, allowed: bool, make_resolver: Any) -> None:  # noqa: FBT001 - a table
    guard = PublicGuard(make_resolver((("93.184.216.34", port),)))
    if allowed:
        assert reach(guard, "example.org", port)
    else:
        with pytest.raises(AddressForbidden):
            reach(guard, "example.org", port)


# What the operating system's resolver makes of numbers is its own affair: what it answers counts.
FORMS = (
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:0:0:1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::1]",
    "[fe80::1]",
    "[fec0::1]",
    "192.0.0.8",
    "100.64.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "localhost",
    "LOCALHOST.",
    "①②⑦.0.0.1",
)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_an_inner_address_is_refused(form: str, site: Any, notebook: bytes) -> None:
    """Over the whole way of a fetch: not one connection arrives."""
    site.put("/a.ipynb", notebook)

    async def whole() -> None:
        source = sources.resolve(f"http://{form}:{site.port}/a.ipynb")
        await sources.fetch(source, guard=PublicGuard())

    with pytest.raises(SourceError):
        asyncio.run(whole())
    assert site.requests == []


def test_open_guard_reaches_loopback(site: Any, notebook: bytes) -> None:
    source = sources.resolve(site.put("/a.ipynb", notebook))
    assert asyncio.run(sources.fetch(source, guard=OpenGuard())).data == notebook


def test_allowed_network_and_no_other(site: Any, notebook: bytes) -> None:
    guard = PublicGuard(allow=[ip_network("127.0.0.1/32")])
    source = sources.resolve(site.put("/a.ipynb", notebook))
    assert asyncio.run(sources.fetch(source, guard=guard)).data == notebook
    with pytest.raises(AddressForbidden):
        reach(guard, "127.0.0.2", site.port)


@pytest.mark.parametrize("inside", ["127.0.0.2", "[::1]", "2130706434", "localhost6.example.org"])
def test_redirect_inside_is_refused(inside: str, site: Any, notebook: bytes) -> None:
    guard = PublicGuard(allow=[ip_network("127.0.0.1/32")])
    site.put("/b.ipynb", notebook)
    source = sources.resolve(site.move("/a.ipynb", f"http://{inside}:{site.port}/b.ipynb"))
    with pytest.raises(SourceError):
        asyncio.run(sources.fetch(source, guard=guard))
    assert [seen.path for seen in site.requests] == ["/a.ipynb"]


def test_resolved_once_and_connected_to_what_was_checked(
    site: Any, notebook: bytes, make_resolver: Any
) -> None:
    """The name means nothing to the system: only the resolver's answer can have been used."""
    resolver = make_resolver((("127.0.0.1", site.port),))
    site.put("/a.ipynb", notebook)
    source = sources.resolve("http://name.invalid/a.ipynb")
    assert asyncio.run(sources.fetch(source, guard=OpenGuard(resolver))).data == notebook
    assert resolver.asked == ["name.invalid"]
    assert site.requests[0].host == "name.invalid"


def test_the_next_address_is_tried(site: Any, notebook: bytes, make_resolver: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        answers = (("127.0.0.1", closed.getsockname()[1]), ("127.0.0.1", site.port))
        site.put("/a.ipynb", notebook)
        source = sources.resolve("http://two.example.org/a.ipynb")
        guard = OpenGuard(make_resolver(answers))
        assert asyncio.run(sources.fetch(source, guard=guard)).data == notebook


def test_unknown_names(make_resolver: Any) -> None:
    with pytest.raises(SourceError, match=r"no address is known for the host nowhere\.example"):
        reach(OpenGuard(make_resolver(())), "nowhere.example")
    with pytest.raises(SourceError, match="no address is known"):
        reach(OpenGuard(), "a" * 70 + ".example")


def test_public_guard_reads_no_local_files(tmp_path: Any) -> None:
    file = tmp_path / "a.ipynb"
    file.write_text("{}")
    for address in (str(file), file.as_uri(), "-"):
        with pytest.raises(AddressForbidden):
            asyncio.run(sources.fetch(sources.resolve(address), guard=PublicGuard()))


def test_public_guard_takes_no_passwords(site: Any) -> None:
    guard = PublicGuard(allow=[ip_network("127.0.0.1/32")])
    source = sources.resolve(f"http://me:pw@127.0.0.1:{site.port}/a.ipynb")
    with pytest.raises(AddressForbidden, match="user or password"):
        asyncio.run(sources.fetch(source, guard=guard))
    assert site.requests == []


OURS = ("localhost", "127.0.0.1", "127.1", "0.0.0.0", "0", "::1", "::", "::ffff:127.0.0.1")


@pytest.mark.parametrize("host", [*OURS, "2130706433", socket.gethostname()])
def test_other_names_of_this_machine(host: str) -> None:
    assert asyncio.run(this_machine(host))


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "2001:db8::1"])
def test_what_is_not_this_machine(host: str) -> None:
    assert not asyncio.run(this_machine(host))
