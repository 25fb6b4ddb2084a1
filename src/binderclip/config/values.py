"""Values of TOML files into what they mean; what is wrong is said to ``Faults``.

``…_in`` take a table, a key and the table's path; ``…_of`` take a value and its own path.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any

from binderclip.addresses.link import parse
from binderclip.addresses.masking import masked
from binderclip.config.model import base
from binderclip.errors import ConfigError, Problem, SourceError
from binderclip.spec.model import JSON, NOTHING
from binderclip.spec.nearmiss import did_you_mean
from binderclip.spec.shown import key_path, shown

NO_SYNONYMS: Mapping[str, str] = MappingProxyType({})
_MAX_DEPTH = 16


class Faults:
    """Problems of one place, in the order in which they were met."""

    def __init__(self, place: object) -> None:
        self._place, self._problems = place, list[Problem]()

    def say(self, path: str, found: str, expected: str, hint: str | None = None) -> None:
        self._problems.append(Problem(path, found, expected, hint))

    def end(self, *, hint: str | None = None) -> None:
        """Raises ConfigError where there were any."""
        if not self._problems:
            return
        if len(self._problems) == 1:
            raise ConfigError(f"{self._place}: {self._problems[0]}", hint=hint)
        lines = "\n".join(f"  {problem}" for problem in self._problems)
        raise ConfigError(f"{self._place}:\n{lines}", hint=hint)


def at(path: str, key: str) -> str:
    """The path of a key; ``path`` is empty for those of the whole file."""
    return key_path(path, key).removeprefix(".")


def table_of(file: Path, data: bytes, example: str = 'on = "local"') -> dict[str, Any]:
    """A whole file. ``example`` is a line of one. Raises ConfigError for what is no TOML."""
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: found bytes that are not UTF-8, expected TOML") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        why = error if isinstance(error, tomllib.TOMLDecodeError) else "nested too deeply"
        raise ConfigError(
            f"{file}: cannot be read as TOML ({why})",
            hint=f"text stands in quotes there: {example}; https://toml.io has the rest",
        ) from error


def text_in(value: Mapping[str, Any], key: str, path: str, faults: Faults) -> str | None:
    text = value.get(key)
    if text is None or (isinstance(text, str) and text and text.isprintable()):
        return text
    faults.say(at(path, key), told(text), "text on one line")
    return None


def variable_in(
    value: Mapping[str, Any], path: str, faults: Faults, what: str = "token"
) -> str | None:
    """``token_env``, or that of another secret."""
    name = value.get(f"{what}_env")
    if name is None or (isinstance(name, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)):
        return name
    # Perhaps the secret itself: it is not shown.
    expected = f"the name of a variable that holds the {what}"
    faults.say(at(path, f"{what}_env"), "something else", expected)
    return None


def file_in(
    value: Mapping[str, Any], path: str, folder: Path, faults: Faults, key: str = "token_file"
) -> Path | None:
    """A path, relative to ``folder``."""
    text = text_in(value, key, path, faults)
    if text is None:
        return None
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:
        faults.say(at(path, key), "the home of a user that there is not", "a path")
        return None


def token_in(
    value: Mapping[str, Any], path: str, faults: Faults, what: str = "token"
) -> str | None:
    token = value.get(what)
    if token is None or (isinstance(token, str) and re.fullmatch(r"[!-~]+", token)):
        return token
    expected = f"a {what}: text without spaces"
    faults.say(at(path, what), "something else (not shown)", expected)
    return None


def flag_in(value: Mapping[str, Any], key: str, path: str, faults: Faults) -> bool:
    found = value.get(key, False)
    if isinstance(found, bool):
        return found
    meant = found.strip().lower() if isinstance(found, str) else ""
    hint = f"did you mean {key} = {meant}?" if meant in {"true", "false"} else None
    faults.say(at(path, key), told(found), "true or false", hint)
    return False


def options_of(value: object, path: str, faults: Faults) -> Mapping[str, JSON]:
    if not isinstance(value, dict):
        faults.say(path, told(value), 'a table such as { profile = "small" }')
        return NOTHING
    for key, item in value.items():
        _json(item, key_path(path, key), faults, _MAX_DEPTH)
    return MappingProxyType(value)


def address_of(value: object, path: str, faults: Faults) -> str:
    """As ``base`` makes it, or empty."""
    if isinstance(value, str):
        try:
            return base(value)
        except SourceError:
            hint = _hint(value)
        found = masked(value) or "an empty string"
    else:
        found, hint = told(value), None
    faults.say(path, found, "an address such as https://hub.example.org", hint)
    return ""


def no_unknown(
    value: Mapping[str, Any],
    path: str,
    known: tuple[str, ...],
    faults: Faults,
    synonyms: Mapping[str, str] = NO_SYNONYMS,
) -> None:
    """``synonyms`` are what keys are called elsewhere."""
    for key in value:
        if key in known:
            continue
        near = did_you_mean(key, known) or synonyms.get(key)
        faults.say(
            at(path, masked(key)),
            "an unknown key",
            f"one of {', '.join(known)}",
            f"did you mean '{near}'?" if near else None,
        )


def told(value: object) -> str:
    return (
        shown(value) if isinstance(value, str | int | float | list | dict) else f"a {_name(value)}"
    )


def _json(value: object, path: str, faults: Faults, depth: int) -> None:
    """TOML has dates and infinities too, which JSON cannot say."""
    if isinstance(value, dict | list) and depth:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            _json(item, key_path(path, str(key)), faults, depth - 1)
    elif not isinstance(value, str | bool | int | float) or (
        isinstance(value, float) and not isfinite(value)
    ):
        faults.say(path, told(value), "what JSON can say: text, a number, true or false")


def _hint(text: str) -> str | None:
    if "://" in text:
        try:
            link = parse(text)
        except SourceError:
            return None
        if link.userinfo is not None:
            return "a token goes into token_env, token_file or `binderclip token add`"
        return f"did you mean '{link.origin}{masked(link.path)}'?"
    try:
        base(f"https://{text}")
    except SourceError:
        return None
    return f"did you mean 'https://{masked(text)}'?"


def _name(value: object) -> str:
    return {"datetime": "date and time"}.get(type(value).__name__, type(value).__name__)
