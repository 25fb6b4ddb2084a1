"""What uv may know while it resolves what strangers ask for.

uv puts ``${NAME}`` of its environment into the addresses that packages name in their metadata, so
that whoever published one could read our secrets; and of the person's settings "build this one
from source" beats ``--no-build``. So uv gets the variables that it needs, none that holds a secret,
and settings of ours, made from the person's own: their indexes, with the logins that variables
hold for them, and no word on building.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

from binderclip.errors import Refused
from binderclip.inheritance import inherited

_Table: TypeAlias = dict[str, Any]

# Paths, sockets and names, which git, its credential helpers, ssh, keyrings and TLS go by. Helpers
# that know a login from variables alone (GH_TOKEN, AWS_SECRET_ACCESS_KEY, …) do not know it here.
_NAMES = """
PATH HOME USER LOGNAME SHELL TMPDIR LANG LANGUAGE TERM TZ NETRC
SSH_AUTH_SOCK SSH_AGENT_PID SSH_ASKPASS GNUPGHOME KRB5CCNAME KRB5_CONFIG PASSWORD_STORE_DIR
DISPLAY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS PYTHONNOUSERSITE NIX_SSL_CERT_FILE
REQUESTS_CA_BUNDLE CURL_CA_BUNDLE
GIT_ASKPASS GIT_SSH GIT_SSH_COMMAND GIT_SSH_VARIANT GIT_EXEC_PATH GIT_CONFIG_GLOBAL
GIT_CONFIG_SYSTEM GIT_CONFIG_NOSYSTEM GIT_SSL_CAINFO GIT_SSL_CAPATH GIT_SSL_CERT GIT_SSL_KEY
GIT_SSL_NO_VERIFY
UV_CACHE_DIR UV_NO_CACHE UV_OFFLINE UV_NATIVE_TLS UV_SYSTEM_CERTS UV_INSECURE_HOST
UV_KEYRING_PROVIDER UV_CREDENTIALS_DIR UV_HTTP_TIMEOUT UV_HTTP_CONNECT_TIMEOUT UV_HTTP_RETRIES
UV_REQUEST_TIMEOUT UV_NO_INDEX UV_TORCH_BACKEND UV_INDEX_STRATEGY UV_EXCLUDE_NEWER UV_PRERELEASE
UV_RESOLUTION UV_LINK_MODE
UV_CONCURRENT_DOWNLOADS UV_PYTHON_INSTALL_DIR UV_PYTHON_PREFERENCE UV_PYTHON_DOWNLOADS
"""
_KEPT = frozenset(_NAMES.split())
_KEPT_FAMILIES = ("LC_", "XDG_", "SSL_")
# Of these uv and git read the lower case too, and uv expands upper case alone.
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
# Its words are read, so that they may not be broken into lines. Of the git that it starts: no
# questions, and an end to a dead connection.
_AROUND = {
    "COLUMNS": "10000",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
    "GIT_HTTP_LOW_SPEED_TIME": "60",
    "LC_ALL": "C",
}
# Set when binderclip is called from a git hook; and uv needs git's 'file' between its own folders.
_NOT_OURS = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_ALLOW_PROTOCOL"}
)
_BUILDING = re.compile(r"(?:no-|only-)?(?:build|binary)(?:-|$)")


def environ(*, builds: bool) -> dict[str, str]:
    """The variables for a uv that resolves. Where it may build, what it builds can read any."""
    ours = inherited()
    if builds:
        return {k: v for k, v in ours.items() if k not in _NOT_OURS} | _AROUND
    kept = {k: v for k, v in ours.items() if k in _KEPT or k.startswith(_KEPT_FAMILIES)}
    for name in _PROXIES:
        if proxy := ours.get(name) or ours.get(name.upper()):
            kept[name] = proxy
    return kept | _AROUND


def settings(folder: Path) -> tuple[str, ...]:
    """Arguments that make uv read settings of ours, which are written into ``folder``, in the
    place of all others. Raises Refused for settings of the person's that uv could not read either.
    """
    table = _own()
    stated = [*stated_indexes(), *table.pop("index", [])]
    table["index"] = [_with_login(one) for one in one_default(stated)]
    links = [_whole(one) for one in _words("UV_FIND_LINKS", ",")]
    if links:
        table["find-links"] = [*links, *table.get("find-links", [])]
    return written(table, folder)


def stated_indexes() -> Iterator[_Table]:
    """Those of the environment, as tables of settings: they go before those of files."""
    for word in _words("UV_INDEX"):
        yield _index(word)
    for word in _words("UV_EXTRA_INDEX_URL"):
        yield {"url": _whole(word)}
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        for word in _words(name)[:1]:
            yield {**_index(word), "default": True}


def one_default(indexes: Iterable[_Table]) -> Iterator[_Table]:
    """The first default is meant; two of one name are no settings."""
    default, names = False, set()
    for one in indexes:
        if (name := one.get("name")) in names or (default and one.get("default")):
            continue
        names |= {name} if name else set()
        default = default or bool(one.get("default"))
        yield one


def written(table: _Table, folder: Path) -> tuple[str, ...]:
    """Arguments that make uv read ``table`` in the place of all settings."""
    path = folder / "settings.toml"
    lines = (f"{_toml(key)} = {_toml(value)}\n" for key, value in table.items())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.writelines(lines)
    return "--config-file", str(path)


def _own() -> _Table:
    """The person's settings, those of the system below them, without what they say of building.
    https://docs.astral.sh/uv/concepts/configuration-files/
    """
    found: _Table = {}
    for path in _files():
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except OSError:
            continue
        except ValueError as error:
            raise Refused(f"{path}: the settings of uv cannot be read: {error}") from error
        indexes = [*found.get("index", []), *table.get("index", [])]
        pip = {**_still(table.get("pip", {})), **found.get("pip", {})}
        found = {**_still(table), **found, "index": indexes, "pip": pip}
    return {key: value for key, value in found.items() if key not in {"index", "pip"} or value}


def _files() -> Iterator[Path]:
    if named := os.environ.get("UV_CONFIG_FILE"):
        yield Path(named)
    elif os.environ.get("UV_NO_CONFIG", "").lower() not in {"1", "true", "yes", "on", "y", "t"}:
        home = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
        yield Path(home, "uv", "uv.toml")
        shared = (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
        yield from (Path(one, "uv", "uv.toml") for one in shared if one)
        yield Path("/etc/uv/uv.toml")


def _still(table: object) -> _Table:
    if not isinstance(table, dict):
        return {}
    return {key: value for key, value in table.items() if not _BUILDING.match(key)}


def _index(word: str) -> _Table:
    """``[NAME=]URL``."""
    if named := re.fullmatch(r"(?P<name>[A-Za-z0-9._-]+)=(?P<url>.+)", word):
        return {"name": named["name"], "url": _whole(named["url"])}
    return {"url": _whole(word)}


def _words(name: str, separator: str | None = None) -> list[str]:
    return [word for word in os.environ.get(name, "").split(separator) if word]


def _whole(place: str) -> str:
    """Whole, since uv runs elsewhere."""
    return place if "://" in place else str(Path(place).absolute())


def _with_login(index: _Table) -> _Table:
    """With what ``UV_INDEX_NAME_USERNAME`` and ``…_PASSWORD`` hold."""
    name = re.sub(r"[^A-Z0-9]", "_", str(index.get("name", "")).upper())
    user, password = (
        os.environ.get(f"UV_INDEX_{name}_{kind}", "") for kind in ("USERNAME", "PASSWORD")
    )
    if not name or not (user or password):
        return index
    parts = urlsplit(str(index.get("url", "")))
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    netloc = f"{login}@{parts.netloc.rpartition('@')[2]}"
    return {**index, "url": urlunsplit(parts._replace(netloc=netloc))}


def _toml(value: object) -> str:
    """Strings of JSON are strings of TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case Mapping():
            pairs = (f"{_toml(key)} = {_toml(one)}" for key, one in value.items())
            return f"{{{', '.join(pairs)}}}"
        case date() | datetime():
            return value.isoformat()
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case _:
            return repr(value)
