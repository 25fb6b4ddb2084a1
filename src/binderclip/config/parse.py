"""``config.toml`` into a Config, or all that is wrong with it. Imported where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from binderclip.addresses.masking import masked
from binderclip.config.model import ON, Config, HubEntry, HubKind
from binderclip.config.values import (
    Faults,
    address_of,
    file_in,
    flag_in,
    no_unknown,
    options_of,
    table_of,
    text_in,
    token_in,
    told,
    variable_in,
)
from binderclip.errors import ConfigError
from binderclip.spec.model import NOTHING
from binderclip.spec.nearmiss import did_you_mean
from binderclip.spec.shown import key_path, shown

KINDS: tuple[HubKind, ...] = get_args(HubKind)

_KEYS = ("hosts", "on", "hubs")
_HUB_KEYS = ("url", "kind", "server", "options", "token_env", "token_file", "token", "open")
_TOKENS = ("token", "token_env", "token_file")
# What people call it elsewhere.
_SYNONYMS = {"host": "hosts", "hub": "hubs", "target": "on", "default": "on", "profile": "options"}
_OTHERS = 0o077


def read(file: Path, data: bytes, *, mode: int) -> Config:
    """``mode`` is the file's, which matters where a token is in it. Raises ConfigError."""
    value = table_of(file, data)
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
        faults.say(path, told(value), 'a list such as ["https://mybinder.org"]', hint)
        return ()
    found = [address_of(item, f"{path}[{i}]", faults) for i, item in enumerate(value)]
    return tuple(dict.fromkeys(host for host in found if host))


def on_of(value: object, path: str, hubs: Iterable[str], faults: Faults) -> str:
    """A target, a hub's name or an address."""
    known = (*ON, *hubs)
    if isinstance(value, str):
        if value in known:
            return value
        if "://" in value or "." in value or value.startswith("localhost"):
            address_of(value, path, faults)
            return value
    near = did_you_mean(value, known) if isinstance(value, str) else None
    faults.say(
        path,
        told(value),
        f"{', '.join(ON)}, a name under hubs, or an address",
        f"did you mean '{near}'?" if near else None,
    )
    return "local"


def _config(value: Mapping[str, Any], folder: Path, faults: Faults) -> Config:
    no_unknown(value, "", _KEYS, faults, _SYNONYMS)
    entries = value.get("hubs", {})
    hubs: dict[str, HubEntry] = {}
    if isinstance(entries, dict):
        for name, entry in entries.items():
            if made := _hub(name, entry, folder, faults):
                hubs[name] = made
    else:
        faults.say("hubs", told(entries), "a table for each hub, such as [hubs.pangeo]")
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
        faults.say(path, told(value), "a table with url", hint)
        return None
    if name in ON or not name.isprintable() or not name or name.startswith("-"):
        faults.say(path, f"the name {masked(name)!r}", f"a name other than {', '.join(ON)}")
    no_unknown(value, path, _HUB_KEYS, faults, _SYNONYMS)
    url = _url(name, value, path, faults)
    several = [key for key in _TOKENS if key in value]
    if len(several) > 1:
        faults.say(path, f"{' and '.join(several)}", "one of them")
    return HubEntry(
        url=url,
        kind=_kind(value["kind"], f"{path}.kind", faults) if "kind" in value else None,
        server=text_in(value, "server", path, faults) or "",
        options=options_of(value["options"], f"{path}.options", faults)
        if "options" in value
        else NOTHING,
        token_env=variable_in(value, path, faults),
        token_file=file_in(value, path, folder, faults),
        token=token_in(value, path, faults),
        open=flag_in(value, "open", path, faults),
    )


def _url(name: str, value: Mapping[str, Any], path: str, faults: Faults) -> str:
    """``url``, or the name where that is an address."""
    if "://" in name:
        if "url" in value:
            faults.say(f"{path}.url", "an address in a table named by one", "one of them")
        return address_of(name, path, faults)
    if "url" not in value:
        faults.say(f"{path}.url", "nothing", "the address of the hub or server")
        return ""
    return address_of(value["url"], f"{path}.url", faults)


def _kind(value: object, path: str, faults: Faults) -> HubKind | None:
    for kind in KINDS:
        if value == kind:
            return kind
    near = did_you_mean(value, KINDS) if isinstance(value, str) else None
    faults.say(
        path,
        told(value),
        f"{', '.join(KINDS[:-1])} or {KINDS[-1]}",
        f"did you mean '{near}'?" if near else "leave it out to have it found out",
    )
    return None
