"""The Python version that repo2docker would take, by its own rules.

Source: ``python_version`` of ``repo2docker/buildpacks/{conda,pipfile,python}``, release 2026.4.0.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from binderclip import yamls
from binderclip.rees.listings import Listing
from binderclip.rees.table import (
    Buildpack,
    Choice,
    Unbuildable,
    parsed_toml,
    requires_python,
    text_of,
    there,
)

DEFAULT = "3.10"
SUPPORTED = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
"""Those that ``requires-python`` may choose from, the newest last."""
SEPARATE = frozenset({"2.7", "3.5", "3.6"})
"""Those that get a kernel of their own, beside a server with the default."""

_LONGEST = 1000
"""Characters of a version or specifier; Python makes no number of some thousand digits."""
_MAJORS = {"2": "2.7", "3": DEFAULT}
_LOCKED = {*SUPPORTED, *SEPARATE, "3.7"}
_CONDA = re.compile(r"python\s*=+\s*([\d\.]*)")
_PIPFILE = re.compile(r"\d+(\.\d+)*")

Source: TypeAlias = Literal["stated", "newest", "default"]


@dataclass(frozen=True, slots=True)
class Taken:
    """``python`` is "3.11", None where the buildpack chooses none; ``source`` says whether it was
    stated, is the newest that requires-python allows, or the default; ``where`` is the file that
    said it.
    """

    python: str | None
    source: Source
    where: str | None = None


def taken(listing: Listing, choice: Choice) -> Taken:
    """Raises Unbuildable."""
    rule = _RULES.get(choice.buildpack)
    if rule is None:
        return Taken(None, "default")
    found = rule(listing, choice)
    if found.python not in _LOCKED:
        raise Unbuildable(
            f"{found.where}: asks for Python {str(found.python)[:40]!r}, expected X.Y of "
            f"{SUPPORTED[0]} to {SUPPORTED[-1]}",
            hint=_nearest(found.python or "", str(found.where)),
        )
    return found


def environment_yml(listing: Listing, choice: Choice) -> tuple[str | None, Mapping[Any, Any]]:
    """The path of the conda environment's file and what it says. Raises Unbuildable."""
    for name in ("environment.yml", "environment.yaml"):
        path = choice.path(name)
        if there(listing, path):
            value, wrong = _parsed(text_of(listing, path) or "", path)
            if wrong:
                raise Unbuildable(wrong)
            if value is None:
                return path, {}
            if not isinstance(value, dict):
                raise Unbuildable(f"{path}: is no mapping, expected 'dependencies:' and a list")
            return path, value
    return None, {}


@functools.lru_cache(maxsize=4)
def _parsed(text: str, path: str) -> tuple[Any, str | None]:
    """What the YAML says, not to be changed, or else what is wrong with it. A report looks at it
    several times, and reading YAML is slow.
    """
    try:
        return yamls.read(text, path, failure=Unbuildable), None
    except Unbuildable as error:
        return None, error.message


def dependencies(path: str, value: Mapping[Any, Any]) -> Iterator[object]:
    """The entries of ``dependencies:``. Raises Unbuildable where they are no list or the like."""
    found = value.get("dependencies", [])
    if not isinstance(found, list | str | dict):
        raise Unbuildable(
            f"{path}: 'dependencies' is no list", hint="write each on a line of its own, as '- x'"
        )
    yield from found


def pip_lines(path: str, value: Mapping[Any, Any]) -> list[str]:
    """The ``pip:`` list among the dependencies. Raises Unbuildable for what is no text in it."""
    lists = [
        entry["pip"]
        for entry in dependencies(path, value)
        if isinstance(entry, dict) and entry.get("pip")
    ]
    lines = lists[-1] if lists else []
    if not isinstance(lines, list):
        return []
    if not all(isinstance(line, str) for line in lines):
        raise Unbuildable(
            f"{path}: found an entry of 'pip:' that is no text", hint="put it into quotes"
        )
    return lines


def _conda(listing: Listing, choice: Choice) -> Taken:
    path, value = environment_yml(listing, choice)
    for entry in dependencies(str(path), value):
        found = _CONDA.match(entry) if isinstance(entry, str) else None
        if found:
            return _minor(found[1], str(path)) if found[1] else Taken(DEFAULT, "default")
    return Taken(DEFAULT, "default")


def _pipfile(listing: Listing, choice: Choice) -> Taken:
    lock, pipfile = choice.path("Pipfile.lock"), choice.path("Pipfile")
    sources = []
    text = text_of(listing, lock)
    if text is not None:
        try:
            meta = _member(json.loads(text), "_meta", lock)
        except (ValueError, RecursionError) as error:
            raise Unbuildable(f"{lock}: is not JSON ({error})") from error
        sources.append((lock, _member(meta, "requires", lock)))
    if text_of(listing, pipfile) is not None:
        sources.append((pipfile, _member(parsed_toml(listing, pipfile), "requires", pipfile)))
    for path, requires in sources:
        for key in ("python_full_version", "python_version"):
            stated = _member(requires, key, path, default=None)
            if not stated:
                continue
            if not isinstance(stated, str):
                raise Unbuildable(f"{path}: {key} is no text", hint="write it in quotes")
            if found := _PIPFILE.match(stated):
                return _minor(found.group(), path)
    return Taken(DEFAULT, "default")


def _member(table: object, key: str, path: str, default: object = ...) -> Any:
    if not isinstance(table, dict):
        raise Unbuildable(f"{path}: found no table where '{key}' should stand")
    return table.get(key, {} if default is ... else default)


def _minor(stated: str, where: str) -> Taken:
    """``3.11.4`` → 3.11; a major version alone → what repo2docker takes for it."""
    parts = stated.split(".")
    if len(parts) > 1:
        return Taken(".".join(parts[:2]), "stated", where)
    if stated not in _MAJORS:
        raise Unbuildable(f"{where}: asks for Python {stated[:40]!r}", hint=_nearest(stated, where))
    return Taken(_MAJORS[stated], "default", where)


def _python(listing: Listing, choice: Choice) -> Taken:
    runtime = choice.runtime
    if runtime and runtime.name != "python":
        return Taken(DEFAULT, "default")
    found = Taken(DEFAULT, "default")
    if runtime and runtime.version is not None:
        found = _runtime(runtime.version, choice.path("runtime.txt"))
    if choice.folder:
        return found
    spec = requires_python(listing)
    return found if spec is None else _allowed(found, spec)


def _runtime(version: str, where: str) -> Taken:
    from packaging.version import (  # noqa: PLC0415 - only for reports
        InvalidVersion,
        Version,
    )

    try:
        if len(version) > _LONGEST:
            raise InvalidVersion(version[:_LONGEST])  # noqa: TRY301 - told as the others are
        release = Version(version).release
    except InvalidVersion as error:
        raise Unbuildable(
            f"{where}: found 'python-{version[:40]}', expected 'python-X.Y'",
            hint=_nearest(version, where),
        ) from error
    if len(release) > 1:
        return Taken(version, "stated", where)
    if version not in _MAJORS:
        raise Unbuildable(
            f"{where}: found 'python-{version[:40]}', expected 'python-X.Y'",
            hint=_nearest(version, where),
        )
    return Taken(_MAJORS[version], "default", where)


def _allowed(found: Taken, spec: str) -> Taken:
    from packaging.specifiers import (  # noqa: PLC0415 - only for reports
        InvalidSpecifier,
        SpecifierSet,
    )
    from packaging.version import Version  # noqa: PLC0415 - as above

    where = "pyproject.toml"
    try:
        if len(spec) > _LONGEST:
            raise InvalidSpecifier(spec[:_LONGEST])  # noqa: TRY301 - told as the others are
        wanted = SpecifierSet(spec)
    except InvalidSpecifier as error:
        raise Unbuildable(
            f"{where}: requires-python is {spec[:80]!r}, expected a specifier like '>=3.11'"
        ) from error
    if Version(str(found.python)) in wanted:
        return found
    if found.source == "stated":
        raise Unbuildable(
            f"{found.where}: asks for Python {found.python}, and requires-python of {where} is "
            f"{spec!r}, which to repo2docker excludes it",
            hint="write a requires-python that allows X.Y.0, or another runtime.txt",
        )
    allowed = list(wanted.filter(SUPPORTED))
    if not allowed:
        raise Unbuildable(
            f"{where}: requires-python is {spec!r}, which allows none of {', '.join(SUPPORTED)}",
            hint="repo2docker looks at X.Y alone: a patch release there excludes all",
        )
    return Taken(allowed[-1], "newest", where)


def _nearest(stated: str, where: str) -> str:
    found = re.match(r"\D*(3\.\d{1,2})(?!\d)", stated)
    better = found[1] if found and found[1] in _LOCKED else "3.12"
    if where.endswith("runtime.txt"):
        better = f"python-{better}"
    elif where.endswith((".yml", ".yaml")):
        better = f"python={better}"
    return f"write {better!r}: repo2docker takes X.Y of some releases, and no patch release"


_RULES: Mapping[Buildpack, Callable[[Listing, Choice], Taken]] = {
    "conda": _conda,
    "pipfile": _pipfile,
    "python": _python,
    "r": _python,
    "julia": _python,
}
