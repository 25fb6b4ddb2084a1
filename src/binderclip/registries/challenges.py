"""How a registry says what it wants before it answers: RFC 9110, 11.6.1, and
https://distribution.github.io/distribution/spec/auth/token/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_MAX_CHARACTERS = 8192
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PART = re.compile(
    rf"(?P<name>{_WORD})(?:\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<plain>[^\s,\"]*)))?"
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """``scheme`` ("basic", "bearer") and the names of ``parameters`` are in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """Those of all ``WWW-Authenticate`` headers; what is malformed is passed over."""
    found: list[tuple[str, dict[str, str]]] = []
    for part in _PART.finditer(",".join(headers)[:_MAX_CHARACTERS]):
        name = part["name"].lower()
        if part["quoted"] is not None:
            value = re.sub(r"\\(.)", r"\1", part["quoted"])
        elif part["plain"] is not None:
            value = part["plain"]
        else:
            found.append((name, {}))
            continue
        if found:
            found[-1][1].setdefault(name, value)
    return tuple(Challenge(scheme, parameters) for scheme, parameters in found)
