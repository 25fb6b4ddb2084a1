"""A person's configuration: ``config.toml`` and the variables that override it.

docs/configuration.md describes every key.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from binderclip.config.model import ON, Config, HubEntry, HubKind, base, covers
from binderclip.errors import ConfigError
from binderclip.folders import config_folder

__all__ = ["NAME", "ON", "Config", "HubEntry", "HubKind", "base", "covers", "load"]

NAME: Final = "config.toml"

_MAX_BYTES = 1024 * 1024


def load(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """What ``config.toml`` says, with the variables of ``environ`` over it. Raises ConfigError,
    with every fault that there is.
    """
    file = (config_folder() if folder is None else folder) / NAME
    found = _read(file)
    environ = os.environ if environ is None else environ
    hosts, on = environ.get("BINDERCLIP_HOSTS"), environ.get("BINDERCLIP_ON")
    if not hosts and not on:
        return found
    from binderclip.config.parse import hosts_of, on_of  # noqa: PLC0415 - seldom needed
    from binderclip.config.values import Faults  # noqa: PLC0415 - as above

    faults = Faults("the environment")
    if hosts:
        found = replace(found, hosts=hosts_of(hosts.split(), "BINDERCLIP_HOSTS", faults))
    if on:
        found = replace(found, on=on_of(on, "BINDERCLIP_ON", found.hubs, faults))
    faults.end()
    return found


def _read(file: Path) -> Config:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return Config()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from error
    from binderclip.config.parse import read  # noqa: PLC0415 - most people have no such file

    try:
        with os.fdopen(descriptor, "rb") as stream:
            facts = os.fstat(descriptor)
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from error
    if len(data) > _MAX_BYTES:
        raise ConfigError(f"{file}: found more than {_MAX_BYTES} bytes, expected a small file")
    return read(file, data, mode=facts.st_mode)
