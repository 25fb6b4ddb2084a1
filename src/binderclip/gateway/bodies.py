"""Bodies of requests: bounded in size and in time."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from binderclip.errors import TooLarge
from binderclip.rest.faults import TooSlow

_LONGEST_NUMBER = 18
"""Digits of a length that 64 bits hold."""


async def whole(
    request: Request,
    most_bytes: int,
    within_s: float,
    *,
    hint: str | None = None,
    read_on_bytes: int = 0,
) -> bytes:
    """All of it. Raises TooLarge with ``hint`` for more than ``most_bytes``, whatever the header
    says, and TooSlow for one that does not come within ``within_s``. Of one that is too large,
    ``read_on_bytes`` are read all the same: who still sends sees a broken connection, no answer.
    """
    told = request.headers.get("content-length", "")
    borne = max(most_bytes, read_on_bytes)
    if told.isdecimal() and (len(told) > _LONGEST_NUMBER or int(told) > borne):
        raise _too_large(most_bytes, hint)
    found, size = bytearray(), 0
    try:
        async with asyncio.timeout(within_s):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= most_bytes:
                    found += chunk
                elif size > borne:
                    break
    except TimeoutError as error:
        raise TooSlow(
            f"the body did not come within {within_s:g} s, expected all of it",
            hint="send it at once",
        ) from error
    if size > most_bytes:
        raise _too_large(most_bytes, hint)
    return bytes(found)


def kind_of(request: Request) -> str:
    """The type of its body, without parameters; empty where it says none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _too_large(most_bytes: int, hint: str | None) -> TooLarge:
    return TooLarge(
        f"found a body of more than {most_bytes:,} bytes, expected at most that", hint=hint
    )
