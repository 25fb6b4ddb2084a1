"""A Jupyter Server that runs already: it builds nothing, and is left running."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, Literal

from binderclip.addresses.link import parse
from binderclip.addresses.masking import masked, printable
from binderclip.environment import Environment
from binderclip.errors import LaunchError, Refused, SourceError, Unreachable
from binderclip.events import Event, Progress, Ready
from binderclip.guard import Guard
from binderclip.hubs.bases import leads_home, server_base
from binderclip.records import Ledger, Nobody
from binderclip.session import Session

if TYPE_CHECKING:
    from binderclip.web import Answer

__all__ = ["ServerTarget", "server_address"]

_TIMEOUT_S = 20.0
_API = "api"
_UNAUTHORISED = frozenset({401, 403})
_NOT_RUNNING = frozenset({424, 502, 503, 504})
_WHERE_TOKENS_ARE = (
    "`jupyter server list` there shows its address with the token; on a hub, the page hub/token"
    " makes one"
)
# What a header can carry (RFC 9110, 5.5) without a space.
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


def server_address(text: str) -> tuple[str, str | None]:
    """The address of a server, ending in ``/``, and the token that stood in it, from one of its
    pages as people paste them. Raises Refused.
    """
    try:
        base = server_base(text)
        link = parse(text.strip()) if "://" in text else parse(f"http://{text.strip()}")
    except SourceError as error:
        raise Refused(error.message) from error
    if link.userinfo is not None:
        raise Refused(
            f"found a user or password in {masked(text)!r}, expected an address without",
            hint=f"Jupyter Servers take tokens: {_WHERE_TOKENS_ARE}",
        )
    return base, link.params.get("token") or None


class ServerTarget:
    """``url`` may be any page of the server; ``token`` wins over one in the address.

    With ``as_is`` the server's own environment stands in for whatever is asked for, since the
    person named this server; without, it takes the bare environment alone. Raises Refused for an
    address or a token that cannot be one.
    """

    name: Literal["server"] = "server"

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        guard: Guard,
        as_is: bool = False,
        ledger: Ledger | None = None,
    ) -> None:
        self._url, stated = server_address(url)
        self._token = token or stated
        if self._token is not None and not _TOKEN.fullmatch(self._token):
            raise Refused(
                f"{masked(self._url)}: the token has a character that none has, or is too long",
                hint=_WHERE_TOKENS_ARE,
            )
        self._guard, self._as_is, self._ledger = guard, as_is, ledger or Nobody()

    def refusal(self, env: Environment) -> str | None:
        if self._as_is or env.bare:
            return None
        return (
            f"a Jupyter Server that runs already ({masked(self._url)}) builds no environment: a"
            " BinderHub does, and 'local' does for Python; to use what it has, name it with --on"
        )

    async def launch(self, env: Environment) -> AsyncGenerator[Event, None]:
        """See Target. Raises Refused, Unreachable, and LaunchError for what is no Jupyter Server,
        or does not take the token.
        """
        if reason := self.refusal(env):
            raise Refused(reason)
        from binderclip.web import Web  # noqa: PLC0415 - imports httpx

        yield Progress("launching", f"asking {masked(self._url)}")
        async with Web(self._guard, timeout_s=_TIMEOUT_S) as web:
            answer = await web.ask("GET", f"{self._url}{_API}", token=self._token)
            self._check(answer)
            url, version = self._base(answer), self._version(answer)
            status = await web.ask("GET", f"{url}api/status", token=self._token)
            kernels = self._kernels(status)
        yield Progress("launching", f"Jupyter Server {version}, with {kernels} running")
        if not env.bare:
            yield Progress("launching", f"its own environment stands in for {_described(env)}")
        session = Session(
            self.name, f"server-{secrets.token_hex(8)}", url=url, token=self._token, owned=False
        )
        self._ledger.note(session, place=masked(url))
        yield Ready(session)

    async def stop(self, session: Session) -> None:
        """The server is not ours, and runs on; the kernels of a run end with the run."""
        self._ledger.drop(session.id)

    def _base(self, answer: Answer) -> str:
        """The server's address after redirects, to https say. Raises LaunchError."""
        asked, found = parse(f"{self._url}{_API}"), parse(answer.url)
        if found.url == asked.url:
            return self._url
        if found.path != asked.path or not leads_home(asked, found):
            raise LaunchError(
                f"{masked(self._url)}: is no Jupyter Server; it leads to {masked(answer.url)}",
                hint="a JupyterHub or a BinderHub? Then name it by the address of its first page",
            )
        return answer.url.removesuffix(_API)

    def _version(self, answer: Answer) -> str:
        """Servers tell it to everybody. Raises LaunchError."""
        value = _object(answer)
        if not answer.ok or not isinstance(value.get("version"), str):
            kind = answer.headers.get("content-type", "").partition(";")[0].strip() or "nothing"
            raise LaunchError(
                f"{masked(self._url)}: is no Jupyter Server; its api answered {answer.status} with"
                f" {printable(kind, 60)}",
                hint="expected an address such as http://127.0.0.1:8888/; is this a JupyterHub or a"
                " BinderHub, or is a part of the path missing?",
            )
        return printable(value["version"], 40)

    def _kernels(self, answer: Answer) -> str:
        """Only those with a token may see that: a phrase. Raises LaunchError, Unreachable."""
        self._check(answer)
        kernels = _object(answer).get("kernels")
        if not answer.ok or not isinstance(kernels, int):
            raise LaunchError(
                f"{masked(self._url)}: answered {answer.status} when asked for its status,"
                " expected a Jupyter Server's",
                hint="is this the address of the server itself, its path included?",
            )
        return "1 kernel" if kernels == 1 else f"{kernels or 'no'} kernels"

    def _check(self, answer: Answer) -> None:
        if answer.status in _UNAUTHORISED:
            what = "does not take this token" if self._token else "wants a token"
            raise LaunchError(f"{masked(self._url)}: {what}", hint=_WHERE_TOKENS_ARE)
        if answer.status in _NOT_RUNNING:
            raise Unreachable(
                f"{masked(self._url)}: no server runs there ({answer.status})",
                hint="start it again; one of a JupyterHub is started by naming the hub with --on",
            )


def _object(answer: Answer) -> dict[str, Any]:
    """The JSON object that was answered, or an empty one."""
    try:
        value = answer.json(LaunchError)
    except LaunchError:
        return {}
    return value if isinstance(value, dict) else {}


def _described(env: Environment) -> str:
    if env.image is not None:
        return f"the image {masked(env.image.url)}"
    if env.build is not None:
        return f"the repository {masked(env.build.url)}"
    return "the files that the notebook carries"
