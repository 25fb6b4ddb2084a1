"""See that a program goes through a gate, before it is given an address."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from binderclip.errors import Refused
from binderclip.gates.base import Gate, Shut, Speech
from binderclip.guard import Endpoint

NOWHERE = "binderclip.invalid"
"""A name that does not exist (RFC 6761)."""
_PATIENCE_S = 60.0
_proved: set[str] = set()


class _Wall(Gate):
    def __init__(self, speech: Speech) -> None:
        super().__init__(speech, 0)
        self.asked: set[Endpoint] = set()

    async def places(self, asked: Endpoint) -> Sequence[Endpoint]:
        self.asked.add(asked)
        raise Shut


async def prove(
    program: str,
    speech: Speech,
    ask: Callable[[str, str], Awaitable[object]],
    *,
    schemes: Sequence[str],
) -> None:
    """As ``passed_by``. Raises Refused where the program does not ask the proxy."""
    if scheme := await passed_by(program, speech, ask, schemes=schemes):
        raise Refused(
            f"found a program that does not use proxies for {scheme} ({program}), which asking "
            "what others name needs here",
            hint="freeze it with the command line, or install another version of it",
        )


async def passed_by(
    program: str,
    speech: Speech,
    ask: Callable[[str, str], Awaitable[object]],
    *,
    schemes: Sequence[str],
) -> str | None:
    """The first of ``schemes`` for which ``program`` does not ask the proxy; None where it does for
    all, which is found out once. ``ask(proxy, url)`` is to make it ask for something at ``url`` and
    comes back however that ends.
    """
    if program in _proved:
        return None
    ports = {"http": 80, "https": 443}
    for scheme in schemes:
        async with _Wall(speech) as wall:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await ask(wall.proxy, f"{scheme}://{NOWHERE}/")
        if (NOWHERE, ports[scheme]) not in wall.asked:
            return scheme
    _proved.add(program)
    return None
