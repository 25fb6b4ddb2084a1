"""The web side of a fetch: requests, redirects, limits, errors."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self
from urllib.parse import unquote, unquote_to_bytes

import httpx

from binderclip._version import __version__
from binderclip.addresses.link import Link, parse
from binderclip.addresses.masking import masked
from binderclip.addresses.naming import last_segment, notebook_like, safe_name
from binderclip.addresses.source import Source
from binderclip.errors import AddressForbidden, SourceError
from binderclip.fetch.body import ACCEPT_ENCODING, read_body
from binderclip.fetch.content import check
from binderclip.fetch.faults import redirected, translated
from binderclip.fetch.limits import Limits
from binderclip.fetch.lookups import follow
from binderclip.fetch.refusals import refused
from binderclip.fetch.transport import GuardedTransport
from binderclip.guard import Guard

HEADERS = {
    "User-Agent": f"binderclip/{__version__} (+https://github.com/binderclip/binderclip)",
    "Accept": "*/*",
    "Accept-Encoding": ACCEPT_ENCODING,
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def fetch_url(
    source: Source,
    guard: Guard,
    limits: Limits,
    observe: Callable[[str], None],
    took: Callable[[int], None] | None = None,
) -> tuple[bytes, Source, str]:
    """The bytes, the source with the file's name, and the last address.

    Raises SourceError and its kin.
    """
    if source.url is None:
        raise SourceError(f"{source.shown}: there is nothing to ask for")
    try:
        whole = asyncio.timeout(limits.total_timeout_s)
        async with whole, Web(guard, limits, observe, took) as web:
            found = await follow(source, web.get)
            page = await web.get(found.url or source.url)
    except TimeoutError as exc:
        raise SourceError(
            f"{source.shown}: not there after {limits.total_timeout_s:g} s",
            hint="try again, or download the notebook and give its path",
        ) from exc
    if not notebook_like(last_segment(page.link.path)) and page.filename:
        found = replace(found, name=safe_name(page.filename))
    check(page.data, name=found.name, content_type=page.content_type, link=page.link)
    return page.data, replace(source, name=found.name), page.link.url


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: decoded bytes, and where they came from in the end."""

    data: bytes
    link: Link
    content_type: str
    filename: str | None


class Web:
    """One fetch: its connections and cookies, and nothing that outlives it."""

    def __init__(
        self,
        guard: Guard,
        limits: Limits,
        observe: Callable[[str], None],
        took: Callable[[int], None] | None = None,
    ) -> None:
        self._guard = guard
        self._limits = limits
        self._observe, self._took = observe, took
        # No httpx client: it would parse where redirects lead, and read .netrc.
        self._transport = GuardedTransport(guard)
        self._cookies = httpx.Cookies()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    async def get(self, url: str) -> Page:
        """Follow redirects to the end. No connection is made that the guard did not pass."""
        link = first = parse(url)
        if first.userinfo and not self._guard.personal:
            raise AddressForbidden("addresses with a user or password in them are not taken here")
        seen: Counter[str] = Counter()
        self._observe(f"asking {masked(link.url)}")
        for _ in range(self._limits.max_redirects + 1):
            seen[link.url] += 1
            with translated(link):
                answer = await self._ask(link, _credentials(first, link))
            if isinstance(answer, Page):
                return answer
            link = redirected(link, answer)
            if seen[link.url] > 1:  # once is how cookies are set
                raise SourceError(f"{masked(url)}: redirects in a circle, by way of {link.host}")
            self._observe(f"sent on to {masked(link.url)}")
        raise SourceError(f"{masked(url)}: more than {self._limits.max_redirects} redirects")

    async def _ask(self, link: Link, headers: dict[str, str]) -> Page | str:
        """The page, or the Location of a redirect."""
        request = self._request(link, headers)
        response = await self._transport.handle_async_request(request)
        try:
            response.request = request
            self._cookies.extract_cookies(response)
            location = response.headers.get("location")
            if response.status_code in _REDIRECTS and location:
                return str(location)
            if response.status_code != httpx.codes.OK:
                raise refused(response.status_code, response.headers, link)
            return await self._page(response, link)
        finally:
            await response.aclose()

    def _request(self, link: Link, headers: dict[str, str]) -> httpx.Request:
        whole, connect = self._limits.total_timeout_s, self._limits.connect_timeout_s
        timeout = {"connect": connect, "read": whole, "write": whole, "pool": whole}
        request = httpx.Request(
            "GET", link.url, headers={**HEADERS, **headers}, extensions={"timeout": timeout}
        )
        self._cookies.set_cookie_header(request)
        return request

    async def _page(self, response: httpx.Response, link: Link) -> Page:
        data = await read_body(
            response.aiter_raw(),
            encoding=response.headers.get("content-encoding", ""),
            length=response.headers.get("content-length", ""),
            max_bytes=self._limits.max_bytes,
            place=link.host,
            took=self._took,
        )
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Page(data, link, kind, _filename(response.headers))


def _credentials(first: Link, link: Link) -> dict[str, str]:
    """A password in the address is for the very server that it was written for."""
    if not first.userinfo or link.origin != first.origin:
        return {}
    plain = unquote_to_bytes(first.userinfo if ":" in first.userinfo else f"{first.userinfo}:")
    return {"Authorization": f"Basic {b64encode(plain).decode()}"}


def _filename(headers: httpx.Headers) -> str | None:
    """The name in Content-Disposition (RFC 6266): ``filename*`` before ``filename``."""
    value = headers.get("content-disposition", "")
    if match := re.search(r"filename\*\s*=\s*utf-8'[^']*'([^;\s]+)", value, re.IGNORECASE):
        return unquote(match[1])
    if match := re.search(r'filename\s*=\s*(?:"([^"]*)"|([^;\s]+))', value, re.IGNORECASE):
        return match[1] or match[2]
    return None
