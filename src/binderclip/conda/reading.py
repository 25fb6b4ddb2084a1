"""``environment.yml`` as ``conda env`` reads it.

Source of the format: ``conda/env/env.py`` of conda 26; repo2docker's reading of the Python version
and of channels: ``buildpacks/conda`` of repo2docker 2026.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from binderclip import yamls
from binderclip.addresses.masking import printable
from binderclip.conda import channels, specs
from binderclip.conda.model import FALLBACK_CHANNEL, NO_DEFAULTS, CondaFile
from binderclip.errors import Refused

_KNOWN = ("name", "channels", "dependencies", "prefix", "variables")
_MAX_ENTRIES = 5000
_MAX_CHARS = 1000
_ARCHIVE = re.compile(r"\.(?:conda|tar\.bz2)(?:[#\s].*)?$")
_ADDRESSES = frozenset({"url", "fn"})
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# As repo2docker has it: no other form of a version counts.
_PYTHON = re.compile(r"python\s*=+\s*([\d\.]*)")
_PYTHON_3 = "3.10"  # what repo2docker takes "python=3" for


def read(text: str, where: str) -> CondaFile:
    """Raises Refused, naming the place in the file, for what cannot be honoured."""
    value = yamls.read(text.removeprefix("\ufeff"), where)
    if value is None:
        _refuse(where, "", "nothing", "a mapping with 'dependencies'")
    if not isinstance(value, dict):
        _refuse(where, "", _kind(value), "a mapping with 'dependencies'")
    packages, pip = _dependencies(where, value.get("dependencies"))
    stated = channels.stated(where, value.get("channels"))
    open_ended = NO_DEFAULTS not in stated
    named = tuple(dict.fromkeys(one for one in stated if one != NO_DEFAULTS))
    added = (FALLBACK_CHANNEL,) if open_ended and FALLBACK_CHANNEL not in named else ()
    name = value.get("name")
    return CondaFile(
        where=where,
        name=name if isinstance(name, str) else None,
        channels=(*named, *added),
        specs=packages,
        pip=pip,
        python=_python(packages),
        variables=_variables(where, value.get("variables")),
        extra=tuple(str(key) for key in value if key not in _KNOWN),
    )


def _dependencies(where: str, value: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if value is None:
        return (), ()
    if not isinstance(value, list):
        _refuse(where, "dependencies", _kind(value), "a list of packages")
    if len(value) > _MAX_ENTRIES:
        _refuse(where, "dependencies", f"{len(value)} entries", f"at most {_MAX_ENTRIES}")
    found: list[str] = []
    pip: list[str] = []
    for index, entry in enumerate(value):
        place = f"dependencies[{index}]"
        if isinstance(entry, dict):
            pip += _pip(where, place, entry)
        else:
            found.append(_spec(where, place, entry))
    if pip and not any(specs.name_of(spec) == "pip" for spec in found):
        found.append("pip")
    return tuple(found), tuple(pip)


def _spec(where: str, place: str, entry: object) -> str:
    if not isinstance(entry, str):
        _refuse(where, place, _kind(entry), "a package, such as 'numpy=2.1'")
    spec = entry.partition("#")[0].strip()  # see specs.split
    shown = repr(printable(channels.shown(spec), 80))
    if not spec.isprintable() or len(spec) > _MAX_CHARS:
        _refuse(where, place, shown, "a package, such as 'numpy=2.1'")
    if _ARCHIVE.search(spec):
        _refuse(where, place, shown, "a package by its name, not by its file's address")
    try:
        split = specs.split(spec)
    except ValueError as error:
        raise Refused(f"{where}: {place}: {shown}: {error}") from error
    if not _ADDRESSES.isdisjoint(split.fields):
        _refuse(where, place, shown, "a package by its name, not by its file's address")
    if split.channel is not None:
        channels.check(where, place, split.channel)
    return spec


def _pip(where: str, place: str, entry: Mapping[Any, Any]) -> list[str]:
    if other := [key for key in entry if key != "pip"]:
        key = repr(printable(str(other[0]), 60))
        _refuse(where, place, key, "'pip', the one list that conda hands on")
    lines = entry.get("pip")
    if lines is None:
        return []
    if not isinstance(lines, list):
        _refuse(where, f"{place}.pip", _kind(lines), "a list of requirements")
    if len(lines) > _MAX_ENTRIES:
        _refuse(where, f"{place}.pip", f"{len(lines)} entries", f"at most {_MAX_ENTRIES}")
    for index, line in enumerate(lines):
        if not isinstance(line, str):
            _refuse(where, f"{place}.pip[{index}]", _kind(line), "a line of requirements")
    return [line.strip() for line in lines]


def _variables(where: str, value: object) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        _refuse(where, "variables", _kind(value), "a mapping of names to values")
    variables = {}
    for name, content in value.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            _refuse(where, "variables", repr(printable(str(name), 60)), "a variable's name")
        if isinstance(content, (dict, list)) or "\0" in str(content):
            _refuse(where, f"variables.{name}", _kind(content), "a value")
        variables[name] = _scalar(content)
    return variables


def _scalar(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _python(packages: Sequence[str]) -> str | None:
    for spec in packages:
        if found := _PYTHON.match(spec):
            parts = found[1].strip(".").split(".")
            if parts == ["3"]:
                return _PYTHON_3
            return ".".join(parts[:2]) if parts != [""] else None
    return None


def _kind(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bool: "a yes or no"}
    known = names.get(type(value))
    return known or ("nothing" if value is None else repr(printable(str(value), 60)))


def _refuse(where: str, place: str, found: str, expected: str) -> NoReturn:
    at = f"{where}: {place}" if place else where
    raise Refused(f"{at}: found {found}, expected {expected}")
