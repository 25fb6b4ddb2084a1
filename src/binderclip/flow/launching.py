"""Bringing an environment up somewhere, and stopping it whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from binderclip.environment import Environment
from binderclip.errors import (
    BinderclipError,
    LaunchError,
    RateLimited,
    Refused,
    TimedOut,
    Unreachable,
)
from binderclip.events import Event, Progress, Ready
from binderclip.session import Session
from binderclip.targets import Target

# A place that fails so may be passed over for the next; a build that fails would fail there too.
_PASSED_OVER = (RateLimited, Refused, TimedOut, Unreachable)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A target that may take an environment: ``place`` is what people call it, ``why`` says in a
    few words what brought it up. ``named`` is True where the person named the place, and not the
    notebook alone. ``urls`` are the addresses that it may lead to; none for this machine itself.
    """

    target: Target
    place: str
    why: str
    named: bool = True
    urls: tuple[str, ...] = ()


@asynccontextmanager
async def launched(
    target: Target, environment: Environment, observe: Callable[[Event], None]
) -> AsyncIterator[Session]:
    """Bring ``environment`` up on ``target``, and stop it on leaving, whatever happens.

    Raises Refused before anything is done, any other LaunchError, and SessionError where all went
    well until it could not be stopped.
    """
    if reason := target.refusal(environment):
        raise Refused(reason)
    session = await _ready(target, environment, observe)
    async with _stopped(target, session, observe):
        yield session


@asynccontextmanager
async def launched_on_first(
    candidates: Sequence[Candidate],
    environment: Environment,
    observe: Callable[[Event], None],
    *,
    leave: bool = False,
) -> AsyncIterator[tuple[Candidate, Session]]:
    """As ``launched``, on the first of ``candidates`` that takes it; what is passed over is told.
    With ``leave`` it is stopped only where something goes wrong.

    One that refuses, does not answer in time or asks us to wait is passed over for the next; any
    other failure is final. Raises the last one's error, or Refused where none takes it.
    """
    taking, refusals = [], []
    for candidate in candidates:
        if (reason := candidate.target.refusal(environment)) is None:
            taking.append(candidate)
        else:
            refusals.append(f"{candidate.place}: {reason}")
    if not taking:
        raise Refused("\n".join(refusals))
    for refusal in refusals:
        observe(Progress("resolving", f"not {refusal}"))
    for candidate in taking:
        if len(candidates) > 1:
            observe(Progress("resolving", f"{candidate.place}: {candidate.why}"))
        try:
            session = await _ready(candidate.target, environment, observe)
        except _PASSED_OVER as error:
            if candidate is taking[-1]:
                raise
            observe(Progress("resolving", f"not {candidate.place}: {error.message}"))
            continue
        async with _stopped(candidate.target, session, observe, leave=leave):
            yield candidate, session
        return


async def _ready(
    target: Target, environment: Environment, observe: Callable[[Event], None]
) -> Session:
    session = None
    async with aclosing(target.launch(environment)) as events:
        async for event in events:
            if isinstance(event, Ready):
                session = event.session
            else:
                observe(event)
    if session is None:
        raise LaunchError(f"{target.name}: the launch ended without a session")
    return session


@asynccontextmanager
async def _stopped(
    target: Target, session: Session, observe: Callable[[Event], None], *, leave: bool = False
) -> AsyncIterator[None]:
    """Stop it on leaving. What went wrong before counts more than what goes wrong then."""
    try:
        yield
    except BaseException:
        try:
            await _to_its_end(target.stop(session))
        except BinderclipError as error:
            observe(Progress("ready", error.message))
        raise
    if not leave:
        await _to_its_end(target.stop(session))


async def _to_its_end(stopping: Coroutine[Any, Any, None]) -> None:
    """A Ctrl-C meanwhile must not leave half of it running; it is raised once all is done."""
    task = asyncio.create_task(stopping)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as again:
            cancelled = again
    if cancelled is not None:
        with suppress(BinderclipError):
            task.result()
        raise cancelled
    task.result()
