"""Whether a hub may send us to the server that it names."""

from __future__ import annotations

from ipaddress import ip_address

from binderclip.addresses.link import parse
from binderclip.guard import Guard, Resolver, is_public, system_resolver, this_machine


async def misleads(
    hub: str, server: str, guard: Guard, resolver: Resolver = system_resolver
) -> bool:
    """Whether ``server`` is on this machine or in a private network, while ``hub``, which named it,
    is not: it would reach through us what it cannot reach itself. Both are http(s) addresses.
    A guard that is not for the person's own machine sees to that by itself.
    """
    whose, host = parse(hub).host, parse(server).host
    if host == whose or not guard.personal:
        return False
    if await this_machine(host, resolver):
        return not await this_machine(whose, resolver)
    return await _outside(whose, resolver) and not await _outside(host, resolver)


async def _outside(host: str, resolver: Resolver) -> bool:
    """In the public internet, as far as we can see: behind a proxy names need not resolve."""
    try:
        answers = await resolver(host, 0)
    except (OSError, UnicodeError):
        return True
    return all(is_public(ip_address(address.partition("%")[0])) for address, _ in answers)
