"""Single values of settings; what is wrong with them is said to ``faults``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from math import isfinite
from typing import Any

from binderclip.addresses.link import parse
from binderclip.addresses.masking import masked
from binderclip.config.values import Faults, at, told
from binderclip.errors import SourceError
from binderclip.guard import Network
from binderclip.spec.nearmiss import did_you_mean

_RATE = re.compile(r"[1-9]\d{0,8}/(?:[1-9]\d{0,4} ?)?(?:second|minute|hour|day|month|year)s?")
_LISTEN = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]*):)?(?P<port>\d{1,5})")
_MOST_PORTS = 65_535


def listen_of(value: object, path: str, faults: Faults) -> tuple[str, int]:
    """``HOST:PORT``, ``[IPV6]:PORT``, or ``PORT`` alone on loopback. Port 0: any that is free."""
    found = _LISTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    port = int(found["port"]) if found else -1
    if found is None or not 0 <= port <= _MOST_PORTS or found["host"] == "":
        hint = "0.0.0.0:PORT is every network of this machine" if found else None
        faults.say(path, told(value), "an address such as 127.0.0.1:8585", hint)
        return "127.0.0.1", 8585
    host = "127.0.0.1" if found["host"] is None else found["host"].strip("[]")
    return host, port


def is_everywhere(host: str) -> bool:
    """Whether listening on ``host`` is listening on every network."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def networks_of(value: object, path: str, faults: Faults) -> tuple[Network, ...]:
    found: list[Network] = []
    for number, text in enumerate(texts_of(value, path, faults, '["10.2.0.0/16"]')):
        try:
            found.append(ip_network(text))
        except ValueError as error:
            faults.say(f"{path}[{number}]", told(text), "a network like 10.2.0.0/16", str(error))
    return tuple(found)


def texts_of(value: object, path: str, faults: Faults, example: str) -> tuple[str, ...]:
    """A list of texts, each once; None is none."""
    if value is None:
        return ()
    if not isinstance(value, list):
        hint = f"did you mean [{told(value)}]?" if isinstance(value, str) else None
        faults.say(path, told(value), f"a list such as {example}", hint)
        return ()
    good = []
    for number, item in enumerate(value):
        if isinstance(item, str) and item and item.isprintable():
            good.append(item)
        else:
            faults.say(f"{path}[{number}]", told(item), "text on one line")
    return tuple(dict.fromkeys(good))


def origins_of(value: object, path: str, faults: Faults) -> tuple[str, ...]:
    """As browsers say them in ``Origin``: a scheme, a host and perhaps a port; or ``*``."""
    found = []
    for number, text in enumerate(texts_of(value, path, faults, '["https://book.example.org"]')):
        origin = "*" if text == "*" else _origin(text)
        if origin is not None:
            found.append(origin)
            continue
        expected = 'a site such as https://book.example.org, or "*"'
        faults.say(f"{path}[{number}]", masked(text), expected, "paths are no part of it")
    return tuple(found)


def _origin(text: str) -> str | None:
    """None for what is no site, and for more than one."""
    try:
        link = parse(text)
    except SourceError:
        return None
    more = link.path.strip("/") or link.query or link.fragment or link.userinfo is not None
    return None if more else link.origin


def proxies_of(value: object, path: str, faults: Faults) -> tuple[str, ...]:
    """Addresses and networks whose ``X-Forwarded-For`` is believed."""
    found = texts_of(value, path, faults, '["127.0.0.1"]')
    for number, text in enumerate(found):
        try:
            ip_network(text)
        except ValueError:
            expected = "a proxy's address or network, as 10.2.0.7 or 10.2.0.0/16"
            faults.say(f"{path}[{number}]", told(text), expected)
    return found


def choice_of(value: object, path: str, known: tuple[str, ...], faults: Faults) -> str:
    """One of ``known``; the first where it is none."""
    if isinstance(value, str) and value in known:
        return value
    near = did_you_mean(value, known) if isinstance(value, str) else None
    expected = f"one of {', '.join(known)}"
    faults.say(path, told(value), expected, f"did you mean '{near}'?" if near else None)
    return known[0]


def rate_in(value: Mapping[str, Any], key: str, path: str, default: str, faults: Faults) -> str:
    found = value.get(key, default)
    if isinstance(found, str) and _RATE.fullmatch(found):
        return found
    faults.say(at(path, key), told(found), 'a number and a period, such as "10/hour"')
    return default


def whole_in(value: Mapping[str, Any], key: str, path: str, default: int, faults: Faults) -> int:
    """A whole number, at least 1."""
    found = value.get(key, default)
    if isinstance(found, int) and not isinstance(found, bool) and found > 0:
        return found
    faults.say(at(path, key), told(found), "a whole number, at least 1")
    return default


def number_in(
    value: Mapping[str, Any], key: str, path: str, default: float, faults: Faults
) -> float:
    """A number above 0."""
    found = value.get(key, default)
    if isinstance(found, int | float) and not isinstance(found, bool):
        number = float(found)
        if isfinite(number) and number > 0:
            return number
    faults.say(at(path, key), told(found), "a number above 0")
    return default
