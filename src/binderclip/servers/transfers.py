"""Whole files to and from a server, in parts where they are large."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from binderclip.addresses.link import parse
from binderclip.addresses.masking import printable
from binderclip.errors import BinderclipError, SessionError, TooLarge
from binderclip.servers import Server
from binderclip.servers.faults import TOO_LARGE, refused
from binderclip.servers.paths import encoded
from binderclip.web import Answer

WHOLE_BYTES = 8 * 2**20
"""What is larger is sent and fetched in parts."""
# Proxies before a server may take no more than a megabyte at once, as nginx does by default.
_STEPS = (4 * 2**20, 512 * 2**10)
_RANGE_BYTES = 8 * 2**20
_TIMEOUT_S = 120.0
_DISCARD_S = 20.0
_ENVELOPE_BYTES = 64 * 2**10
_TRIES = 3
_PAUSE_S = 0.5
_OK, _PARTIAL = 200, 206
_TENTHS = 10
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")

_T = TypeVar("_T")


class _TooMuchAtOnce(Exception):
    """The first part was refused for its size, so that nothing was stored yet."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Sending:
    """``data`` on its way to a server."""

    server: Server
    data: bytes
    observe: Callable[[str], None] | None = None

    @property
    def large(self) -> bool:
        return len(self.data) > WHOLE_BYTES

    async def put(self, path: str, *, new: bool, shown: str | None = None) -> None:
        """Write it to ``path``. What is ``new`` is removed when that fails or is cancelled.

        Raises SessionError, and what ``Server.ask`` raises.
        """
        try:
            await self._put(path, shown or path, new=new)
        except BaseException:
            if new:
                await discard(self.server, path)
            raise

    async def _put(self, path: str, shown: str, *, new: bool) -> None:
        large, small = _STEPS
        try:
            answer = await self._parts(path, shown, large if self.large else len(self.data))
        except _TooMuchAtOnce:
            try:
                answer = await self._parts(path, shown, small)
            except _TooMuchAtOnce as error:
                raise refused(self.server, "saving", shown, error.answer) from error
        if new:  # the size of what was there may be that of a link
            self._check(shown, answer)

    async def _parts(self, path: str, shown: str, step: int) -> Answer:
        """Chunks count from 1, and the last is -1 (jupyter_server's largefilemanager.py)."""
        total, step = len(self.data), max(step, 1)
        report = _Report(f"sending {printable(shown)}", total, self.observe)
        number, start = 0, 0
        while True:
            number, end = number + 1, min(start + step, total)
            content = base64.b64encode(self.data[start:end]).decode("ascii")
            model: dict[str, object] = {"type": "file", "format": "base64", "content": content}
            if total > step:
                model["chunk"] = -1 if end == total else number
            answer = await self.server.ask(
                "PUT", f"api/contents{encoded(path)}", json=model, timeout_s=_TIMEOUT_S
            )
            if answer.status == TOO_LARGE and number == 1:
                raise _TooMuchAtOnce(answer)
            if not answer.ok:
                raise refused(self.server, "saving", shown, answer)
            report.reached(end)
            if end == total:
                return answer
            start = end

    def _check(self, shown: str, answer: Answer) -> None:
        """A server whose storage knows no chunks keeps the last one alone."""
        value = answer.json()
        size = value.get("size") if isinstance(value, dict) else None
        if isinstance(size, int) and size != len(self.data):
            raise SessionError(
                f"{self.server.shown} keeps {size:,} bytes of {printable(shown)!r},"
                f" where {len(self.data):,} were sent",
                hint="its storage takes no large files, or changes them; nothing of it was left",
            )


async def discard(server: Server, path: str) -> None:
    """Remove what was begun, as far as that can be done; also while being cancelled."""

    async def go() -> None:
        address = f"api/contents{encoded(path)}"
        # Emptied first: what is removed may only move to a trash folder.
        empty = {"type": "file", "format": "text", "content": ""}
        async with asyncio.timeout(_DISCARD_S):
            there = await server.ask("GET", f"{address}?content=0", timeout_s=_DISCARD_S)
            if there.ok:
                await server.ask("PUT", address, json=empty, timeout_s=_DISCARD_S)
                await server.ask("DELETE", address, timeout_s=_DISCARD_S)

    try:
        await asyncio.shield(go())
    except (BinderclipError, TimeoutError):
        return  # the error that led here is the one to tell


@dataclass(frozen=True, slots=True)
class Receiving:
    """A file of a server on its way here."""

    server: Server
    path: str
    max_bytes: int
    observe: Callable[[str], None] | None = None

    async def get(self, size: int) -> bytes:
        """The bytes; ``size`` is what the server says, which may be wrong.

        Raises TooLarge, SessionError, and what ``Server.ask`` raises.
        """
        if size > self.max_bytes:
            raise self._too_large()
        if size <= WHOLE_BYTES:
            try:
                return await self._whole(min(self.max_bytes, WHOLE_BYTES))
            except TooLarge:
                if self.max_bytes <= WHOLE_BYTES:
                    raise
        data = await self._in_ranges(size)
        return await self._whole(self.max_bytes) if data is None else data

    async def _whole(self, max_bytes: int) -> bytes:
        """In one answer of the contents API."""
        query = "?type=file&format=base64&content=1"
        path = f"api/contents{encoded(self.path)}{query}"
        # Base64 in lines of 76 is 1.36 times as long.
        limit = max_bytes * 7 // 5 + _ENVELOPE_BYTES
        answer = await self._bounded(
            lambda: self.server.ask("GET", path, max_bytes=limit, timeout_s=_TIMEOUT_S)
        )
        if not answer.ok:
            raise refused(self.server, "fetching", self.path, answer)
        data = self._decoded(answer)
        if len(data) > max_bytes:
            raise self._too_large()
        return data

    def _decoded(self, answer: Answer) -> bytes:
        model = answer.json()
        content = model.get("content") if isinstance(model, dict) else None
        if isinstance(content, str):
            try:
                if model.get("format") == "text":
                    return content.encode()
                return binascii.a2b_base64(content.encode("ascii"))
            except (binascii.Error, UnicodeError) as error:
                raise self._damaged() from error
        raise self._damaged()

    async def _in_ranges(self, size: int) -> bytes | None:
        """Through ``files/``, which gives ranges; None where the server has no such thing."""
        data = bytearray()
        report = _Report(f"fetching {printable(self.path)}", size, self.observe)
        version: tuple[int, str] | None = None
        asked = parse(f"{self.server.url}files{encoded(self.path)}").url
        while version is None or len(data) < version[0]:
            answer = await self._range(len(data))
            redirected = answer.url != asked
            if answer.status == _OK and not data and not redirected:
                return answer.data
            found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
            if answer.status != _PARTIAL or found is None or redirected:
                if not data:
                    return None
                raise self._changed()
            start, end, total = map(int, found.groups())
            seen = (total, answer.headers.get("last-modified", ""))
            if total > self.max_bytes:
                raise self._too_large()
            if version not in {None, seen}:
                raise self._changed()
            if start != len(data) or len(answer.data) != end + 1 - start or not answer.data:
                raise self._damaged()
            version = seen
            data += answer.data
            report.reached(len(data))
        return bytes(data)

    async def _range(self, start: int) -> Answer:
        headers = {
            "Range": f"bytes={start}-{start + _RANGE_BYTES - 1}",
            # A range of what is compressed could not be undone.
            "Accept-Encoding": "identity",
            "Accept": "*/*",
        }
        path = f"files{encoded(self.path)}"
        # A server that knows no ranges sends all of it.
        return await self._bounded(
            lambda: self._again(
                lambda: self.server.ask(
                    "GET", path, headers=headers, max_bytes=self.max_bytes, timeout_s=_TIMEOUT_S
                )
            )
        )

    async def _again(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """A connection that breaks between parts is no reason to begin anew."""
        for number in range(1, _TRIES):
            try:
                return await ask()
            except self.server.web.failure:
                await asyncio.sleep(_PAUSE_S * number)
        return await ask()

    async def _bounded(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        try:
            return await ask()
        except TooLarge as error:
            raise self._too_large() from error

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"{printable(self.path)!r} on {self.server.shown} is larger than"
            f" {self.max_bytes:,} bytes",
            hint="fetch it with the server's own page",
        )

    def _changed(self) -> SessionError:
        return SessionError(
            f"{printable(self.path)!r} on {self.server.shown} changed while it was fetched",
            hint="try again once nothing writes to it",
        )

    def _damaged(self) -> SessionError:
        return SessionError(
            f"{self.server.shown} answered something else than the content of"
            f" {printable(self.path)!r}",
            hint="is this the address of a Jupyter Server itself?",
        )


class _Report:
    """A line for people at each tenth of what takes more than one part."""

    def __init__(self, what: str, total: int, observe: Callable[[str], None] | None) -> None:
        self._what, self._total, self._observe = what, total, observe
        self._told = 0

    def reached(self, done: int) -> None:
        if self._observe is None or self._total <= WHOLE_BYTES:
            return
        tenth = min(done * _TENTHS // self._total, _TENTHS)
        if tenth > self._told:
            self._told = tenth
            self._observe(f"{self._what}: {done / 1e6:,.0f} of {self._total / 1e6:,.0f} MB")
