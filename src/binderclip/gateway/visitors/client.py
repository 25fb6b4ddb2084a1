"""Whom limits count."""

from __future__ import annotations

import ipaddress

from starlette.requests import HTTPConnection

_NETWORK_BITS = 64


def client_of(connection: HTTPConnection) -> str:
    """The address that asks; of IPv6 its network, since a household has all of one. The server has
    put the client's address in place of a trusted proxy's already.
    """
    return counted(connection.client.host if connection.client else "")


def counted(host: str) -> str:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        # A socket of this machine, or what a trusted proxy said instead of an address.
        return host[:64] or "here"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _NETWORK_BITS), strict=False))
