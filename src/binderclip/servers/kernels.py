"""Kernels of a running Jupyter Server.

https://jupyter-server.readthedocs.io/en/stable/developers/rest-api.html
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard
from urllib.parse import urlencode

from binderclip.errors import LaunchError, Refused, SessionError
from binderclip.servers import Server
from binderclip.web import Answer

__all__ = ["KernelSpec", "Kernels", "Started", "State"]

State = Literal["idle", "busy", "gone", "denied", "stopped", "unknown"]

# A kernel may be an image to be pulled, or start on a disk that sleeps.
_START_S = 300.0
_STATE_S = 10.0
# The server gives a kernel some seconds to end by itself.
_END_S = 30.0
_TRIES = 3
_PAUSE_S = 0.5
_GONE = frozenset({404, 410})
# 424 is a JupyterHub's for a server of its that does not run (handlers/base.py, UserUrlHandler).
_REFUSALS: Mapping[int, State] = {401: "denied", 403: "denied", 424: "stopped"}
_STATES: Mapping[object, State] = {"idle": "idle", "dead": "gone"}


@dataclass(frozen=True, slots=True)
class KernelSpec:
    """A kernel that the server can start; ``language`` is in lower case."""

    name: str
    argv: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Started:
    """``session`` and ``kernel`` are the server's ids; ``path`` is the session's own."""

    session: str
    kernel: str
    path: str


class Kernels:
    """What goes wrong on the way is ``server.web``'s failure, or SessionError."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def specs(self) -> dict[str, KernelSpec]:
        """By name in lower case. What cannot be read is not there."""
        answer = await self._server.ask("GET", "api/kernelspecs")
        if not answer.ok:
            raise self._server.refused("a request for its kernels", answer)
        listed = _mapping(_mapping(answer.json()).get("kernelspecs"))
        found = {}
        for name, model in listed.items():
            spec = _mapping(_mapping(model).get("spec"))
            argv = spec.get("argv")
            found[name.lower()] = KernelSpec(
                name=name,
                argv=tuple(map(str, argv)) if isinstance(argv, list) else (),
                language=str(spec.get("language", "")).lower(),
            )
        return found

    async def start(self, name: str, path: str) -> Started:
        """Start the kernel ``name`` in the folder of ``path`` (of the server's contents), as a
        session that is nobody else's. Raises Refused for a kernel that the server has not.
        """
        own = f"{path.rpartition('/')[2]} (binderclip {secrets.token_hex(4)})"
        model = await self._new_session(name, path, own)
        if model.get("name", own) != own:
            # That path has a session already, somebody's open tab: it is theirs.
            stem = path.removesuffix(".ipynb")
            path = f"{stem}-{secrets.token_hex(4)}.ipynb"
            model = await self._new_session(name, path, own)
        kernel = _mapping(model.get("kernel")).get("id")
        session = model.get("id")
        if not _is_id(kernel) or not _is_id(session):
            raise SessionError(f"{self._server.shown} started a kernel and did not say which")
        return Started(session, kernel, path)

    async def _new_session(self, name: str, path: str, own: str) -> Mapping[str, Any]:
        asked = {"path": path, "name": own, "type": "notebook", "kernel": {"name": name}}
        answer = await self._server.ask("POST", "api/sessions", json=asked, timeout_s=_START_S)
        if answer.status == 501:  # noqa: PLR2004 - what Jupyter Server says to unknown kernels
            raise await self._unknown_kernel(name)
        if not answer.ok:
            raise self._server.refused(f"the start of the kernel {name!r}", answer)
        return _mapping(answer.json())

    async def _unknown_kernel(self, name: str) -> Refused:
        found = ", ".join(spec.name for spec in (await self.specs()).values())
        return Refused(
            f"{self._server.shown} cannot start the kernel {name!r}; it has: {found or 'none'}",
            hint="say another one with --kernel",
        )

    async def state(self, kernel: str) -> State:
        """Never raises for a server that does not answer: that is "unknown". "stopped" is a hub's
        word for the whole server.
        """
        try:
            answer = await self._server.ask("GET", f"api/kernels/{kernel}", timeout_s=_STATE_S)
        except (SessionError, LaunchError):
            return "unknown"
        if answer.status in _GONE:
            return "gone" if await self._there() else "unknown"
        if not answer.ok:
            return _REFUSALS.get(answer.status, "unknown")
        with suppress(SessionError):
            model = _mapping(answer.json())
            return _STATES.get(model.get("execution_state"), "busy")
        return "unknown"

    async def _there(self) -> bool:
        """Whether it is Jupyter Server that answers: a hub answers for one that was stopped."""
        with suppress(SessionError, LaunchError):
            answer = await self._server.ask("GET", "api", timeout_s=_STATE_S)
            return answer.ok and "version" in _mapping(answer.json())
        return False

    async def interrupt(self, kernel: str) -> None:
        answer = await self._persistently("POST", f"api/kernels/{kernel}/interrupt", _STATE_S)
        if not answer.ok and answer.status not in _GONE:
            raise self._server.refused("the interruption of a kernel", answer)

    async def end(self, session: str) -> None:
        """The session is gone, and so is its kernel. It is safe to end one again."""
        answer = await self._persistently("DELETE", f"api/sessions/{session}", _END_S)
        if not answer.ok and answer.status not in _GONE:
            raise self._server.refused("the end of a kernel", answer)

    async def _persistently(
        self, method: Literal["POST", "DELETE"], path: str, timeout_s: float
    ) -> Answer:
        """For requests that can be repeated: a connection that was kept open may be dead."""
        for _ in range(_TRIES - 1):
            with suppress(SessionError, LaunchError):
                return await self._server.ask(method, path, timeout_s=timeout_s)
            await asyncio.sleep(_PAUSE_S)
        return await self._server.ask(method, path, timeout_s=timeout_s)

    def channels(self, kernel: str, session_id: str) -> str:
        """The address of the kernel's websocket, with http(s) for a scheme."""
        query = urlencode({"session_id": session_id})
        return f"{self._server.url}api/kernels/{kernel}/channels?{query}"


def _is_id(value: object) -> TypeGuard[str]:
    """Fit to stand in an address as it is."""
    return isinstance(value, str) and re.fullmatch(r"[\w-]{1,100}", value, re.ASCII) is not None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
