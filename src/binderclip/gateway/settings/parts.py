"""Tables of the file that are not places: limits, sharing, machines' tokens, the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from binderclip import references, spec
from binderclip.addresses.masking import masked
from binderclip.config.values import Faults, at, no_unknown, text_in, told
from binderclip.errors import SpecError
from binderclip.gateway.settings.keeping import Secrets
from binderclip.gateway.settings.model import Limits, ShareSettings
from binderclip.gateway.settings.words import number_in, rate_in, whole_in
from binderclip.spec.model import Binder
from binderclip.spec.shown import key_path

_TOKEN_KEYS = ("token", "token_env", "token_file")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def limits_of(value: object, faults: Faults) -> Limits:
    table, usual = _table(value, "limits", faults), Limits()
    no_unknown(table, "limits", tuple(field.name for field in fields(Limits)), faults)
    return Limits(
        looks=rate_in(table, "looks", "limits", usual.looks, faults),
        badges=rate_in(table, "badges", "limits", usual.badges, faults),
        launches=rate_in(table, "launches", "limits", usual.launches, faults),
        environment=rate_in(table, "environment", "limits", usual.environment, faults),
        streams=whole_in(table, "streams", "limits", usual.streams, faults),
        streams_each=whole_in(table, "streams_each", "limits", usual.streams_each, faults),
        launch_s=number_in(table, "launch_s", "limits", usual.launch_s, faults),
        notebook_bytes=whole_in(table, "notebook_bytes", "limits", usual.notebook_bytes, faults),
    )


def share_of(value: object, faults: Faults) -> ShareSettings | None:
    if value is None:
        return None
    table, usual = _table(value, "share", faults), ShareSettings("")
    no_unknown(table, "share", tuple(field.name for field in fields(ShareSettings)), faults)
    url = text_in(table, "url", "share", faults)
    if url is None and table.get("url") is None:
        expected = "where shared notebooks are kept, as file:///var/lib/shared or s3://bucket"
        faults.say("share.url", "nothing", expected)
    return ShareSettings(
        url=url or "",
        notebook_bytes=whole_in(table, "notebook_bytes", "share", usual.notebook_bytes, faults),
        total_bytes=whole_in(table, "total_bytes", "share", usual.total_bytes, faults),
        days=number_in(table, "days", "share", usual.days, faults),
        per_client=rate_in(table, "per_client", "share", usual.per_client, faults),
    )


def tokens_of(value: object, secrets: Secrets, faults: Faults) -> Mapping[str, str]:
    """By the name that the log says."""
    found: dict[str, str] = {}
    for name, entry in _table(value, "tokens", faults).items():
        path = key_path("tokens", masked(name))
        if not _NAME.fullmatch(name):
            faults.say(path, f"the name {masked(name)!r}", "letters, digits, '.', '_' and '-'")
        if not isinstance(entry, dict):
            # Perhaps the token itself: it is not shown.
            faults.say(path, "something else (not shown)", 'a table: { token_file = "…" }')
            continue
        no_unknown(entry, path, _TOKEN_KEYS, faults)
        token = secrets.of(entry, path)
        if token:
            found[name] = token
        elif not any(key in entry for key in _TOKEN_KEYS):
            faults.say(path, "no token", f"one of {', '.join(_TOKEN_KEYS)}")
    return MappingProxyType(found)


def environment_of(value: object, path: str, faults: Faults) -> Binder | None:
    """A repository as people write it, or a table as it stands in ``metadata.binder``."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            return Binder(build=references.repository(value))
        if isinstance(value, dict):
            return _stated(value, path, faults)
    except SpecError as error:
        for one in error.problems:
            faults.say(one.path.replace("binder", path, 1), one.found, one.expected, one.hint)
        return None
    faults.say(path, told(value), 'a repository such as "https://github.com/o/r", or a table')
    return None


def _stated(value: dict[str, Any], path: str, faults: Faults) -> Binder | None:
    reading = spec.read({"version": 1, **value})
    for one in reading.warnings:
        faults.say(one.path.replace("binder", path, 1), one.found, one.expected, one.hint)
    binder = reading.binder
    if binder is None or not (binder.image or binder.build or binder.files):
        faults.say(at(path, "build"), "nothing", "an environment: build, image or files")
    return binder


def _table(value: object, path: str, faults: Faults) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    faults.say(path, told(value), f"a table, [{path}]")
    return {}
