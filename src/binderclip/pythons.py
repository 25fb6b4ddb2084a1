"""Which Python: ``requires-python`` against the minor versions there are.

Specifiers: https://packaging.python.org/en/latest/specifications/version-specifiers/
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

_OLDEST_MINOR = 8
_NEWEST_MINOR = max(14, sys.version_info.minor)
_PATCHES = range(100)
_MAX_CHARACTERS = 1000
# Possessive, since a separator between two words may belong to either.
_CLAUSE = re.compile(
    r"(?P<op>===|==|!=|<=|>=|~=|<|>)\s*v?(?P<release>\d+(?:\.\d+)*)(?P<any>\.\*)?"
    r"(?:[._-]?+(?:alpha|a|beta|b|c|rc|preview|pre|dev|post)[._-]?+\d*+)*+"
)

Release = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """``python``: "3.11"; ``request``: what uv is asked for; ``stated``: no other would do."""

    python: str
    request: str
    stated: bool


def pick(spec: str | None, *, fixed: str | None, default: str) -> Version:
    """``fixed`` where there is one, else ``default`` if ``spec`` allows it, else the newest that
    it allows, as repo2docker does. Raises ValueError when the two contradict each other, or
    nothing is allowed.
    """
    if spec is None or not spec.strip():
        return Version(fixed or default, fixed or default, stated=fixed is not None)
    if fixed is not None:
        if not allows(spec, fixed):
            raise ValueError(f"found {spec!r}, which excludes the {fixed} of runtime.txt")
        return Version(fixed, f"=={fixed}.*,{_tidy(spec)}", stated=True)
    candidates = [default, *(f"3.{n}" for n in range(_NEWEST_MINOR, _OLDEST_MINOR - 1, -1))]
    allowed = [version for version in candidates if allows(spec, version)]
    if not allowed:
        raise ValueError(f"found {spec!r}, which allows no Python from 3.8 to 3.{_NEWEST_MINOR}")
    return Version(allowed[0], f"=={allowed[0]}.*,{_tidy(spec)}", stated=False)


def allows(spec: str, minor_version: str) -> bool:
    """Does some patch release of ``minor_version`` ("3.11") satisfy ``spec``? Raises ValueError
    for a specifier that is none.
    """
    base = tuple(map(int, minor_version.split(".")[:2]))
    clauses = _clauses(spec)
    return any(all(_satisfies((*base, p), *clause) for clause in clauses) for p in _PATCHES)


def satisfied(spec: str, release: Release) -> bool:
    """Does ``release``, such as (3, 11, 7), satisfy ``spec``? Raises ValueError like ``allows``."""
    return all(_satisfies(release, *clause) for clause in _clauses(spec))


def _clauses(spec: str) -> list[tuple[str, Release, bool]]:
    if len(spec) > _MAX_CHARACTERS:
        raise ValueError(
            f"found {len(spec)} characters, expected a version specifier like '>=3.11'"
        )
    clauses = []
    for text in filter(None, map(str.strip, spec.split(","))):
        if not (found := _CLAUSE.fullmatch(text)):
            raise ValueError(f"found {text!r}, expected a version specifier like '>=3.11'")
        release = tuple(map(int, found["release"].split(".")))
        clauses.append((found["op"], release, bool(found["any"])))
    return clauses


def _satisfies(found: Release, operator: str, wanted: Release, wild: bool) -> bool:  # noqa: FBT001 - spread from a tuple
    if operator == "~=":
        return found >= _padded(wanted) and found[: len(wanted) - 1] == wanted[:-1]
    equal = found[: len(wanted)] == wanted if wild else found == _padded(wanted)
    return {
        "==": equal,
        "===": equal,
        "!=": not equal,
        "<=": found <= _padded(wanted),
        ">=": found >= _padded(wanted),
        "<": found < _padded(wanted),
        ">": found > _padded(wanted),
    }[operator]


def _padded(release: Release) -> Release:
    return (*release, 0, 0, 0)[:3]


def _tidy(spec: str) -> str:
    return ",".join(filter(None, ("".join(part.split()) for part in spec.split(","))))
