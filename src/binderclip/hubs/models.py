"""What a JupyterHub's API says of users and their servers, parsed.

``user_model`` and ``server_model`` of jupyterhub/apihandlers/base.py; keys that older hubs lack
are None here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from binderclip.addresses.masking import printable
from binderclip.spec.model import JSON

_LONGEST_NAME = 255
_WHOLE = 100
# What a header can carry (RFC 9110, 5.5) without a space.
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_TOKEN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class HubServerState:
    """A server that the hub knows. ``pending`` is what it is about to do: "spawn", "stop".

    ``url`` is a path on the hub's origin, or an address where users have domains of their own.
    ``options`` are those that it was started with last.
    """

    name: str
    url: str | None
    ready: bool
    pending: str | None
    started: datetime | None
    options: Mapping[str, JSON] = field(repr=False)

    @property
    def active(self) -> bool:
        """It runs, or is about to, or is not yet gone."""
        return self.ready or self.pending is not None


@dataclass(frozen=True, slots=True)
class HubUser:
    """Whose token it is. ``scopes`` is None for hubs before 2.0, which have none; ``servers`` has
    those that are stopped too, and is None where the token may not see them.
    """

    name: str
    kind: str
    scopes: frozenset[str] | None
    servers: Mapping[str, HubServerState] | None


@dataclass(frozen=True, slots=True)
class Step:
    """An event of a start's progress: ``percent`` from 0 to 100, ``message`` a line, perhaps
    empty. ``state`` is "ready" or "failed" in the last one.
    """

    percent: float | None
    message: str
    state: str | None = None


@dataclass(frozen=True, slots=True)
class HubToken:
    """A token that the hub made; ``scopes`` is empty where the hub does not tell them."""

    id: str
    token: str = field(repr=False)
    scopes: frozenset[str]

    def opens_only(self, scope: str) -> bool:
        """It may do what ``scope`` says and no more than tell whose it is besides."""
        rest = self.scopes - {scope}
        return scope in self.scopes and all(one.startswith("read:users:") for one in rest)


def token(value: Any) -> HubToken | None:
    """None for what is no model of a new token."""
    if not isinstance(value, dict):
        return None
    made, name, scopes = value.get("token"), value.get("id"), value.get("scopes")
    if not isinstance(made, str) or not isinstance(name, str):
        return None
    if not _TOKEN.fullmatch(made) or not _TOKEN_ID.fullmatch(name):
        return None
    known = frozenset(map(str, scopes)) if isinstance(scopes, list) else frozenset()
    return HubToken(name, made, known)


def user(value: Any) -> HubUser | None:
    """None for what is no model of a user or service."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    scopes, servers = value.get("scopes"), value.get("servers")
    return HubUser(
        name=value["name"][:_LONGEST_NAME],
        kind=str(value.get("kind", "user")),
        scopes=frozenset(map(str, scopes)) if isinstance(scopes, list) else None,
        servers=_servers(servers) if isinstance(servers, dict) else None,
    )


def step(value: Any) -> Step | None:
    """None for what is no event of a start."""
    if not isinstance(value, dict):
        return None
    percent = value.get("progress")
    state = "failed" if value.get("failed") else "ready" if value.get("ready") else None
    # Numbers of any size can be written in JSON.
    sound = isinstance(percent, int | float) and 0 <= percent <= _WHOLE
    return Step(
        percent=percent if sound else None,
        message=one_line(value.get("message")),
        state=state,
    )


def one_line(value: Any, limit: int = 600) -> str:
    """Text of the hub's, fit to be shown."""
    return printable(" ".join(str(value or "").split()), limit)


def moment(text: Any) -> datetime | None:
    """A time of the API's. None for what is none, or has no zone."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _servers(value: dict[str, Any]) -> Mapping[str, HubServerState]:
    return MappingProxyType(
        {name: _server(name, model) for name, model in value.items() if isinstance(model, dict)}
    )


def _server(name: str, model: dict[str, Any]) -> HubServerState:
    url, pending, options = model.get("url"), model.get("pending"), model.get("user_options")
    return HubServerState(
        name=name,
        url=url if isinstance(url, str) else None,
        ready=model.get("ready") is True,
        pending=str(pending) if pending else None,
        started=moment(model.get("started")),
        options=MappingProxyType(options if isinstance(options, dict) else {}),
    )
