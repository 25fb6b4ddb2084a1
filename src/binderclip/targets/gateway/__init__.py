"""A gateway, ``binderclip serve``: it builds and launches where its operator has it do so."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Literal

from binderclip.addresses.masking import masked
from binderclip.environment import Environment
from binderclip.errors import Refused, SessionError
from binderclip.events import Event
from binderclip.guard import Guard
from binderclip.records import Ledger, Nobody
from binderclip.session import Session
from binderclip.spec.model import Reference
from binderclip.spec.shown import has_credentials
from binderclip.targets.gateway.deadlines import Deadlines

__all__ = ["Deadlines", "GatewayTarget"]

# What a header can carry (RFC 9110, 5.5) without a space.
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


class GatewayTarget:
    """The gateway at ``url``, an address of any of its pages. ``token`` is the person's there:
    places of a gateway whose servers are somebody's own take launches of machines with one alone.
    ``place`` names one of the gateway's places, else it chooses. Raises Refused for a token that
    cannot be one.
    """

    name: Literal["gateway"] = "gateway"

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        guard: Guard,
        place: str = "",
        ledger: Ledger | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        if token and not _TOKEN.fullmatch(token):
            raise Refused(
                f"{masked(url)}: the token has a character that none has, or is too long",
                hint="those who run the gateway hand them out",
            )
        self._url, self._token, self._guard, self._place = url, token or None, guard, place
        self._ledger = Nobody() if ledger is None else ledger
        self._deadlines = deadlines or Deadlines()

    def refusal(self, env: Environment) -> str | None:
        """See Target. What its places take is the gateway's to say, once it is asked."""
        for name, reference in (("build", env.build), ("image", env.image)):
            if reference is not None and (why := _unfetchable(reference)):
                return (
                    f"a gateway ({masked(self._url)}) fetches what `{name}` names over the web, "
                    f"and this is {why}: run it with --on local, or name its https address"
                )
        return None

    async def launch(self, env: Environment) -> AsyncGenerator[Event, None]:
        """See Target. Raises Refused, NotTrusted, BuildFailed, RateLimited, TimedOut, Unreachable,
        LaunchError, and whatever else of the tree the gateway tells; CacheError of the ledger.
        """
        if reason := self.refusal(env):
            raise Refused(reason)
        from binderclip.targets.gateway.launch import Launch  # noqa: PLC0415 - brings httpx
        from binderclip.web import Web  # noqa: PLC0415 - as above

        async with Web(self._guard) as web:
            launch = Launch(web, self._url, self._token, self._ledger, self._deadlines)
            async with aclosing(launch.events(env, self._place)) as events:
                async for event in events:
                    yield event

    async def stop(self, session: Session) -> None:
        """See Target. Raises SessionError, CacheError of the ledger."""
        from binderclip.targets.gateway.ending import ended  # noqa: PLC0415 - brings httpx
        from binderclip.web import Web  # noqa: PLC0415 - as above

        async with Web(self._guard, failure=SessionError) as web:
            await ended(web, session, self._token, self._deadlines.stop_s)
        self._ledger.drop(session.id)


def _unfetchable(reference: Reference) -> str | None:
    scheme = reference.host.partition("://")[0].lower()
    if scheme == "file":
        return "a folder of this machine"
    if scheme not in {"http", "https"}:
        return "no web address"
    if has_credentials(reference.url):
        return "an address with a password or token in it"
    return None
