"""Logins for registries, from where ``docker login`` and ``podman login`` keep them.

Sources: https://docs.docker.com/reference/cli/docker/login/ (config.json, credential helpers) and
https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from binderclip.errors import ConfigError
from binderclip.registries.helpers import ask_helper
from binderclip.registries.images import DOCKER_HUB, Image

_MAX_BYTES = 1 << 20
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HUB_SERVER = "https://index.docker.io/v1/"
_HUB_KEYS = ("docker.io", "index.docker.io", "registry-1.docker.io")
_TOKEN_USER = "<token>"  # noqa: S105 - the name that helpers give an identity token's owner


@dataclass(frozen=True, slots=True)
class Login:
    """A user and a password, or an identity token, which is good for getting other tokens."""

    user: str = field(repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """As ``Authorization: Basic`` has it (RFC 7617)."""
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class Credentials(Protocol):
    """The seam: where logins are kept."""

    async def login(self, image: Image) -> Login | None:
        """The person's login for the image's registry, or None. Raises ConfigError."""
        ...


class NoCredentials:
    """Nobody's: strangers are let in where everybody is."""

    async def login(self, image: Image) -> Login | None:  # noqa: ARG002 - the seam's
        return None


class StoredCredentials:
    """Reads ``$REGISTRY_AUTH_FILE``, ``$DOCKER_AUTH_CONFIG``, Docker's ``config.json`` and podman's
    ``auth.json``, in this order; the first that knows the registry is believed. The files are read
    when a registry asks for a login, not before.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ

    async def login(self, image: Image) -> Login | None:
        for where, text in self._sources():
            stated = _read(where, text)
            if found := await self._found(stated, image, where):
                return found
        return None

    async def _found(self, stated: Mapping[str, Any], image: Image, where: str) -> Login | None:
        helpers = _by_plain_key(stated.get("credHelpers"))
        for key in _keys(image):
            if name := helpers.get(key):
                return await self._helped(name, _server(image), where)
        if name := stated.get("credsStore"):
            login = await self._helped(name, _server(image), where)
            if login:
                return login
        auths = _by_plain_key(stated.get("auths"))
        for key in _keys(image):
            if login := _login(_object(auths.get(key)), where):
                return login
        return None

    async def _helped(self, name: object, key: str, where: str) -> Login | None:
        if not isinstance(name, str) or not _HELPER.fullmatch(name):
            raise ConfigError(
                f"{where}: found a credential helper that is no plain word",
                hint='a helper is named as in "credsStore": "pass"',
            )
        answer = await ask_helper(f"docker-credential-{name}", key, where)
        if answer is None:
            return None
        user, secret = answer
        if user == _TOKEN_USER:
            return Login("", identity_token=secret)
        return Login(user, secret)

    def _sources(self) -> Iterator[tuple[str, str]]:
        """What there is, as a name for people and the text."""
        if text := self._environ.get("DOCKER_AUTH_CONFIG"):
            yield "$DOCKER_AUTH_CONFIG", text
        for path in self._paths():
            if (text := _text(path)) is not None:
                yield str(path), text

    def _paths(self) -> Iterator[Path]:
        around = self._environ
        if stated := around.get("REGISTRY_AUTH_FILE"):
            yield Path(stated)
        home = Path(around.get("HOME") or "~").expanduser()
        yield Path(around.get("DOCKER_CONFIG") or home / ".docker") / "config.json"
        if runtime := around.get("XDG_RUNTIME_DIR"):
            yield Path(runtime) / "containers" / "auth.json"
        config = around.get("XDG_CONFIG_HOME") or home / ".config"
        yield Path(config) / "containers" / "auth.json"


def _server(image: Image) -> str:
    """The registry as helpers know it."""
    return _HUB_SERVER if image.registry == DOCKER_HUB else image.host


def _keys(image: Image) -> tuple[str, ...]:
    """Under which names a login may stand, the closest first: podman's may be for a part of the
    registry (``quay.io/owner``).
    """
    parts = image.name.split("/")
    prefixes = ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
    hosts = _HUB_KEYS if image.registry == DOCKER_HUB else (image.host,)
    return (*(f"{hosts[0]}/{prefix}" for prefix in prefixes), *hosts)


def _by_plain_key(value: object) -> Mapping[str, Any]:
    """Old keys are addresses: ``https://quay.io/v1/``."""
    return {re.sub(r"^https?://|(?:/v[12])?/?$", "", k): v for k, v in _object(value).items()}


def _login(entry: Mapping[str, Any], where: str) -> Login | None:
    token = entry.get("identitytoken")
    if isinstance(token, str) and token:
        return Login("", identity_token=token)
    user, password = entry.get("username"), entry.get("password")
    auth = entry.get("auth")
    if isinstance(auth, str) and auth:
        try:
            both = base64.b64decode(auth, validate=True).decode().strip("\0")
        except ValueError as error:
            raise _unusable(where, "a login that is not base64") from error
        user, _, password = both.partition(":")
    if isinstance(user, str) and isinstance(password, str) and user:
        return Login(user, password)
    return None


def _text(path: Path) -> str | None:
    """The content, or None where there is no such file. Raises ConfigError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unusable(str(path), f"a file that cannot be read ({error.strerror})") from error
    if len(data) > _MAX_BYTES:
        raise _unusable(str(path), f"more than {_MAX_BYTES:,} bytes")
    return data.decode("utf-8", "replace")


def _read(where: str, text: str) -> Mapping[str, Any]:
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        # Not `from` it: the text of that error may hold a password.
        raise _unusable(where, "no JSON") from None
    return _object(value)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _unusable(where: str, found: str) -> ConfigError:
    return ConfigError(
        f"{where}: found {found}, expected what `docker login` writes",
        hint="mend or remove it, then log in again",
    )
