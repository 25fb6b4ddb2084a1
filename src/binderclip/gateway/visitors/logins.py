"""Who is logged in at the JupyterHub, in memory: no token of theirs is in a cookie."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from binderclip.gateway.settings.model import Settings
    from binderclip.gateway.visitors.hub import LoginHub

AGE_S = 12 * 3600.0
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Login:
    user: str
    token: str = field(repr=False)


class Logins:
    """By session, or by token. ``clock`` is in seconds and never goes back. After ``AGE_S``, after
    a restart, and where ``most`` others came since, people are sent to the hub again; they see
    that as a short redirect.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._held: OrderedDict[str, tuple[float, Login]] = OrderedDict()
        self._ways: OrderedDict[str, str] = OrderedDict()
        self._hub: LoginHub | None = None

    def hub(self, settings: Settings) -> LoginHub | None:
        """None where the service is no JupyterHub's."""
        if self._hub is None and settings.service is not None:
            from binderclip.gateway.visitors.hub import LoginHub  # noqa: PLC0415 - heavy

            self._hub = LoginHub(settings.service)
        return self._hub

    def keep(self, key: str, login: Login) -> None:
        self._held[key] = (self._clock(), login)
        self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)

    def find(self, key: str) -> Login | None:
        since, login = self._held.get(key, (0.0, None))
        if login is not None and self._clock() - since > AGE_S:
            self.drop(key)
            return None
        return login

    def set_out(self, path: str) -> str:
        """Note where somebody is going who logs in first; a name for it. An address of theirs, with
        whatever opens it, is not for the hub and its log.
        """
        way = secrets.token_urlsafe(16)
        self._ways[way] = path
        while len(self._ways) > self._most:
            self._ways.popitem(last=False)
        return way

    def arrive(self, way: str) -> str | None:
        return self._ways.pop(way, None)

    def drop(self, key: str) -> None:
        self._held.pop(key, None)

    async def user(self, settings: Settings, session: str) -> Login | None:
        """Who is logged in with that session, as the hub said within the last minutes. Raises
        Unreachable.
        """
        hub, login = self.hub(settings), self.find(session)
        if hub is None or login is None:
            return None
        if await hub.user(login.token) != login.user:
            self.drop(session)
            return None
        return login

    def known(self, token: str) -> bool:
        """Whether the hub took that token not long ago."""
        return self.find(_key(token)) is not None

    async def by_token(self, settings: Settings, token: str) -> Login | None:
        """Whose token of the hub that is, if they may use this service. Raises Unreachable."""
        hub = self.hub(settings)
        name = None if hub is None else await hub.user(token)
        if name is None:
            self.drop(_key(token))
            return None
        login = Login(name, token)
        self.keep(_key(token), login)
        return login


def _key(token: str) -> str:
    return f"token {hashlib.sha256(token.encode('utf-8', 'surrogatepass')).hexdigest()}"
