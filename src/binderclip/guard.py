"""Who may be reached. A guard stands where connections are made, so that what it checked is what
is connected to: a name is resolved once, every answer is looked at, and the connection goes to
an address that passed. Redirects and look-ups make connections too, so it sees them all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol, TypeAlias

from binderclip.errors import AddressForbidden, SourceError

IP: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Endpoint: TypeAlias = tuple[str, int]
"""An IP address as text (no name), and a port."""
Resolver: TypeAlias = Callable[[str, int], Awaitable[tuple[Endpoint, ...]]]
"""From a host's name and port to its endpoints. Raises OSError or UnicodeError."""

# What a public server never is (RFC 6890 and its kin), listed because ipaddress.is_global of
# Python 3.11 calls some of it global: protocol assignments, 6to4 relays, carrier NAT, benchmarks.
# fmt: off
_NOT_PUBLIC_4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
)
# fmt: on
# Global unicast is 2000::/3. Outside it lie loopback, link-local, site-local, unique local,
# multicast, mapped IPv4 and NAT64; within it tunnels, which lead to any IPv4 address.
_PUBLIC_6 = "2000::/3"
_NOT_PUBLIC_6 = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
_WEB_PORTS = frozenset({80, 443})
_FIRST_USER_PORT = 1024


class Guard(Protocol):
    """``personal`` is True where the person who gave the address is the one whose machine this
    is: local files may be read, the proxies and certificates of the environment are used, and a
    password in an address is sent to its host.
    """

    @property
    def personal(self) -> bool: ...

    async def endpoints(self, host: str, port: int) -> tuple[Endpoint, ...]:
        """Where a connection to ``host`` may go: never empty.

        Raises AddressForbidden, and SourceError for a name that does not resolve.
        """
        ...


async def system_resolver(host: str, port: int) -> tuple[Endpoint, ...]:
    """The operating system's answers, in its order, each once."""
    import asyncio  # noqa: PLC0415 - a quarter of the time that `show` takes
    import socket  # noqa: PLC0415 - as above

    loop = asyncio.get_running_loop()
    answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys((str(answer[4][0]), int(answer[4][1])) for answer in answers))


async def _resolved(resolver: Resolver, host: str, port: int) -> tuple[Endpoint, ...]:
    try:
        answers = await resolver(host, port)
    except (OSError, UnicodeError) as exc:
        raise _unknown(host) from exc
    if not answers:
        raise _unknown(host)
    return answers


def _unknown(host: str) -> SourceError:
    return SourceError(
        f"no address is known for the host {host}",
        hint="check the spelling, and that this machine is online",
    )


class OpenGuard:
    """For the command line: every host, loopback and private networks too.

    With a proxy in the environment (``HTTPS_PROXY`` and so on) connections go to the proxy, and
    it is the proxy that resolves the names.
    """

    personal = True

    def __init__(self, resolver: Resolver = system_resolver) -> None:
        self._resolver = resolver

    async def endpoints(self, host: str, port: int) -> tuple[Endpoint, ...]:
        return await _resolved(self._resolver, host, port)


class PublicGuard:
    """For a service that fetches what strangers name: public addresses and web ports only, no
    proxies, no local files, no passwords in addresses.

    A host is refused when **any** of its answers is not public: a mixed answer is how names are
    rebound. ``allow`` lists networks that are let through all the same. Hosts with IPv6 alone
    that reach IPv4 through NAT64 are refused it: the prefix could lead anywhere.
    """

    personal = False

    def __init__(
        self, resolver: Resolver = system_resolver, *, allow: Iterable[Network] = ()
    ) -> None:
        self._resolver = resolver
        self._allow = tuple(allow)

    async def endpoints(self, host: str, port: int) -> tuple[Endpoint, ...]:
        answers = await _resolved(self._resolver, host, port)
        for address, number in answers:
            if not self._passes(address, number):
                # Not what it was: that would tell a stranger about names inside.
                raise AddressForbidden(
                    f"{host} does not lead to a public web server, and no other may be asked",
                    hint="put the notebook where everybody can reach it",
                )
        return answers

    def _passes(self, address: str, port: int) -> bool:
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        if any(ip in network for network in self._allow):
            return True
        return (port in _WEB_PORTS or port >= _FIRST_USER_PORT) and is_public(ip)


def is_public(ip: IP) -> bool:
    """True for addresses of the public internet, whatever Python's version thinks of them."""
    denied = _NOT_PUBLIC_4 if ip.version == 4 else _NOT_PUBLIC_6  # noqa: PLR2004 - IPv4
    if any(ip in ip_network(network) for network in denied):
        return False
    within = ip.version == 4 or ip in ip_network(_PUBLIC_6)  # noqa: PLR2004 - IPv4
    return within and ip.is_global and not ip.is_multicast


async def inside(guard: Guard, host: str, port: int) -> bool:
    """Whether ``host`` leads to this machine or a network of its own. A name that nobody knows
    here, as behind a proxy, leads nowhere.
    """
    try:
        answers = ((host, port),) if _is_address(host) else await guard.endpoints(host, port)
    except SourceError:
        return False
    return any(not is_public(ip_address(address.partition("%")[0])) for address, _ in answers)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def this_machine(host: str, resolver: Resolver = system_resolver) -> bool:
    """Whether ``host``, a name or an address, may lead to the machine that we are on: by loopback,
    by its own name, by an address of one of its interfaces, or by what stands for all of them. A
    name that does not resolve leads nowhere.
    """
    try:
        answers = await resolver(host, 0)
    except (OSError, UnicodeError):
        return False
    return any(_ours(address) for address, _ in answers)


def _ours(address: str) -> bool:
    import socket  # noqa: PLC0415 - not for `show`

    ip = ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.is_loopback or ip.is_unspecified:
        return True
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IPv4
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(ip), 0))  # only an address of ours can be bound to
    except OSError:
        return False
    return True
