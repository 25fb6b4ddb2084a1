"""A running Jupyter Server, over its REST API.

https://jupyter-server.readthedocs.io/en/stable/developers/rest-api.html
"""

from __future__ import annotations

from typing import Any

from binderclip.addresses.masking import masked
from binderclip.errors import SessionError
from binderclip.session import Session
from binderclip.web import Answer, Method, Web

__all__ = ["Server"]


class Server:
    """The server of a session that has one. ``url`` ends in ``/``."""

    def __init__(self, web: Web, session: Session) -> None:
        if session.url is None:
            raise SessionError(f"the session of {session.target} has no Jupyter Server")
        self.web, self.url = web, session.url if session.url.endswith("/") else f"{session.url}/"
        self.token = session.token

    @property
    def shown(self) -> str:
        """The address as it may be printed."""
        return masked(self.url)

    async def ask(self, method: Method, path: str, **named: Any) -> Answer:
        """A request below the server's address, as ``Web.ask``; ``path`` is percent-encoded,
        without leading slash.
        """
        return await self.web.ask(method, f"{self.url}{path}", token=self.token, **named)

    def refused(self, what: str, answer: Answer) -> SessionError:
        """The error for an answer that is not the one that was hoped for."""
        said = f": {answer.said}" if answer.said else ""
        hint = None
        if answer.status in {401, 403}:
            hint = "the token is not, or no longer, one that this server takes"
        elif answer.status in {404, 424, 502, 503, 504}:
            hint = "the server may have been stopped; hubs stop those that are idle"
        return SessionError(f"{self.shown} answered {answer.status} to {what}{said}", hint=hint)
