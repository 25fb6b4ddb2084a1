"""Secrets: those that somebody set, and those that the service keeps for itself."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from binderclip import private
from binderclip.config.values import Faults, at, file_in, token_in, variable_in
from binderclip.errors import ConfigError

_MAX_BYTES = 64 * 1024
_LEAST = 32
Remark = Callable[[str], None]


class Secrets:
    """Finds what tables say of secrets. ``remark`` is told what is open to everybody."""

    def __init__(
        self, folder: Path, environ: Mapping[str, str], faults: Faults, remark: Remark
    ) -> None:
        self._folder, self._environ = folder, environ
        self._faults, self._remark = faults, remark
        self.in_file = False
        """Whether one stood in the file itself."""

    def of(self, value: Mapping[str, Any], path: str, what: str = "token") -> str | None:
        """``token``, ``token_env`` or ``token_file`` of a table, or None."""
        keys = [key for key in (what, f"{what}_env", f"{what}_file") if key in value]
        if len(keys) > 1:
            self._faults.say(path or what, " and ".join(keys), "one of them")
        stated = token_in(value, path, self._faults, what)
        variable = variable_in(value, path, self._faults, what)
        file = file_in(value, path, self._folder, self._faults, f"{what}_file")
        if file is not None:
            return self._sound(self._read(file, at(path, f"{what}_file")), at(path, keys[0]), what)
        if variable is not None:
            text = self._environ.get(variable, "").strip()
            if not text:
                where = at(path, f"{what}_env")
                self._faults.say(where, f"no variable {variable}", "one that is set")
                return None
            return self._sound(text, at(path, keys[0]), what)
        self.in_file = self.in_file or stated is not None
        return stated

    def _sound(self, text: str, path: str, what: str) -> str | None:
        return token_in({what: text}, path.rpartition(".")[0], self._faults, what) if text else None

    def _read(self, file: Path, path: str) -> str:
        """Owned by anybody: whoever runs services mounts secrets that are root's."""
        try:
            descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as stream:
                mode = os.fstat(descriptor).st_mode
                data = stream.read(_MAX_BYTES)
        except OSError as error:
            self._faults.say(path, f"{file}, which cannot be read ({error.strerror})", "a file")
            return ""
        if mode & stat.S_IROTH:
            self._remark(f"{path}: {file} can be read by everybody on this machine; chmod 600 it")
        text = data.decode("utf-8", "replace").strip()
        if not text:
            self._faults.say(path, f"{file}, which is empty", "a file with one line")
        return text


def signing_secret(stated: str | None, path: str, faults: Faults) -> bytes | None:
    """The secret that somebody set; None where nobody did."""
    if stated is None:
        return None
    if len(stated) < _LEAST:
        found, hint = f"{len(stated)} characters", "`openssl rand -hex 32` makes one"
        faults.say(path, found, f"at least {_LEAST}, at random", hint)
    return stated.encode()


def kept(storage: Path, name: str) -> str:
    """A secret of the service's own, made once and kept in ``storage``, so that cookies and links
    outlive a restart. Raises ConfigError where it cannot be kept, or others may read it.
    """
    from filelock import FileLock  # noqa: PLC0415 - only where something is kept

    file = storage / name
    try:
        private.make_folder(storage)
        with FileLock(file.with_suffix(".lock"), mode=0o600):
            if file.exists():
                return private.read(file, _MAX_BYTES).decode("ascii").strip()
            fresh = secrets.token_hex(32)
            private.write(file, f"{fresh}\n".encode())
            return fresh
    except (private.NotPrivate, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{file}: found something that is not a secret of this service's own ({error})",
            hint="remove it, and a new one is made; whoever was signed in begins anew",
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{storage}: cannot be written into ({error.strerror or error})",
            hint="set storage to a folder that this service may write into",
        ) from error
