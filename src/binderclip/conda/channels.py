"""Channels: from the names that people write to addresses, and never a secret on the way.

Names are read as conda reads them, with the person's own ``channel_alias``, ``custom_channels``,
``custom_multichannels`` and ``default_channels``:
https://docs.conda.io/projects/conda/en/latest/user-guide/configuration/settings.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from binderclip import yamls
from binderclip.addresses.masking import masked
from binderclip.errors import ConfigError, Refused

DEFAULT_ALIAS = "https://conda.anaconda.org"
_DEFAULTS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
_MAX_CHANNELS = 64
_MAX_CHARS = 500
_NAME = re.compile(r"[A-Za-z0-9_][\w.+-]*(?:/[A-Za-z0-9_][\w.+-]*)*", re.ASCII)
_TOKEN = re.compile(r"/t/[^/]+(?=/|$)")


@dataclass(frozen=True, slots=True)
class Naming:
    """How the person's conda names channels."""

    alias: str = DEFAULT_ALIAS
    custom: Mapping[str, str] = field(default_factory=dict, repr=False)
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    defaults: tuple[str, ...] = _DEFAULTS

    def urls(self, channel: str) -> tuple[str, ...]:
        """The addresses of a channel that is named so; ``defaults`` has several."""
        if channel == "defaults":
            return tuple(url for one in self.defaults for url in self._one(one))
        if channel in self.several:
            return tuple(url for one in self.several[channel] for url in self._one(one))
        return self._one(channel)

    def _one(self, channel: str) -> tuple[str, ...]:
        if "://" in channel:
            return (channel.rstrip("/"),)
        first = channel.partition("/")[0]
        for name in (channel, first):
            if name in self.custom:
                return (f"{self.custom[name].rstrip('/')}/{channel}",)
        return (f"{self.alias.rstrip('/')}/{channel}",)


def naming() -> Naming:
    """As the person has configured it: ``$CONDA_CHANNEL_ALIAS``, then ``$CONDARC`` or
    ``~/.condarc``. Raises ConfigError.
    """
    path = Path(os.environ.get("CONDARC") or Path.home() / ".condarc")
    value: object = None
    try:
        if path.is_file():
            value = yamls.read(path.read_text("utf-8"), str(path), failure=ConfigError)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({type(error).__name__})") from error
    settings: dict[object, object] = value if isinstance(value, dict) else {}
    alias = os.environ.get("CONDA_CHANNEL_ALIAS") or settings.get("channel_alias")
    return Naming(
        alias=_address(alias) or DEFAULT_ALIAS,
        custom=_texts(settings.get("custom_channels")),
        several=_lists(settings.get("custom_multichannels")),
        defaults=_list(settings.get("default_channels")) or _DEFAULTS,
    )


def stated(where: str, value: object) -> tuple[str, ...]:
    """The ``channels`` of a file, each checked. Raises Refused."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Refused(f"{where}: channels: expected a list of channels, such as '- conda-forge'")
    if len(value) > _MAX_CHANNELS:
        raise Refused(f"{where}: channels: found {len(value)}, expected at most {_MAX_CHANNELS}")
    for index, channel in enumerate(value):
        check(where, f"channels[{index}]", channel)
    return tuple(channel.strip().rstrip("/") for channel in value)


def shown(channel: str) -> str:
    """A channel, or a spec with one, fit to be shown."""
    return _TOKEN.sub("/t/***", masked(channel))


def check(where: str, place: str, channel: object) -> None:
    at = f"{where}: {place}"
    if not isinstance(channel, str) or not channel.strip() or not channel.isprintable():
        raise Refused(f"{at}: expected a channel, such as 'conda-forge'")
    channel = channel.strip()
    if len(channel) > _MAX_CHARS:
        raise Refused(f"{at}: found {len(channel)} characters, expected at most {_MAX_CHARS}")
    if "$" in channel:
        _private(at, "a variable")
    if "://" not in channel:
        if channel == "local" or not _NAME.fullmatch(channel) or ".." in channel.split("/"):
            raise Refused(
                f"{at}: found {shown(channel)!r}, expected a channel's name or address",
                hint="a folder is named by its address, file:///…",
            )
        if _TOKEN.search(f"/{channel}"):
            _private(at, "a token")
        return
    try:
        parts = urlsplit(channel)
        secret = bool(parts.username or parts.password or "@" in parts.netloc)
        host = parts.hostname
    except ValueError:
        raise Refused(f"{at}: found {shown(channel)!r}, which is no address") from None
    if parts.scheme not in ("http", "https", "file") or (parts.scheme != "file" and not host):
        raise Refused(f"{at}: found {shown(channel)!r}, expected https://, http:// or file:///")
    if secret or _TOKEN.search(parts.path) or parts.query or parts.fragment:
        _private(at, "a password or token")


def _private(at: str, what: str) -> NoReturn:
    raise Refused(
        f"{at}: found {what} in a channel, expected none: whoever reads the file has it",
        hint="name the channel, and say in ~/.condarc (custom_channels) where it is for you",
    )


def _address(value: object) -> str | None:
    return value.strip() if isinstance(value, str) and "://" in value else None


def _texts(value: object) -> Mapping[str, str]:
    entries = value.items() if isinstance(value, dict) else ()
    return {str(name): url for name, text in entries if (url := _address(text))}


def _list(value: object) -> tuple[str, ...]:
    entries: Sequence[object] = value if isinstance(value, list) else ()
    return tuple(one.strip() for one in entries if isinstance(one, str) and one.strip())


def _lists(value: object) -> Mapping[str, tuple[str, ...]]:
    entries = value.items() if isinstance(value, dict) else ()
    return {str(name): _list(urls) for name, urls in entries}
