"""An HTTP proxy (RFC 9110, 9112): tunnels for https, and for http one question a connection.

Only GET and HEAD are passed on, without a body: what uses it asks for indexes. One question a
connection, since the next could be for another server.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Iterator
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from binderclip.gates.asking import USER, Asked, Unusable

_NO_BODY = b"Content-Length: 0\r\nConnection: close\r\n\r\n"
_LOGIN = b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="gate"\r\n'
_NOT_DONE = b"HTTP/1.1 405 Method Not Allowed\r\n"
_FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\n" + _NO_BODY
_UNREACHABLE = b"HTTP/1.1 502 Bad Gateway\r\n" + _NO_BODY
_HOP = frozenset({"connection", "keep-alive", "te", "trailer", "upgrade", "host"})
"""Headers between two neighbours alone; and the server's name, which the address has."""
_BODY = frozenset({"content-length", "transfer-encoding"})
_PORT = 80

_Headers = list[tuple[str, str]]


async def greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: str) -> Asked:
    """Raises Unusable."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.LimitOverrunError as error:
        raise Unusable from error
    line, *fields = head.removesuffix("\r\n\r\n").split("\r\n")
    headers = [
        (name.strip(), value.strip()) for name, _, value in (f.partition(":") for f in fields)
    ]
    if not _knows(headers, secret):
        await _refuse(writer, _LOGIN)
    method, _, rest = line.partition(" ")
    target = rest.rpartition(" ")[0]
    if method == "CONNECT":
        parts = _split(f"//{target}")
        if parts.hostname and parts.port and not parts.path:
            server = parts.hostname, parts.port
            return Asked(server, b"HTTP/1.1 200 OK\r\n\r\n", _FORBIDDEN, _UNREACHABLE)
    elif method in {"GET", "HEAD"} and not any(name.lower() in _BODY for name, _ in headers):
        parts = _split(target)
        if parts.scheme == "http" and parts.hostname:
            server = parts.hostname, parts.port or _PORT
            first = "\r\n".join(_passed_on(method, parts, headers)).encode("latin-1")
            return Asked(server, b"", _FORBIDDEN, _UNREACHABLE, first, tunnel=False)
    return await _refuse(writer, _NOT_DONE)


def _knows(headers: _Headers, secret: str) -> bool:
    """Other users of this machine do not."""
    login = base64.b64encode(f"{USER}:{secret}".encode())
    given = [value for name, value in headers if name.lower() == "proxy-authorization"]
    return len(given) == 1 and hmac.compare_digest(given[0].encode(), b"Basic " + login)


async def _refuse(writer: asyncio.StreamWriter, answer: bytes) -> NoReturn:
    writer.write(answer + _NO_BODY)
    await writer.drain()
    raise Unusable


def _split(target: str) -> SplitResult:
    try:
        parts = urlsplit(target)
        _ = parts.port, parts.hostname
    except ValueError as error:
        raise Unusable from error
    return parts


def _passed_on(method: str, parts: SplitResult, headers: _Headers) -> Iterator[str]:
    query = f"?{parts.query}" if parts.query else ""
    yield f"{method} {parts.path or '/'}{query} HTTP/1.1"
    yield f"Host: {parts.netloc.rpartition('@')[2]}"
    for name, value in headers:
        if name.lower() not in _HOP and not name.lower().startswith("proxy-"):
            yield f"{name}: {value}"
    yield "Connection: close\r\n\r\n"
