"""``config.toml`` into a Config, or all that is wrong with it. Imported where there is one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from binderclip.addresses.link import parse
from binderclip.addresses.masking import masked
from binderclip.config.model import ON, Config, HubEntry, HubKind, base
from binderclip.errors import ConfigError, Problem, SourceError
from binderclip.spec.model import JSON, NOTHING
from binderclip.spec.nearmiss import did_you_mean
from binderclip.spec.shown import key_path, shown

KINDS: tuple[HubKind, ...] = get_args(HubKind)

_KEYS = ("hosts", "on", "hubs")
_HUB_KEYS = ("url", "kind", "server", "options", "token_env", "token_file", "token", "open")
_TOKENS = ("token", "token_env", "token_file")
# What people call it elsewhere.
_SYNONYMS = {"host": "hosts", "hub": "hubs", "target": "on", "default": "on", "profile": "options"}
_OTHERS = 0o077
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


def read(file: Path, data: bytes, *, mode: int) -> Config:
    """``mode`` is the file's, which matters where a token is in it. Raises ConfigError."""
    try:
        value = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: found bytes that are not UTF-8, expected TOML") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        why = error if isinstance(error, tomllib.TOMLDecodeError) else "nested too deeply"
        raise ConfigError(
            f"{file}: cannot be read as TOML ({why})",
            hint='text stands in quotes there: on = "local"; https://toml.io has the rest',
        ) from error
    faults = Faults(file)
    found = _config(value, file.parent, faults)
    faults.end()
    if mode & _OTHERS and any(entry.token for entry in found.hubs.values()):
        raise ConfigError(
            f"{file}: found a token in a file that others may read, expected it to be yours alone",
            hint=f"chmod 600 {file}; then get a new token, since others may have this one",
        )
    return found


def hosts_of(value: object, path: str, faults: Faults) -> tuple[str, ...]:
    """Addresses, each once."""
    if not isinstance(value, list):
        hint = f"did you mean [{shown(value)}]?" if isinstance(value, str) else None
        faults.say(path, _shown(value), 'a list such as ["https://mybinder.org"]', hint)
        return ()
    found = [_address(item, f"{path}[{i}]", faults) for i, item in enumerate(value)]
    return tuple(dict.fromkeys(host for host in found if host))


def on_of(value: object, path: str, hubs: Iterable[str], faults: Faults) -> str:
    """A target, a hub's name or an address."""
    known = (*ON, *hubs)
    if isinstance(value, str):
        if value in known:
            return value
        if "://" in value or "." in value or value.startswith("localhost"):
            _address(value, path, faults)
            return value
    near = did_you_mean(value, known) if isinstance(value, str) else None
    faults.say(
        path,
        _shown(value),
        f"{', '.join(ON)}, a name under hubs, or an address",
        f"did you mean '{near}'?" if near else None,
    )
    return "local"


def _config(value: Mapping[str, Any], folder: Path, faults: Faults) -> Config:
    _unknown(value, "", _KEYS, faults)
    entries = value.get("hubs", {})
    hubs: dict[str, HubEntry] = {}
    if isinstance(entries, dict):
        for name, entry in entries.items():
            if made := _hub(name, entry, folder, faults):
                hubs[name] = made
    else:
        faults.say("hubs", _shown(entries), "a table for each hub, such as [hubs.pangeo]")
        entries = {}
    return Config(
        hosts=hosts_of(value["hosts"], "hosts", faults) if "hosts" in value else (),
        on=on_of(value["on"], "on", entries, faults) if "on" in value else "local",
        hubs=MappingProxyType(hubs),
    )


def _hub(name: str, value: object, folder: Path, faults: Faults) -> HubEntry | None:
    path = key_path("hubs", masked(name))
    if not isinstance(value, dict):
        hint = f"did you mean {{ url = {shown(value)} }}?" if isinstance(value, str) else None
        faults.say(path, _shown(value), "a table with url", hint)
        return None
    if name in ON or not name.isprintable() or not name or name.startswith("-"):
        faults.say(path, f"the name {masked(name)!r}", f"a name other than {', '.join(ON)}")
    _unknown(value, path, _HUB_KEYS, faults)
    url = _url(name, value, path, faults)
    several = [key for key in _TOKENS if key in value]
    if len(several) > 1:
        faults.say(path, f"{' and '.join(several)}", "one of them")
    return HubEntry(
        url=url,
        kind=_kind(value["kind"], f"{path}.kind", faults) if "kind" in value else None,
        server=_text(value, "server", path, faults) or "",
        options=_options(value["options"], f"{path}.options", faults)
        if "options" in value
        else NOTHING,
        token_env=_variable(value, path, faults),
        token_file=_file(value, path, folder, faults),
        token=_token(value, path, faults),
        open=_flag(value, "open", path, faults),
    )


def _url(name: str, value: Mapping[str, Any], path: str, faults: Faults) -> str:
    """``url``, or the name where that is an address."""
    if "://" in name:
        if "url" in value:
            faults.say(f"{path}.url", "an address in a table named by one", "one of them")
        return _address(name, path, faults)
    if "url" not in value:
        faults.say(f"{path}.url", "nothing", "the address of the hub or server")
        return ""
    return _address(value["url"], f"{path}.url", faults)


def _kind(value: object, path: str, faults: Faults) -> HubKind | None:
    for kind in KINDS:
        if value == kind:
            return kind
    near = did_you_mean(value, KINDS) if isinstance(value, str) else None
    faults.say(
        path,
        _shown(value),
        f"{', '.join(KINDS[:-1])} or {KINDS[-1]}",
        f"did you mean '{near}'?" if near else "leave it out to have it found out",
    )
    return None


def _text(value: Mapping[str, Any], key: str, path: str, faults: Faults) -> str | None:
    text = value.get(key)
    if text is None or (isinstance(text, str) and text and text.isprintable()):
        return text
    faults.say(f"{path}.{key}", _shown(text), "text on one line")
    return None


def _variable(value: Mapping[str, Any], path: str, faults: Faults) -> str | None:
    name = value.get("token_env")
    if name is None or (isinstance(name, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)):
        return name
    # Perhaps the token itself: it is not shown.
    faults.say(f"{path}.token_env", "something else", "the name of a variable that holds the token")
    return None


def _file(value: Mapping[str, Any], path: str, folder: Path, faults: Faults) -> Path | None:
    text = _text(value, "token_file", path, faults)
    if text is None:
        return None
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:
        faults.say(f"{path}.token_file", "the home of a user that there is not", "a path")
        return None


def _token(value: Mapping[str, Any], path: str, faults: Faults) -> str | None:
    token = value.get("token")
    if token is None or (isinstance(token, str) and re.fullmatch(r"[!-~]+", token)):
        return token
    faults.say(f"{path}.token", "something else (not shown)", "a token: text without spaces")
    return None


def _flag(value: Mapping[str, Any], key: str, path: str, faults: Faults) -> bool:
    found = value.get(key, False)
    if isinstance(found, bool):
        return found
    meant = found.strip().lower() if isinstance(found, str) else ""
    hint = f"did you mean {key} = {meant}?" if meant in {"true", "false"} else None
    faults.say(f"{path}.{key}", _shown(found), "true or false", hint)
    return False


def _options(value: object, path: str, faults: Faults) -> Mapping[str, JSON]:
    if not isinstance(value, dict):
        faults.say(path, _shown(value), 'a table such as { profile = "small" }')
        return NOTHING
    for key, item in value.items():
        _json(item, key_path(path, key), faults, _MAX_DEPTH)
    return MappingProxyType(value)


def _json(value: object, path: str, faults: Faults, depth: int) -> None:
    """TOML has dates and infinities too, which JSON cannot say."""
    if isinstance(value, dict | list) and depth:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            _json(item, key_path(path, str(key)), faults, depth - 1)
    elif not isinstance(value, str | bool | int | float) or (
        isinstance(value, float) and not isfinite(value)
    ):
        faults.say(path, _shown(value), "what JSON can say: text, a number, true or false")


def _address(value: object, path: str, faults: Faults) -> str:
    """As ``base`` makes it, or empty."""
    if isinstance(value, str):
        try:
            return base(value)
        except SourceError:
            hint = _hint(value)
        found = masked(value) or "an empty string"
    else:
        found, hint = _shown(value), None
    faults.say(path, found, "an address such as https://hub.example.org", hint)
    return ""


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


def _unknown(value: Mapping[str, Any], path: str, known: tuple[str, ...], faults: Faults) -> None:
    for key in value:
        if key in known:
            continue
        near = did_you_mean(key, known) or _SYNONYMS.get(key)
        faults.say(
            key_path(path, masked(key)).removeprefix("."),
            "an unknown key",
            f"one of {', '.join(known)}",
            f"did you mean '{near}'?" if near else None,
        )


def _shown(value: object) -> str:
    return (
        shown(value) if isinstance(value, str | int | float | list | dict) else f"a {_name(value)}"
    )


def _name(value: object) -> str:
    return {"datetime": "date and time"}.get(type(value).__name__, type(value).__name__)
