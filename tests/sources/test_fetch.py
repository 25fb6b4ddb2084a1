"""Requests, redirects, limits and refusals, against real servers on loopback."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
import time
import zlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from binderclip import sources
from binderclip.errors import AddressForbidden, SourceError, TooLarge
from binderclip.guard import OpenGuard, PublicGuard
from binderclip.sources import Fetched, Limits


def fetch(address: str, *, guard: Any = None, observe: Any = None, **limits: Any) -> Fetched:
    source = sources.resolve(address)
    return asyncio.run(
        sources.fetch(source, guard=guard or OpenGuard(), limits=Limits(**limits), observe=observe)
    )


def refusal(address: str, **options: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        fetch(address, **options)
    return caught.value


# ── Getting it ──────────────────────────────────────────────────────────────────────────────


def test_notebook(site: Any, notebook: bytes) -> None:
    lines: list[str] = []
    fetched = fetch(site.put("/x/a%20b.ipynb?sig=s3", notebook), observe=lines.append)
    assert fetched.data == notebook
    assert fetched.source.name == "a b.ipynb"
    assert fetched.url == f"{site.url}/x/a%20b.ipynb?sig=s3"
    assert fetched.shown == f"{site.url}/x/a%20b.ipynb?sig=***"
    assert "s3" not in repr(fetched)
    assert lines == [f"asking {site.url}/x/a%20b.ipynb?sig=***"]
    headers = site.requests[0].headers
    assert headers["User-Agent"].startswith("binderclip/")
    assert headers["Accept-Encoding"] == "gzip"
    assert "Authorization" not in headers


def test_path_and_size_limit(tmp_path: Path) -> None:
    file = tmp_path / "a.ipynb"
    file.write_bytes(b"x" * 100)
    lines: list[str] = []
    assert fetch(str(file), observe=lines.append).data == b"x" * 100
    assert lines == [f"reading {file}"]
    assert fetch(str(file), max_bytes=100).url is None
    with pytest.raises(TooLarge):
        fetch(str(file), max_bytes=99)


def test_path_that_went_away(tmp_path: Path) -> None:
    file = tmp_path / "a.ipynb"
    file.write_text("{}")
    source = sources.resolve(str(file))
    file.unlink()
    with pytest.raises(SourceError, match="cannot be read"):
        asyncio.run(sources.fetch(source, guard=OpenGuard()))


def test_standard_input(notebook: bytes) -> None:
    code = (
        "import asyncio, sys; from binderclip import sources; s = sources.resolve('-');"
        "sys.stdout.buffer.write(asyncio.run(sources.fetch(s, guard=sources.OpenGuard())).data)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], input=notebook, capture_output=True, check=True
    )
    assert ran.stdout == notebook


def test_ipv6(site6: Any, notebook: bytes) -> None:
    site6.put("/a.ipynb", notebook)
    assert fetch(f"http://[::1]:{site6.port}/a.ipynb").data == notebook


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="My notebook.ipynb"', "My notebook.ipynb"),
        ("attachment; filename=plain.ipynb", "plain.ipynb"),
        ("attachment; filename=x.ipynb; filename*=UTF-8''%C3%A9t%C3%A9.ipynb", "été.ipynb"),
        ('attachment; filename="../../etc/x.ipynb"', "x.ipynb"),
        ("inline", "download.ipynb"),
    ],
)
def test_name_from_the_server(disposition: str, name: str, site: Any, notebook: bytes) -> None:
    url = site.put("/download", notebook, headers={"Content-Disposition": disposition})
    assert fetch(url).source.name == name


def test_name_in_the_address_wins(site: Any, notebook: bytes) -> None:
    headers = {"Content-Disposition": "attachment; filename=other.ipynb"}
    assert fetch(site.put("/a.ipynb", notebook, headers=headers)).source.name == "a.ipynb"


# ── TLS ─────────────────────────────────────────────────────────────────────────────────────


def test_tls_verifies_the_name_that_was_asked(
    secure: Any, notebook: bytes, make_resolver: Any
) -> None:
    guard = OpenGuard(make_resolver((("127.0.0.1", secure.port),)))
    secure.put("/a.ipynb", notebook)
    assert fetch("https://secure.example.org/a.ipynb", guard=guard).data == notebook
    assert secure.requests[0].host == "secure.example.org"
    error = refusal("https://other.example.org/a.ipynb", guard=guard)
    assert "certificate of other.example.org" in str(error)
    assert "SSL_CERT_FILE" in (error.hint or "")


def test_public_guard_trusts_no_authority_of_the_environment(
    secure: Any, make_resolver: Any
) -> None:
    guard = PublicGuard(
        make_resolver((("127.0.0.1", secure.port),)), allow=[ip_network("127.0.0.1/32")]
    )
    error = refusal("https://secure.example.org/a.ipynb", guard=guard)
    assert "certificate of secure.example.org" in str(error)


def test_tls_spoken_to_a_plain_server(site: Any) -> None:
    error = refusal(f"https://127.0.0.1:{site.port}/a.ipynb")
    assert "no connection" in str(error) or "broke" in str(error)


# ── Redirects ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect(status: int, site: Any, notebook: bytes) -> None:
    site.put("/b.ipynb", notebook)
    lines: list[str] = []
    fetched = fetch(site.move("/a", "b.ipynb", status=status), observe=lines.append)
    assert fetched.data == notebook
    assert fetched.url == f"{site.url}/b.ipynb"
    assert lines[-1] == f"sent on to {site.url}/b.ipynb"
    assert fetched.source.origin == f"{site.url}/a"


def test_redirect_count(site: Any, notebook: bytes) -> None:
    for n in range(4):
        site.move(f"/{n}", f"/{n + 1}")
    site.put("/4", notebook)
    assert fetch(f"{site.url}/0", max_redirects=4).data == notebook
    assert "more than 3 redirects" in str(refusal(f"{site.url}/0", max_redirects=3))


def test_redirect_loop(site: Any) -> None:
    site.move("/a", "/b")
    site.move("/b", "/a")
    assert "in a circle" in str(refusal(f"{site.url}/a"))
    assert len(site.requests) <= 5


def test_cookie_is_kept_for_the_redirect(site: Any, notebook: bytes) -> None:
    """A page may send back to itself once it has set its cookie, as SharePoint does."""

    def page(exchange: Any) -> None:
        if "seen=1" in exchange.headers.get("Cookie", ""):
            exchange.answer(notebook)
        else:
            exchange.redirect("/a.ipynb", headers={"Set-Cookie": "seen=1"})

    site.pages["/a.ipynb"] = page
    assert fetch(f"{site.url}/a.ipynb").data == notebook


@pytest.mark.parametrize(
    "location",
    [
        "ftp://example.org/a",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[bad",
        "\\x",
    ],
)
def test_redirect_to_no_web_address(location: str, site: Any) -> None:
    error = refusal(site.move("/a.ipynb", location))
    assert "no http(s) address" in str(error) or "not found" in str(error)


def test_redirect_from_https_to_http(secure: Any, site: Any, make_resolver: Any) -> None:
    guard = OpenGuard(make_resolver((("127.0.0.1", secure.port),)))
    secure.move("/a.ipynb", f"{site.url}/a.ipynb?token=tt")
    error = refusal("https://secure.example.org/a.ipynb", guard=guard)
    assert "from https to http" in str(error)
    assert "tt" not in str(error).replace("http", "")
    assert site.requests == []


def test_password_goes_to_its_host_alone(site: Any, site6: Any, notebook: bytes) -> None:
    site6.put("/b.ipynb", notebook)
    site.move("/a", "/same")
    site.move("/same", f"http://[::1]:{site6.port}/b.ipynb")
    fetched = fetch(f"http://me:p%40ss@127.0.0.1:{site.port}/a")
    expected = "Basic " + b64encode(b"me:p@ss").decode()
    assert [seen.headers.get("Authorization") for seen in site.requests] == [expected, expected]
    assert "Authorization" not in site6.requests[0].headers
    assert "p%40ss" not in f"{fetched!r} {fetched.shown} {fetched.url}"


def test_password_in_a_redirect_is_not_used(site: Any, notebook: bytes) -> None:
    site.put("/b.ipynb", notebook)
    fetch(site.move("/a", f"http://you:pw@127.0.0.1:{site.port}/b.ipynb"))
    assert all("Authorization" not in seen.headers for seen in site.requests)


# ── Limits ──────────────────────────────────────────────────────────────────────────────────


def test_announced_size(site: Any) -> None:
    error = refusal(site.put("/a.ipynb", b"x" * 2000), max_bytes=1999)
    assert isinstance(error, TooLarge)
    assert "1,999 bytes" in str(error)


def test_unannounced_size(site: Any) -> None:
    sent = []

    def endless(exchange: Any) -> None:
        exchange.send_response(200)
        exchange.end_headers()
        for _ in range(2000):
            exchange.wfile.write(b"x" * 65536)
            sent.append(1)

    site.pages["/a.ipynb"] = endless
    assert isinstance(refusal(f"{site.url}/a.ipynb", max_bytes=100_000), TooLarge)
    assert len(sent) < 2000


@cache
def bomb() -> bytes:
    squeezed = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(squeezed.compress(b" " * 2**20) for _ in range(100)) + squeezed.flush()


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "GZIP"])
def test_decompression_bomb(encoding: str, site: Any) -> None:
    """100 MiB in 100 kB: refused while it unfolds, with little memory."""
    import tracemalloc

    url = site.put("/a.ipynb", bomb(), headers={"Content-Encoding": encoding})
    tracemalloc.start()
    try:
        assert isinstance(refusal(url, max_bytes=2**20), TooLarge)
        assert tracemalloc.get_traced_memory()[1] < 30 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "nonsense"])
def test_compression_that_was_not_asked_for(encoding: str, site: Any) -> None:
    url = site.put("/a.ipynb", b"\x1b\xff", headers={"Content-Encoding": encoding})
    assert "not asked for" in str(refusal(url))


def members(data: bytes) -> bytes:
    return gzip.compress(data[:10]) + gzip.compress(data[10:])


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress, members])
def test_compressed(compress: Any, site: Any, notebook: bytes) -> None:
    data = notebook + b" " * 300_000
    url = site.put("/a.ipynb", compress(data), headers={"Content-Encoding": "gzip"})
    assert fetch(url).data == data
    assert fetch(url, max_bytes=len(data)).data == data
    assert isinstance(refusal(url, max_bytes=len(data) - 1), TooLarge)


def test_damaged_compression(site: Any, notebook: bytes) -> None:
    headers = {"Content-Encoding": "gzip"}
    whole = gzip.compress(notebook)
    assert "damaged" in str(refusal(site.put("/a.ipynb", b"no gzip", headers=headers)))
    assert "ended too early" in str(refusal(site.put("/a.ipynb", whole[:-9], headers=headers)))


def test_body_shorter_than_announced(site: Any, notebook: bytes) -> None:
    url = site.put("/a.ipynb", notebook, headers={"Content-Length": str(len(notebook) + 10)})
    assert "broke before all had come" in str(refusal(url))


def test_slow_drip_ends_at_the_deadline(site: Any) -> None:
    """A byte now and then keeps a connection alive, but not for ever."""

    def drip(exchange: Any) -> None:
        exchange.send_response(200)
        exchange.end_headers()
        for _ in range(100):
            exchange.wfile.write(b" ")
            exchange.wfile.flush()
            time.sleep(0.05)

    site.pages["/a.ipynb"] = drip
    error = refusal(f"{site.url}/a.ipynb", total_timeout_s=0.3)
    assert "not there after 0.3 s" in str(error)


def test_server_that_never_answers(site: Any) -> None:
    site.pages["/a.ipynb"] = lambda _: time.sleep(2)
    error = refusal(f"{site.url}/a.ipynb", total_timeout_s=0.2)
    assert "not there after" in str(error) or "did not answer in time" in str(error)


def test_name_that_never_resolves() -> None:
    async def never(host: str, port: int) -> tuple[tuple[str, int], ...]:
        await asyncio.sleep(30)
        return ((host, port),)

    error = refusal("http://slow.example.org/", guard=OpenGuard(never), total_timeout_s=0.2)
    assert "not there after" in str(error)


def test_nobody_listens() -> None:
    import socket

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        assert "no connection to 127.0.0.1" in str(refusal(f"http://127.0.0.1:{port}/a.ipynb"))


def test_no_http_at_all(site: Any) -> None:
    site.pages["/a.ipynb"] = lambda exchange: exchange.wfile.write(b"\x00\x01garbage\r\n\r\n")
    assert "broke" in str(refusal(f"{site.url}/a.ipynb"))


# ── Refusals of servers ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (401, "wants a login", "if it is private"),
        (403, "refused (403)", "browser"),
        (404, "not found (404)", "browser"),
        (410, "not found (410)", "browser"),
        (418, "answered 418", ""),
        (204, "answered 204", ""),
        (299, "answered 299", ""),
        (500, "has a fault (500", "later"),
        (503, "is busy", "try again"),
        (429, "limits how often", "try again"),
    ],
)
def test_status(status: int, message: str, hint: str, site: Any) -> None:
    error = refusal(site.put("/a.ipynb?token=tt", b"", status=status))
    assert message in str(error)
    assert hint in (error.hint or "")
    assert "tt" not in str(error).replace("http", "")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("30", "in 30 seconds"),
        ("300", "in 5 minutes"),
        ("7200", "in 2 hours"),
        ("0", "in some minutes"),
        ("nonsense", "in some minutes"),
        ("9" * 40, "in some minutes"),
    ],
)
def test_retry_after(value: str, said: str, site: Any) -> None:
    url = site.put("/a.ipynb", b"", status=429, headers={"Retry-After": value})
    assert said in (refusal(url).hint or "")


def test_retry_after_a_date(site: Any) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=5, minutes=1), usegmt=True)
    url = site.put("/a.ipynb", b"", status=503, headers={"Retry-After": date})
    assert refusal(url).hint == "try again in 6 hours"


def test_limit_of_github(secure: Any, make_resolver: Any) -> None:
    guard = OpenGuard(make_resolver((("127.0.0.1", secure.port),)))
    reset = str(int(time.time()) + 1500)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    secure.put("/gists/0123456789abcdef0123456789abcdef", b"", status=403, headers=headers)
    error = refusal("https://gist.github.com/u/0123456789abcdef0123456789abcdef", guard=guard)
    assert "limits how often" in str(error)
    assert "in 25 minutes" in (error.hint or "")


def test_private_repository(secure: Any, make_resolver: Any) -> None:
    guard = OpenGuard(make_resolver((("127.0.0.1", secure.port),)))
    error = refusal("https://github.com/o/r/blob/main/a.ipynb", guard=guard)
    assert "a wrong ref or path, or a private repository" in str(error)


# ── Proxies ─────────────────────────────────────────────────────────────────────────────────


def test_proxy_of_the_environment(
    site: Any, notebook: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy resolves the name: it is asked for the whole address."""
    site.pages["http://far.invalid/a.ipynb"] = lambda exchange: exchange.answer(notebook)
    monkeypatch.setenv("http_proxy", f"http://u:pw@127.0.0.1:{site.port}")
    assert fetch("http://far.invalid/a.ipynb").data == notebook
    assert site.requests[0].path == "http://far.invalid/a.ipynb"
    assert site.requests[0].headers["Proxy-Authorization"].startswith("Basic ")


def test_no_proxy(site: Any, notebook: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert fetch(site.put("/a.ipynb", notebook)).data == notebook


def test_public_guard_uses_no_proxy(
    site: Any, notebook: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    guard = PublicGuard(allow=[ip_network("127.0.0.1/32")])
    assert fetch(site.put("/a.ipynb", notebook), guard=guard).data == notebook


def test_proxy_that_refuses(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    site.pages["secure.example.org:443"] = lambda exchange: exchange.answer(b"", status=403)
    monkeypatch.setenv("https_proxy", f"127.0.0.1:{site.port}")
    error = refusal("https://secure.example.org/a.ipynb")
    assert "proxy" in str(error) or "broke" in str(error)


@pytest.mark.parametrize("proxy", ["nonsense://x", "http://h:port"])
def test_proxy_that_cannot_be(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    assert "proxy in the environment" in str(refusal("http://far.invalid/a.ipynb"))


def test_socks_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1")
    error = refusal("http://far.invalid/a.ipynb")
    assert "SOCKS" in str(error) or "no connection" in str(error)


def test_forbidden_is_a_source_error() -> None:
    assert issubclass(AddressForbidden, SourceError)
