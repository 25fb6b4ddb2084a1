"""SOCKS5 (RFC 1928) with a password (RFC 1929)."""

from __future__ import annotations

import asyncio
import hmac
from ipaddress import IPv4Address, IPv6Address

from binderclip.gates.asking import USER, Asked, Unusable
from binderclip.guard import Endpoint

_VERSION, _PASSWORD_VERSION = 5, 1
_PASSWORD, _NO_METHOD = 2, 0xFF
_CONNECT = 1
_DONE, _FORBIDDEN, _UNREACHABLE = 0, 2, 4
_IP4, _NAME, _IP6 = 1, 3, 4


async def greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: str) -> Asked:
    """Raises Unusable."""
    await _let_in(reader, writer, secret)
    server = await _server(reader)
    return Asked(server, _answer(_DONE), _answer(_FORBIDDEN), _answer(_UNREACHABLE))


async def _let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: str) -> None:
    """Raises Unusable for who does not know the password: this machine has other users."""
    version, count = await reader.readexactly(2)
    methods = await reader.readexactly(count)
    known = version == _VERSION and _PASSWORD in methods
    writer.write(bytes((_VERSION, _PASSWORD if known else _NO_METHOD)))
    await writer.drain()
    if not known:
        raise Unusable
    version, length = await reader.readexactly(2)
    user = await reader.readexactly(length)
    password = await reader.readexactly((await reader.readexactly(1))[0])
    right = hmac.compare_digest(password, secret.encode()) and user == USER.encode()
    writer.write(bytes((_PASSWORD_VERSION, 0 if right else 1)))
    await writer.drain()
    if not right or version != _PASSWORD_VERSION:
        raise Unusable


async def _server(reader: asyncio.StreamReader) -> Endpoint:
    """The host and port of a request. Names are in lower case; whoever writes an address as a name
    and whoever sends its bytes means the same.
    """
    version, command, _, kind = await reader.readexactly(4)
    if version != _VERSION or command != _CONNECT:
        raise Unusable
    if kind == _IP4:
        host = str(IPv4Address(await reader.readexactly(4)))
    elif kind == _IP6:
        host = str(IPv6Address(await reader.readexactly(16)))
    elif kind == _NAME:
        name = await reader.readexactly((await reader.readexactly(1))[0])
        host = name.decode("ascii", "backslashreplace").lower()
    else:
        raise Unusable
    return host, int.from_bytes(await reader.readexactly(2), "big")


def _answer(code: int) -> bytes:
    return bytes((_VERSION, code, 0, _IP4)) + bytes(6)
