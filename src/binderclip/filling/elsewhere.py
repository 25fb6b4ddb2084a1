"""What only this machine can reach: images that were never anywhere else, and its own addresses."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv6Address, ip_address

from binderclip.addresses.link import parse
from binderclip.errors import SourceError
from binderclip.spec.model import Reference

_OWN_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
_ID = re.compile(r"[0-9a-f]{12,64}|sha256:[0-9a-f]+")


def is_here(address: str) -> bool:
    """Whether ``address`` leads to the machine that asks, by what it says itself: 127.1 and 0x7f.1
    are ways to write 127.0.0.1 that resolvers know. False for what is no address.
    """
    try:
        host = parse(address).host
        ip = ip_address(host)
    except SourceError:
        return False
    except ValueError:
        try:
            ip = ip_address(socket.inet_aton(host))
        except OSError:
            return host in _OWN_NAMES or host.endswith(".localhost")
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_loopback or ip.is_unspecified


def never_elsewhere(image: Reference, text: str = "") -> tuple[str, str | None] | None:
    """Why nobody else can get ``image``, and what may be meant instead; None where somebody may.
    ``text`` is how it was written, where a person or a spawner wrote it.
    """
    plain = text.strip().rpartition("://")[2]
    if is_here(image.host):
        return "in a registry of this machine", None
    if _ID.fullmatch(plain):
        return "the id of an image on this machine, not a name", None
    if plain and "/" not in plain:
        # Docker Hub's own images have no Jupyter in them.
        reason = "a name without a registry or an owner, as of an image built here"
        return reason, f"docker.io/library/{plain} is the one of Docker Hub"
    return None
