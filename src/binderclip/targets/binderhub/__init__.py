"""BinderHubs: somebody else's machines, which build a repository and launch it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Literal

from binderclip.addresses.link import parse
from binderclip.environment import Environment
from binderclip.errors import Refused, SessionError
from binderclip.events import Event, Progress
from binderclip.guard import Guard
from binderclip.hubs.bases import hub_bases
from binderclip.records import Ledger, Nobody
from binderclip.session import Session
from binderclip.targets.binderhub import spec
from binderclip.targets.binderhub.deadlines import Deadlines

if TYPE_CHECKING:
    from binderclip.tokens import Tokens

__all__ = ["BinderHubTarget", "Deadlines"]


class BinderHubTarget:
    """The first of ``hosts`` that launches it, in order of preference; addresses as people paste
    them. ``tokens`` are the person's, for hubs with logins.

    A hub that does not answer, is not well, is full, asks to wait, refuses or fails is passed over
    for the next. A build that fails and a ref that is not there end the launch: they would fail
    anywhere.
    """

    name: Literal["binderhub"] = "binderhub"

    def __init__(
        self,
        hosts: Sequence[str],
        *,
        guard: Guard,
        tokens: Tokens | None = None,
        ledger: Ledger | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._hosts = tuple(dict.fromkeys(hosts))
        self._guard, self._tokens = guard, tokens
        self._ledger = Nobody() if ledger is None else ledger
        self._deadlines = deadlines or Deadlines()

    def refusal(self, env: Environment) -> str | None:
        """See Target."""
        if not self._hosts:
            return (
                "no BinderHub is named: name one with --on https://…, in the notebook's "
                "binder.host, or in your configuration"
            )
        return spec.refusal(env)

    async def launch(self, env: Environment) -> AsyncGenerator[Event, None]:
        """See Target. Raises Refused, ResolveError, BuildFailed, RateLimited, TimedOut,
        Unreachable, LaunchError and AddressForbidden; CacheError of the ledger.
        """
        if (reason := self.refusal(env)) or env.build is None:
            raise Refused(reason or "")
        for remark in spec.remarks(env):
            yield Progress("resolving", remark)
        from binderclip.targets.binderhub.failover import Hosts  # noqa: PLC0415 - brings httpx
        from binderclip.web import Web  # noqa: PLC0415 - as above

        async with Web(self._guard) as web:
            hosts = Hosts(web, self._hosts, self._tokens, self._ledger, self._deadlines)
            async with aclosing(hosts.launch(spec.build_path(env.build))) as events:
                async for event in events:
                    yield event

    async def stop(self, session: Session) -> None:
        """See Target. Raises SessionError, CacheError of the ledger."""
        if not session.owned or session.url is None:
            return
        from binderclip.targets.binderhub.launched import stopped  # noqa: PLC0415 - brings httpx
        from binderclip.web import Web  # noqa: PLC0415 - as above

        token = self._token_of(session.hub.api) if session.hub else None
        async with Web(self._guard, failure=SessionError) as web:
            # Who stops it from its record may have put the hub's token there.
            await stopped(web, session, token or session.token, self._deadlines.stop_s)
        self._ledger.drop(session.id)

    def _token_of(self, api: str) -> str | None:
        """The person's token for a hub: given for its JupyterHub's address, or for a BinderHub's on
        the same origin.
        """
        if self._tokens is None:
            return None
        bases = [base for host in self._hosts for base in hub_bases(host)]
        # Always of the hub's own origin: a token kept for another is not one for it.
        places = (api, *(f"{parse(api).origin}{parse(base).path}" for base in bases))
        return next((token for url in places if (token := self._tokens.of(url))), None)
