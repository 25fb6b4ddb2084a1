"""The REST API of a JupyterHub, as far as a person's own servers go.

https://jupyterhub.readthedocs.io/en/stable/reference/rest-api.html, and the handlers in
jupyterhub/apihandlers/users.py, which say more.
"""

from __future__ import annotations

import asyncio
import json as _json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from datetime import datetime
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from binderclip.addresses.masking import MASK, masked
from binderclip.errors import BinderclipError, LaunchError, SessionError
from binderclip.hubs import models
from binderclip.hubs.faults import home_page, not_taken, refused
from binderclip.hubs.models import HubServerState, HubToken, HubUser, Step
from binderclip.spec.model import JSON
from binderclip.web import Answer, Method, Web
from binderclip.web.waits import FIRST_S, LONGEST_S, date, longer

__all__ = ["HubServerState", "HubToken", "HubUser", "JupyterHub", "Started", "Step"]

Started: TypeAlias = Literal["started", "pending", "running"]

# How long the hub itself waits for a start before it answers 202 is its own affair: 10 s mostly.
_START_ANSWER_S = 90.0
_REVOKE_S = 10.0
# Longer than runs take. A server's own code holds a token of the same scope while it lives.
_TOKEN_LIVES_S = 3 * 24 * 3600


class JupyterHub:
    """``api`` ends in ``/hub/api/``; ``token`` is a person's. Errors are LaunchErrors, or for a
    ``web`` that is for running sessions SessionErrors.
    """

    def __init__(self, web: Web, api: str, token: str) -> None:
        self._web, self.api, self._token = web, api if api.endswith("/") else f"{api}/", token

    async def user(self) -> HubUser:
        """Whose token it is. Raises Refused where the hub does not take it."""
        answer = await self._ask("GET", "user?include_stopped_servers=1")
        if answer.status in {401, 403}:
            raise not_taken(self._web, self.api)
        if not answer.ok:
            raise self._refused("a question for the user's name", answer)
        found = models.user(answer.json(self._web.failure))
        if found is None:
            raise self._nonsense("the user's name")
        return found

    async def servers(self, user: str) -> Mapping[str, HubServerState]:
        """The user's servers by name, the default one's is empty; also those that are stopped,
        where the hub tells.
        """
        answer = await self._ask("GET", f"users/{quote(user, safe='')}?include_stopped_servers=1")
        if not answer.ok:
            raise self._refused("a question for the state of servers", answer)
        found = models.user(answer.json(self._web.failure))
        if found is None or found.servers is None:
            raise self._nonsense("the state of servers")
        return found.servers

    async def server(self, user: str, name: str = "") -> HubServerState | None:
        """None for one that the hub does not know, or has forgotten."""
        return (await self.servers(user)).get(name)

    async def now(self) -> datetime | None:
        """The hub's clock, to the second."""
        answer = await self._ask("GET", "")
        return date(answer.headers.get("date", ""))

    async def start_server(
        self, user: str, name: str = "", options: Mapping[str, JSON] | None = None
    ) -> Started:
        """Ask for it. "started": it is ready; "pending": follow its progress; "running": somebody
        had started it before, and it is as it was. Where ``options`` is None the hub takes those
        of the last time; empty ones are none.

        Raises Refused with the hub's reason, RateLimited, and LaunchError for a start that failed
        at once.
        """
        path = self._path(user, name)
        # An empty body is none. Before JupyterHub 6 the whole body is the options: they get one
        # then that no hub knows.
        stated = {} if options is None else {"json": dict(options) or {"user_options": {}}}
        answer = await self._ask("POST", path, timeout_s=_START_ANSWER_S, **stated)
        if answer.status == 201:  # noqa: PLR2004 - HTTP
            return "started"
        if answer.status == 202:  # noqa: PLR2004 - HTTP
            return "pending"
        if answer.status == 400 and "already running" in answer.said:  # noqa: PLR2004 - HTTP
            return "running"
        raise self._refused("a request for a server", answer)

    async def progress(
        self, user: str, name: str = "", *, silence_s: float = 30.0
    ) -> AsyncGenerator[Step, None]:
        """How a start goes on. The last step has a ``state``; a stream that ends without one was
        cut, and the server's state tells more. Hubs send white space every 8 s: where nothing at
        all comes for ``silence_s``, the failure of ``web`` is raised.
        """
        url = f"{self.api}{self._path(user, name)}/progress"
        async with self._web.events(url, token=self._token, silence_s=silence_s) as (_, lines):
            async for line in lines:
                try:
                    step = models.step(_json.loads(line))
                except (ValueError, RecursionError):
                    continue
                if step is None:
                    continue
                yield Step(step.percent, self._unspoken(step.message), step.state)
                if step.state is not None:
                    return

    async def reason(self, user: str, name: str = "") -> str:
        """Why the last start failed, in the hub's words; empty where it does not say."""
        try:
            async with (
                asyncio.timeout(LONGEST_S),
                aclosing(self.progress(user, name)) as all_,
            ):
                async for step in all_:
                    if step.state == "failed":
                        return step.message
        except (TimeoutError, BinderclipError):
            pass
        return ""

    async def stop_server(
        self, user: str, name: str = "", *, remove: bool = False, within_s: float = 120.0
    ) -> None:
        """Stop it, also one that is about to start; it is gone on return. One that does not run is
        fine. ``remove`` makes the hub forget a named server, with what it stored for it.

        Raises SessionError, or LaunchError, where it goes on.
        """
        if not await self._stopped(user, name, within_s) or not (remove and name):
            return
        # In a request of its own: asked to do both at once, hubs now and then only stop it.
        answer = await self._ask("DELETE", self._path(user, name), json={"remove": True})
        if not answer.ok and answer.status != 404:  # noqa: PLR2004 - HTTP
            raise self._refused("a request to remove a server", answer)

    async def _stopped(self, user: str, name: str, within_s: float) -> bool:
        """Stop it and wait until it is gone. False where the hub knows no such server."""
        clock = asyncio.get_running_loop().time
        until, wait_s = clock() + within_s, FIRST_S
        told = False
        while True:
            if not told:
                answer = await self._ask("DELETE", self._path(user, name))
                told = answer.ok
                # 400: it is being renamed, say; 500: between two states. Both pass.
                if answer.status == 404:  # noqa: PLR2004 - HTTP
                    return False
                if not told and answer.status not in {400, 500}:
                    raise self._refused("a request to stop a server", answer)
            state = await self.server(user, name)
            if state is None or not state.active:
                return True
            if clock() + wait_s > until:
                break
            wait_s = await longer(wait_s)
        kind = SessionError if self._web.failure is SessionError else LaunchError
        raise kind(
            f"{masked(self.api)}: the server is still there {within_s:g} s after it was told to "
            f"stop ({state.pending or 'running'})",
            hint=f"look at {masked(home_page(self.api))}",
        )

    async def server_token(self, user: str, name: str, *, note: str) -> HubToken | None:
        """A new token that opens this one server of the user's, and nothing else. None where ours
        may not make one (it takes the scope ``tokens``), or the hub makes none so narrow, as
        before JupyterHub 3. Cancelled, it leaves none.
        """
        making = asyncio.create_task(self._server_token(user, name, note))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            with suppress(BinderclipError):
                if made := await making:
                    await self.revoke_token(user, made.id)
            raise

    async def _server_token(self, user: str, name: str, note: str) -> HubToken | None:
        scope = f"access:servers!server={user}/{name}"
        stated = {"note": note, "scopes": [scope], "expires_in": _TOKEN_LIVES_S}
        path = f"{self._user_path(user)}/tokens"
        answer = await self._ask("POST", path, json=stated)
        if answer.status == 400 and "expires_in" in answer.said:  # noqa: PLR2004 - HTTP
            # The hub's own limit is lower, and holds where nothing is stated.
            answer = await self._ask("POST", path, json={"note": note, "scopes": [scope]})
        if answer.status in {400, 403, 404, 405}:
            return None
        if not answer.ok:
            raise self._refused("a request for a token", answer)
        found = models.token(answer.json(self._web.failure))
        if found is None:
            raise self._nonsense("a token")
        if found.opens_only(scope):
            return found
        await self.revoke_token(user, found.id)
        return None

    async def revoke_token(self, user: str, token_id: str) -> None:
        """Best effort: it expires, too."""
        with suppress(BinderclipError):
            path = f"{self._user_path(user)}/tokens/{quote(token_id, safe='')}"
            await self._ask("DELETE", path, timeout_s=_REVOKE_S)

    async def _ask(self, method: Method, path: str, **named: Any) -> Answer:
        return await self._web.ask(method, f"{self.api}{path}", token=self._token, **named)

    def _path(self, user: str, name: str) -> str:
        """Of a server's resource, below ``api``. Raises the failure of ``web`` for a name that
        would lead to another one: dots do, quoted or not.
        """
        place = self._user_path(user, name)
        return f"{place}/servers/{quote(name, safe='')}" if name else f"{place}/server"

    def _user_path(self, user: str, name: str = "") -> str:
        if {user, name} & {".", ".."}:
            raise self._web.failure(f"{masked(self.api)}: found '..' as a name of a user or server")
        return f"users/{quote(user, safe='')}"

    def _refused(self, what: str, answer: Answer) -> BinderclipError:
        return refused(self._web, self.api, what, answer, self._token)

    def _nonsense(self, what: str) -> BinderclipError:
        return self._web.failure(
            f"{masked(self.api)}: found an answer of another form to a question for {what}",
            hint="is this a JupyterHub, and is there something between that changes answers?",
        )

    def _unspoken(self, text: str) -> str:
        return text.replace(self._token, MASK) if self._token else text
