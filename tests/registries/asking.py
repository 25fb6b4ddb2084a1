"""Asking registries, as a test does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.registries.rig import Registry

from binderclip.guard import Guard, OpenGuard
from binderclip.registries import Credentials, Image, Registries

T = TypeVar("T")


def asked(
    question: Callable[[Registries], Awaitable[T]],
    *,
    guard: Guard | None = None,
    credentials: Credentials | None = None,
) -> T:
    async def go() -> T:
        async with Registries(guard or OpenGuard(), credentials=credentials) as registries:
            return await question(registries)

    return asyncio.run(go())


def at(
    there: Registry | str, name: str, tag: str | None = None, digest: str | None = None
) -> Image:
    return Image(there if isinstance(there, str) else there.url, name, tag, digest)
