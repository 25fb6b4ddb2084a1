"""What was said of each setting, and where: a flag before a variable before the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from binderclip.addresses.masking import printable
from binderclip.spec.nearmiss import did_you_mean

VARIABLES: Final = MappingProxyType(
    {
        "on": "BINDERCLIP_SERVE_ON",
        "listen": "BINDERCLIP_SERVE_LISTEN",
        "public_url": "BINDERCLIP_SERVE_PUBLIC_URL",
        "environment": "BINDERCLIP_SERVE_ENVIRONMENT",
        "allowed_networks": "BINDERCLIP_SERVE_ALLOWED_NETWORKS",
        "trusted_proxies": "BINDERCLIP_SERVE_TRUSTED_PROXIES",
        "storage": "BINDERCLIP_SERVE_STORAGE",
        "secret": "BINDERCLIP_SERVE_SECRET",
        "log": "BINDERCLIP_SERVE_LOG",
    }
)
"""The variable of each setting that has one. Lists are words with blanks between."""

_PREFIX = "BINDERCLIP_SERVE_"
_CONFIG = f"{_PREFIX}CONFIG"
_NO_KEYS = frozenset({"on"})  # the file has tables of places instead
LISTS: Final = frozenset({"on", "allowed_networks", "trusted_proxies"})


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command line says, as it stands there. ``on`` and ``networks`` may be several."""

    on: tuple[str, ...] = ()
    listen: str | None = None
    public_url: str | None = None
    environment: str | None = None
    networks: tuple[str, ...] = ()
    expose: bool = False
    log: str | None = None

    def by_key(self) -> dict[str, tuple[str, Any]]:
        """Settings' keys with the flag's name and what it says."""
        said: dict[str, tuple[str, Any]] = {
            "on": ("--on", list(self.on)),
            "listen": ("--listen", self.listen),
            "public_url": ("--public-url", self.public_url),
            "environment": ("--default-environment", self.environment),
            "allowed_networks": ("--allow-network", list(self.networks)),
            "expose": ("--expose", self.expose),
            "log": ("--log", self.log),
        }
        return {key: pair for key, pair in said.items() if pair[1]}


class Said:
    """``value`` is the file's table, and ``folder`` where its paths begin."""

    def __init__(
        self, value: Mapping[str, Any], folder: Path, environ: Mapping[str, str], flags: Flags
    ) -> None:
        self.file, self.folder, self.environ = value, folder, environ
        self._flags = flags.by_key()

    def of(self, key: str) -> tuple[Any, str]:
        """What was said, None for nothing, and the path that a fault of it has."""
        if key in self._flags:
            path, value = self._flags[key]
            return value, path
        name = VARIABLES.get(key, "")
        if text := self.environ.get(name, "").strip():
            return (text.split() if key in LISTS else text), name
        return None if key in _NO_KEYS else self.file.get(key), key


def unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    """A line for each variable that is called as those of settings are, and is none of them."""
    known = (*VARIABLES.values(), _CONFIG)
    for name in sorted(environ):
        if name.startswith(_PREFIX) and name not in known:
            near = did_you_mean(name.removeprefix(_PREFIX), (*VARIABLES, "config"))
            meant = f"; did you mean {_PREFIX}{near.upper()}?" if near else ""
            yield f"{printable(name, 80)}: no setting has this variable{meant}"
