"""Talking to hubs and Jupyter Servers: requests and event streams under a guard.

What goes wrong on the way is translated here, once. Tokens travel in headers alone, never to
another origin than the one that they were given for, and never from https to http.
"""

from __future__ import annotations

import asyncio
import json as _json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlencode

import httpx

from binderclip._version import __version__
from binderclip.addresses.link import Link, parse
from binderclip.addresses.masking import masked, printable
from binderclip.errors import BinderclipError, SessionError, SourceError, Unreachable
from binderclip.fetch.body import read_body
from binderclip.fetch.faults import late, redirected, translated
from binderclip.fetch.transport import GuardedTransport
from binderclip.guard import Guard, inside

if TYPE_CHECKING:
    from httpx_sse import ServerSentEvent

__all__ = ["Answer", "Method", "Web", "leads_inside"]

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

_MAX_BYTES = 32 * 2**20
_MAX_REDIRECTS = 10
_CONNECT_S = 10.0
# Slower than that is no connection to work over, or somebody who means to hold us.
_SLOWEST_BYTES_PER_S = 100_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE = frozenset({"GET", "HEAD"})
_AGENT = f"binderclip/{__version__}"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of any status; ``url`` is where it came from in the end, after redirects."""

    status: int
    url: str = field(repr=False)
    headers: httpx.Headers = field(repr=False)
    data: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        return httpx.codes.is_success(self.status)

    @property
    def said(self) -> str:
        """The reason that a JSON error of Jupyter gives ("message"), on one line; or empty."""
        value = self._json()
        if not isinstance(value, dict):
            return ""
        said = value.get("message") or value.get("reason") or ""
        return printable(" ".join(str(said).split()))

    def json(self, failure: type[BinderclipError] = SessionError) -> Any:
        """The JSON that it holds. Raises ``failure`` where it holds none: a page, say."""
        value = self._json()
        if value is _NOTHING:
            kind = self.headers.get("content-type", "").partition(";")[0] or "nothing"
            raise failure(
                f"{masked(self.url)} answered {self.status} with {masked(kind)}, expected JSON",
                hint="is this the address of the hub or server itself, its path included?",
            )
        return value

    def _json(self) -> Any:
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not kind.endswith("json"):
            return _NOTHING
        try:
            return _json.loads(self.data)
        except (ValueError, RecursionError):
            return _NOTHING


_NOTHING = object()


class Web:
    """Connections and cookies that belong together; an async context manager.

    ``failure`` is the error for what does not answer: Unreachable while launching, SessionError
    for a server that was running. A certificate, a proxy or a redirect that cannot be used is
    that error too; an address that the guard forbids is AddressForbidden. With ``outward`` no
    server of the public internet may send us on into a private network.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        failure: type[BinderclipError] = Unreachable,
        timeout_s: float = 30.0,
        outward: bool = False,
    ) -> None:
        self.guard, self.failure = guard, failure
        self._outward = outward
        self._timeout_s = timeout_s
        self._transport = GuardedTransport(guard)
        self._cookies = httpx.Cookies()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    async def ask(
        self,
        method: Method,
        url: str,
        *,
        token: str | None = None,
        json: object = _NOTHING,
        form: Mapping[str, str] | None = None,
        data: tuple[bytes, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        max_bytes: int = _MAX_BYTES,
    ) -> Answer:
        """One request; GET and HEAD follow redirects. Every status is an answer, none is an error.

        The body is ``json``, or ``form`` as a page would send it, or ``data`` with its content
        type, or nothing. ``token`` is sent
        as ``Authorization: token …``, which hubs and servers of all ages take.
        ``timeout_s`` is for all of it, and what is sent and received has time besides: at least
        100 kB are to go through in a second. Raises ``failure``, TooLarge, AddressForbidden.
        """
        body, kind = _written(json, form, data)
        stated = {"Accept": "application/json", **(headers or {}), **kind}
        if token:
            stated["Authorization"] = f"token {self._sound(token)}"
        seconds = timeout_s or self._timeout_s
        clock = asyncio.timeout(seconds + len(body) / _SLOWEST_BYTES_PER_S)
        try:
            async with (
                clock,
                self._sent(method, url, body, stated, read_s=seconds) as (response, link),
            ):
                empty = method == "HEAD"  # whatever its headers say of a length
                said = b"" if empty else await self._body(response, link, clock, max_bytes)
                return Answer(response.status_code, link.url, response.headers, said)
        except TimeoutError as exc:
            if not clock.expired():
                raise
            raise late(self._parsed(url), self.failure) from exc

    @asynccontextmanager
    async def events(
        self, url: str, *, token: str | None = None, silence_s: float
    ) -> AsyncIterator[tuple[Answer, AsyncIterator[str]]]:
        """The ``data`` of server-sent events (https://html.spec.whatwg.org/#server-sent-events),
        without comments; the answer's ``data`` is empty, and its ``url`` is where the redirects
        led. Where nothing at all comes for ``silence_s``, not even a comment, ``failure`` is
        raised: a connection that is alive sends keep-alives. An answer of another kind (a page, an
        error) has no events, and the iterator is empty; its data is in the answer then.

        Leave the context to close the stream.
        """
        async with self.stream(url, token=token, silence_s=silence_s) as (answer, events):
            yield answer, (event.data async for event in events)

    @asynccontextmanager
    async def stream(
        self, url: str, *, token: str | None = None, silence_s: float, after: str = ""
    ) -> AsyncIterator[tuple[Answer, AsyncIterator[ServerSentEvent]]]:
        """As ``events``, with the names and ids of those that have data; ``after`` is the id of the
        last one that was seen before.
        """
        from binderclip.web.stream import sent_events  # noqa: PLC0415 - imports httpx-sse

        # Exactly this: BinderHub refuses lists of types.
        stated = {"Accept": "text/event-stream"}
        if token:
            stated["Authorization"] = f"Bearer {self._sound(token)}"
        if after:
            stated["Last-Event-ID"] = after
        async with self._sent("GET", url, b"", stated, read_s=silence_s) as (response, link):
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            streams = response.status_code == httpx.codes.OK and kind == "text/event-stream"
            data = b""
            if not streams:
                clock = asyncio.timeout(silence_s)
                try:
                    async with clock:
                        data = await self._body(response, link, clock, _MAX_BYTES)
                except TimeoutError as exc:
                    if not clock.expired():
                        raise
                    raise late(link, self.failure) from exc
            answer = Answer(response.status_code, link.url, response.headers, data)
            yield answer, sent_events(response if streams else None, link, self.failure)

    async def _body(
        self, response: httpx.Response, link: Link, clock: asyncio.Timeout, max_bytes: int
    ) -> bytes:
        """The whole body; what comes of it puts ``clock`` off."""

        async def timed() -> AsyncIterator[bytes]:
            async for chunk in response.aiter_raw():
                if (ends := clock.when()) is not None and not clock.expired():
                    clock.reschedule(ends + len(chunk) / _SLOWEST_BYTES_PER_S)
                yield chunk

        with translated(link, self.failure):
            return await read_body(
                timed(),
                encoding=response.headers.get("content-encoding", ""),
                length=response.headers.get("content-length", ""),
                max_bytes=max_bytes,
                place=link.host,
            )

    @asynccontextmanager
    async def _sent(
        self, method: Method, url: str, body: bytes, headers: dict[str, str], *, read_s: float
    ) -> AsyncIterator[tuple[httpx.Response, Link]]:
        """The answer's head, after redirects; its body is still to be read."""
        link = self._parsed(url)
        for _ in range(_MAX_REDIRECTS + 1):
            with translated(link, self.failure):
                request = self._request(method, link, body, headers, read_s)
                response = await self._transport.handle_async_request(request)
            try:
                response.request = request
                self._cookies.extract_cookies(response)
                location = response.headers.get("location")
                if method not in _SAFE or response.status_code not in _REDIRECTS or not location:
                    yield response, link
                    return
            finally:
                await response.aclose()
            following = redirected(link, location, self.failure)
            if self._outward and await leads_inside(self.guard, link, following):
                raise self.failure(
                    f"{masked(link.url)}: redirects to {following.host}, in a private network"
                )
            if following.origin != link.origin:
                headers = {k: v for k, v in headers.items() if k != "Authorization"}
            link = following
        raise self.failure(f"{masked(url)}: more than {_MAX_REDIRECTS} redirects")

    def _request(
        self, method: Method, link: Link, body: bytes, headers: Mapping[str, str], read_s: float
    ) -> httpx.Request:
        timeout = {"connect": _CONNECT_S, "read": read_s, "write": read_s, "pool": read_s}
        request = httpx.Request(
            method,
            link.url,
            content=body or None,
            headers={"User-Agent": _AGENT, "Accept-Encoding": "gzip", **headers},
            extensions={"timeout": timeout},
        )
        self._cookies.set_cookie_header(request)
        return request

    def _sound(self, token: str) -> str:
        """The token, if a header can carry it (RFC 9110, 5.5)."""
        if not token.isascii() or not token.isprintable():
            raise self.failure("found a token with characters that none has (it is not shown)")
        return token

    def _parsed(self, url: str) -> Link:
        try:
            return parse(url)
        except SourceError as error:
            raise self.failure(error.message) from error


async def leads_inside(guard: Guard, here: Link, there: Link) -> bool:
    """Does ``here``, on the public internet, name a place in a private network or on this machine?
    Nobody asked for that place.
    """
    if here.host == there.host or not await inside(guard, there.host, there.port or 443):
        return False
    return not await inside(guard, here.host, here.port or 443)


def _written(
    json: object, form: Mapping[str, str] | None, data: tuple[bytes, str] | None
) -> tuple[bytes, dict[str, str]]:
    """A body, and the header that says what it is."""
    if data is not None:
        return data[0], {"Content-Type": data[1]}
    if form is not None:
        return urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    if json is _NOTHING:
        return b"", {}
    return _json.dumps(json).encode(), {"Content-Type": "application/json"}
