"""JupyterHubs: a server of the person's own, started and stopped with their token."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import Literal

from binderclip.addresses.masking import masked, printable
from binderclip.environment import Environment
from binderclip.errors import Refused, SessionError
from binderclip.events import Event
from binderclip.guard import Guard
from binderclip.records import Ledger, Nobody
from binderclip.session import Session
from binderclip.spec.model import JSON
from binderclip.targets.jupyterhub.deadlines import Deadlines
from binderclip.targets.jupyterhub.options import PLACEHOLDER, takes_image

__all__ = ["Deadlines", "JupyterHubTarget"]

_NO_OPTIONS: Mapping[str, JSON] = MappingProxyType({})
# What a header can carry (RFC 9110, 5.5) without a space.
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_LONGEST_NAME = 255


class JupyterHubTarget:
    """The person's server on the hub at ``url``, an address of any of its pages; with ``server``
    the named one, which is made where it is not there.

    A server that runs is used, and left running; one that is started for a launch ends with its
    session. ``options`` are passed on as the hub's page of options would; ``{image}`` in their
    texts is replaced by the environment's image. With ``as_is`` the hub's own environment stands
    in for what it cannot be given. Raises Refused for a name or token that cannot be one.
    """

    name: Literal["jupyterhub"] = "jupyterhub"

    def __init__(
        self,
        url: str,
        token: str,
        *,
        guard: Guard,
        server: str = "",
        options: Mapping[str, JSON] = _NO_OPTIONS,
        as_is: bool = False,
        ledger: Ledger | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        odd = "/" in server or server in {".", ".."} or not server.isprintable()
        if odd or len(server) > _LONGEST_NAME:
            raise Refused(
                f"found {printable(server, 60)!r} as a server's name, expected one such as 'work'",
                hint="hubs take lower-case letters, digits and '-'",
            )
        if token and not _TOKEN.fullmatch(token):
            raise Refused(
                f"{masked(url)}: the token has a character that none has, or is too long",
                hint="the hub's page /hub/token makes one",
            )
        self._url, self._token, self._guard = url, token, guard
        self._server, self._options, self._as_is = server, options, as_is
        self._ledger = Nobody() if ledger is None else ledger
        self._deadlines = deadlines or Deadlines()

    def refusal(self, env: Environment) -> str | None:
        """See Target."""
        if self._as_is or env.bare or (env.image and takes_image(self._options)):
            return None
        instead = "a BinderHub does, and 'local' does for Python"
        if env.image:
            instead = f"in its configuration, options with {PLACEHOLDER!r} say how it takes images"
        return (
            f"a JupyterHub ({masked(self._url)}) builds no environment: {instead}; to use what it "
            "has, name it with --on"
        )

    async def launch(self, env: Environment) -> AsyncGenerator[Event, None]:
        """See Target. Raises Refused (also where the hub refuses the token or the options),
        RateLimited, TimedOut, Unreachable and LaunchError; CacheError of the ledger.
        """
        if reason := self.refusal(env):
            raise Refused(reason)
        from binderclip.targets.jupyterhub.launch import Launch  # noqa: PLC0415 - brings httpx
        from binderclip.web import Web  # noqa: PLC0415 - as above

        async with Web(self._guard) as web:
            launch = Launch(web, self._url, self._token, self._ledger, self._deadlines)
            events = launch.events(env, self._server, self._options, as_is=self._as_is)
            async with aclosing(events):
                async for event in events:
                    yield event

    async def stop(self, session: Session) -> None:
        """See Target. A server that the person has started anew meanwhile is theirs. Raises
        SessionError, CacheError of the ledger.
        """
        hub = session.hub
        if hub is not None and (session.owned or hub.token_id):
            if not self._token:
                raise SessionError(
                    f"{masked(hub.api)}: stopping a server takes a token of the hub",
                    hint=f"`binderclip token add {masked(hub.api)}` keeps one, or stop it "
                    "on the hub's page /hub/home",
                )
            from binderclip.targets.jupyterhub import ending  # noqa: PLC0415 - brings httpx
            from binderclip.web import Web  # noqa: PLC0415 - as above

            async with Web(self._guard, failure=SessionError) as web:
                if session.owned:
                    await ending.ended(web, hub, self._token, self._deadlines.stop_s)
                else:
                    await ending.left(web, hub, self._token)
        self._ledger.drop(session.id)
