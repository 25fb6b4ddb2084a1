"""Requests to registries: where they are sent, who asks, and what is no answer."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from http import HTTPStatus
from typing import TYPE_CHECKING

from binderclip.addresses.link import parse, quoted
from binderclip.errors import TooLarge, Unreachable
from binderclip.guard import Guard
from binderclip.once import Once
from binderclip.registries import manifests
from binderclip.registries.access import Access
from binderclip.registries.credentials import Credentials
from binderclip.registries.images import Image, on_loopback
from binderclip.registries.refusals import closed, limited, private, strange

if TYPE_CHECKING:
    from binderclip.web import Answer, Method, Web

_AT_ONCE = 6
_PING_S = 5.0
_SHUT = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Line:
    """Connections and tokens that belong together."""

    def __init__(self, guard: Guard, credentials: Credentials) -> None:
        self._guard, self._credentials = guard, credentials
        self._origins = Once()
        self._access: dict[tuple[str, str], Access] = {}
        self._places: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_AT_ONCE)
        )
        self._opened: Web | None = None

    async def close(self) -> None:
        await self._origins.aclose()
        if self._opened is not None:
            await self._opened.__aexit__(None, None, None)

    async def ask(self, image: Image, method: Method, path: str, most: int, what: str) -> Answer:
        """Any answer but a closed door: those raise. ``path`` is below the repository's, or whole
        where it begins with a slash; ``what`` is asked for, for people, and has ``most`` bytes.
        """
        origin = await self._origins.get(image.registry, lambda: self._origin(image))
        # Joined by hand: "//example.org/" of a hostile registry is a path here, and no host.
        url = origin + (path if path.startswith("/") else f"/v2/{quoted(image.name)}/{path}")
        access = self._access.get((origin, image.name))
        if access is None:
            anyone = Image(image.registry, image.name)
            access = Access(self._web, anyone, origin, self._credentials)
            self._access[origin, image.name] = access
        try:
            async with self._places[origin]:
                answer = await self._sent(access, method, url, most)
        except TooLarge as error:
            raise strange(image, f"{what} of more than {most:,} bytes") from error
        if failure := limited(answer, image.host) or closed(answer, image.host):
            raise failure
        if answer.status in _SHUT:
            raise private(image, answer.status, access.remark)
        return answer

    async def _sent(self, access: Access, method: Method, url: str, most: int) -> Answer:
        used = access.header
        answer = await self._send(method, url, used, most)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            header = await access.renew(answer, used)
            if header is not None:
                answer = await self._send(method, url, header, most)
                access.used(header, answer)
        return answer

    async def _send(self, method: Method, url: str, header: str | None, most: int) -> Answer:
        headers = {"Accept": manifests.ACCEPT if "/manifests/" in url else "application/json"}
        if header:
            headers["Authorization"] = header
        return await self._web.ask(method, url, headers=headers, max_bytes=most)

    async def _origin(self, image: Image) -> str:
        """Where a registry is asked. One on this machine may speak plain http."""
        link = parse(image.api)
        if link.scheme == "http" or not on_loopback(link):
            return link.origin
        try:
            await self._web.ask("HEAD", f"{link.origin}/v2/", timeout_s=_PING_S)
        except Unreachable:
            return f"http://{image.host}"
        return link.origin

    @property
    def _web(self) -> Web:
        if self._opened is None:
            from binderclip.web import Web  # noqa: PLC0415 - imports httpx

            self._opened = Web(self._guard, failure=Unreachable, outward=True)
        return self._opened
