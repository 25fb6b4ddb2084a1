"""``uv.lock`` → lines of a requirements file, with hashes, for every platform that it was made for.

uv can export a lock of its own files, and needs those and a Python for it; here the text is all
there is. So the dependencies are followed from the lock's roots, and the markers on the way to a
package become its marker. Anything that is met and not understood means no lines at all: pins that
hold halfway are worse than none. Format: version 1, as uv 0.5 and later write it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from binderclip import tomls
from binderclip.importing.model import secret, told
from binderclip.importing.requirements import plain

MAX_LOCK = 4 << 20
_MAX_CASES = 64
_MAX_STEPS = 50_000
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(r"[0-9][A-Za-z0-9.!+]*")
_HASH = re.compile(r"sha(?:256|384|512):[0-9a-f]{64,128}")
_PYPI = re.compile(r"https://pypi\.org/simple/?")

Table: TypeAlias = "dict[str, Any]"
Case: TypeAlias = "frozenset[str]"
"""Markers that hold together; a package is wanted where one of its cases holds."""
Node: TypeAlias = "tuple[int, str | None]"
"""A package by its place in the lock, and one of its extras."""


class Unsayable(Exception):
    """The lock cannot be said in lines; the message says why."""


@dataclass(frozen=True, slots=True)
class Locked:
    """``lines``: the file's text. ``roots``: what the lock was made for, as its manifest has it."""

    text: str
    roots: tuple[Table, ...]
    requires_python: str | None


@dataclass(slots=True)
class _Lock:
    packages: list[Table]
    by_name: dict[str, list[int]]
    cases: dict[Node, set[Case]] = field(default_factory=dict)


def locked(text: object) -> Locked:
    """What the lock pins. Raises Unsayable."""
    table = _parsed(text)
    packages = _tables(table.get("package"))
    by_name: dict[str, list[int]] = {}
    for number, package in enumerate(packages):
        by_name.setdefault(str(package.get("name")), []).append(number)
    roots = _tables(_table(table.get("manifest")).get("requirements"))
    lock = _Lock(packages, by_name)
    _follow(lock, roots)
    requires = table.get("requires-python")
    return Locked(
        "".join(_lines(lock)), tuple(roots), requires if isinstance(requires, str) else None
    )


def _parsed(text: object) -> Table:
    if not isinstance(text, str) or len(text) > MAX_LOCK:
        raise Unsayable(f"it is no text of at most {MAX_LOCK} characters")
    try:
        table = tomls.read(text)
    except ValueError as error:
        raise Unsayable("it is not TOML") from error
    if table.get("version") != 1:
        raise Unsayable(f"its version is {told(str(table.get('version')))}, expected 1")
    if "conflicts" in table:
        raise Unsayable("it has conflicts, which requirements cannot say")
    return table


def _follow(lock: _Lock, roots: list[Table]) -> None:
    """Work out the cases of every package that is wanted, from the roots on."""
    waiting: deque[tuple[Node, Case]] = deque()
    for root in roots:
        waiting.extend(_edges(lock, root, frozenset()))
    steps = 0
    while waiting:
        steps += 1
        if steps > _MAX_STEPS:
            raise Unsayable("its markers make too many cases")
        node, case = waiting.popleft()
        if not _added(lock.cases.setdefault(node, set()), case):
            continue
        package = lock.packages[node[0]]
        if node[1] is None:
            inner = package.get("dependencies")
        else:
            inner = _table(package.get("optional-dependencies")).get(node[1])
        for dependency in _tables(inner):
            waiting.extend(_edges(lock, dependency, case))


def _added(cases: set[Case], case: Case) -> bool:
    """Take in a case, unless one that is there already covers it."""
    if any(one <= case for one in cases):
        return False
    cases -= {one for one in cases if case < one}
    cases.add(case)
    if len(cases) > _MAX_CASES:
        raise Unsayable("its markers make too many cases")
    return True


def _edges(lock: _Lock, dependency: Table, case: Case) -> Iterator[tuple[Node, Case]]:
    name, version = dependency.get("name"), dependency.get("version")
    numbers = lock.by_name.get(name, []) if isinstance(name, str) else []
    if version is not None:
        numbers = [n for n in numbers if lock.packages[n].get("version") == version]
    if not numbers:
        raise Unsayable(f"it lacks the package {told(str(name))}")
    here = case | _marker(dependency.get("marker"))
    for number in numbers:
        inner = here | (_forks(lock.packages[number]) if len(numbers) > 1 else frozenset())
        yield (number, None), inner
        for key in ("extra", "extras"):
            for extra in _texts(dependency.get(key)):
                yield (number, extra), inner


def _forks(package: Table) -> Case:
    """Where one of several versions of a package is meant."""
    markers = [next(iter(_marker(one)), "") for one in _texts(package.get("resolution-markers"))]
    if not all(markers) or not markers:
        raise Unsayable(f"it has {told(str(package.get('name')))} twice and not said when")
    return frozenset({" or ".join(f"({one})" if " or " in one else one for one in markers)})


def _marker(value: object) -> Case:
    """A marker, checked; nothing where there is none."""
    if value is None:
        return frozenset()
    text = plain(value)
    from packaging.markers import (  # noqa: PLC0415 - few notebooks hold a lock
        InvalidMarker,
        Marker,
    )

    try:
        # Extras that contradict each other are marked by names of uv's own making.
        known = text is not None and "extra" not in text and Marker(text)
    except (InvalidMarker, RecursionError):
        known = False
    if not known or text is None:
        raise Unsayable(f"it has a marker that requirements do not: {told(text or '')}")
    return frozenset({text})


def _lines(lock: _Lock) -> Iterator[str]:
    wanted: dict[int, set[Case]] = {}
    for (number, _), cases in lock.cases.items():
        for case in cases:
            _added(wanted.setdefault(number, set()), case)
    packages = [(lock.packages[number], cases) for number, cases in wanted.items()]
    packages.sort(key=lambda one: (str(one[0]["name"]), str(one[0].get("version"))))
    yield from dict.fromkeys(filter(None, (_index(package) for package, _ in packages)))
    # pip wants a hash for every package or for none, and what comes from git has none.
    hashed = all(_hashes(package) for package, _ in packages)
    for package, cases in packages:
        marker = _said(cases)
        parts = [f"{_stated(package)} ; {marker}" if marker else _stated(package)]
        if hashed:
            parts += [f"    --hash={one}" for one in _hashes(package)]
        yield " \\\n".join(parts) + "\n"


def _said(cases: set[Case]) -> str:
    """The marker of a package; empty where it is always wanted."""
    if frozenset() in cases:
        return ""
    joined = sorted(
        " and ".join(f"({one})" if " or " in one and len(case) > 1 else one for one in sorted(case))
        for case in cases
    )
    if len(joined) == 1:
        return joined[0]
    return " or ".join(f"({one})" if " and " in one or " or " in one else one for one in joined)


def _stated(package: Table) -> str:
    name, version = package.get("name"), package.get("version")
    source = _table(package.get("source"))
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Unsayable("it has a package without a name")
    if "registry" in source:
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            raise Unsayable(f"it has no version of {told(name)}")
        return f"{name}=={version}"
    address = source.get("git") or source.get("url")
    if not isinstance(address, str) or not re.match(r"https?://[^\s]+$", address):
        raise Unsayable(f"{told(name)} comes from a folder of its author's")
    return f"{name} @ {_at_commit(address)}" if "git" in source else f"{name} @ {_web(address)}"


def _at_commit(address: str) -> str:
    """``https://host/o/r?rev=v1&subdirectory=x#COMMIT`` → as requirements have it."""
    place, _, commit = address.partition("#")
    place, _, query = place.partition("?")
    folder = re.search(r"(?:^|&)subdirectory=([^&]+)", query)
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        raise Unsayable("it has a package from git without its commit")
    return f"git+{_web(place)}@{commit}" + (f"#subdirectory={_web(folder[1])}" if folder else "")


def _web(text: str) -> str:
    if plain(text) != text or secret(text) or re.search(r"[\s;\"']", text):
        raise Unsayable("it has an address that is not plain, or has credentials in it")
    return text


def _hashes(package: Mapping[str, Any]) -> list[str]:
    files = [*_tables(package.get("wheels"))]
    files += [one for one in (package.get("sdist"), package.get("source")) if isinstance(one, dict)]
    found = [file["hash"] for file in files if isinstance(file.get("hash"), str)]
    if any(not _HASH.fullmatch(one) for one in found):
        raise Unsayable("it has a hash that is none")
    return sorted(set(found))


def _index(package: Table) -> str | None:
    """The line that names a package's index, where it is not PyPI."""
    registry = _table(package.get("source")).get("registry")
    if registry is None or (isinstance(registry, str) and _PYPI.fullmatch(registry)):
        return None
    if not isinstance(registry, str) or not re.match(r"https?://", registry):
        raise Unsayable("it has packages from a folder of its author's")
    return f"--extra-index-url {_web(registry)}\n"


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[Table]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Unsayable("it has not the shape of uv's locks")
    return value


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Unsayable("it has not the shape of uv's locks")
    return value
