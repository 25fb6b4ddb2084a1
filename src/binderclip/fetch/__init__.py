"""Getting the bytes of a `Source`: a file, standard input, or the web under a guard.

`web` goes there, `transport` makes the connections that the guard allows, `body` bounds what
comes, `lookups` asks services where the notebook is, `content` explains what is none.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from binderclip.addresses.source import Source
from binderclip.errors import AddressForbidden, SourceError, TooLarge
from binderclip.fetch.limits import Limits
from binderclip.guard import Guard

__all__ = ["Fetched", "Limits", "fetch"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """``data`` is not parsed yet. ``source`` is what was asked for, with the file's name as the
    server told it. ``url`` is where it came from in the end; it may hold a secret: show ``shown``.
    """

    data: bytes = field(repr=False)
    source: Source
    url: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str | None:
        """``url`` without its secrets."""
        from binderclip.addresses.masking import masked  # noqa: PLC0415 - not for plain paths

        return masked(self.url) if self.url else None


async def fetch(
    source: Source,
    *,
    guard: Guard,
    limits: Limits | None = None,
    observe: Callable[[str], None] | None = None,
    took: Callable[[int], None] | None = None,
) -> Fetched:
    """The notebook's bytes. ``observe`` gets a line for people at each step, without secrets.
    ``took`` is told how many bytes of an answer of the web there are by now, and may raise.

    Raises AddressForbidden, TooLarge, SourceError. What came over the web at least begins like a
    notebook; the rest is for `notebook.parse` to say.
    """
    limits = limits or Limits()
    if source.kind == "url":
        from binderclip.fetch.web import fetch_url  # noqa: PLC0415 - it imports httpx

        data, found, url = await fetch_url(source, guard, limits, observe or _nobody, took)
        return Fetched(data, found, url)
    if not guard.personal:
        raise AddressForbidden("files of this machine are not for those who ask from elsewhere")
    if observe:
        observe("reading standard input" if source.path is None else f"reading {source.shown}")
    return Fetched(_read(source, limits), source)


def _nobody(_line: str) -> None:
    """Who observes when nobody does."""


def _read(source: Source, limits: Limits) -> bytes:
    if source.path is None:
        if sys.stdin is None:
            raise SourceError("standard input is closed, expected a notebook on it")
        data = _bounded(sys.stdin.buffer, limits)
    else:
        try:
            with source.path.open("rb") as file:
                data = _bounded(file, limits)
        except OSError as exc:
            raise SourceError(f"{source.shown}: cannot be read ({exc.strerror})") from exc
    if len(data) > limits.max_bytes:
        raise TooLarge(f"{source.shown} is larger than {limits.max_bytes:,} bytes")
    return data


def _bounded(file: BinaryIO, limits: Limits) -> bytes:
    return file.read(limits.max_bytes + 1)
