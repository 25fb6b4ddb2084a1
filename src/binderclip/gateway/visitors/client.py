"""Whom limits count."""

from __future__ import annotations

import ipaddress

from starlette.requests import HTTPConnection

_NETWORK_BITS = 64
_WIDER_BITS = 48
WIDER = 16
"""How many times as much as one client's all those of a wider network may have together."""


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


def wider(client: str) -> str | None:
    """The network around a client of IPv6: who rents one has thousands of clients' networks. None
    for all others. ``client`` is as ``counted`` gives it.
    """
    if not client.endswith(f"/{_NETWORK_BITS}"):
        return None
    try:
        network = ipaddress.IPv6Network(client)
    except ValueError:
        return None
    return str(network.supernet(new_prefix=_WIDER_BITS))
