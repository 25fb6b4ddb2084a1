"""The life of a kernel on a Jupyter Server: started, watched, interrupted and ended over REST."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from binderclip.errors import KernelDied, LaunchError, SessionError
from binderclip.kernels.choice import KernelChoice
from binderclip.kernels.remote.timing import Timing
from binderclip.servers import Server
from binderclip.servers.kernels import Kernels, Started

# The server gives a kernel five seconds to end by itself, and kills it then.
_END_S = 30.0
_TRY_S = 2.0
_INTERRUPT_S = 5.0


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a kernel can no longer be used; ``died`` is False where only the way to it is lost.
    ``error`` is one that says all of it.
    """

    why: str
    died: bool = True
    hint: str | None = None
    error: BaseException | None = None


class RemoteKernel:
    """A kernel that was asked to start. ``started`` is of the monotonic clock; ``tell`` gets what
    the person should know. ``end`` it always.
    """

    def __init__(
        self,
        server: Server,
        choice: KernelChoice,
        *,
        path: str,
        timing: Timing,
        tell: Callable[[str], None],
    ) -> None:
        self.server, self.choice, self.timing, self.tell = server, choice, timing, tell
        self.started = time.monotonic()
        self.kernels = Kernels(server)
        self._ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._start = asyncio.create_task(self.kernels.start(choice.name, path))
        self._watch = asyncio.create_task(self._poll())
        self._kill: asyncio.Task[None] | None = None

    async def place(self) -> Started:
        """Where it is on the server. Raises what ``Kernels.start`` raises."""
        return await asyncio.shield(self._start)

    @property
    def alive(self) -> bool:
        return not self._ended.done()

    async def wait(self) -> Ending:
        """Until it can no longer be used."""
        return await asyncio.shield(self._ended)

    def lost(self, why: str, *, died: bool = True, hint: str | None = None) -> None:
        """It, or the way to it, is gone. The first word counts."""
        if not self._ended.done():
            self._ended.set_result(Ending(why, died, hint))

    def fail(self, error: BaseException) -> None:
        """It cannot be used for ``error``."""
        if not self._ended.done():
            self._ended.set_result(Ending(str(error), died=False, error=error))

    def failure(self, place: str | None) -> BaseException:
        """The error for a kernel that has ended while it was at work in ``place``, or, without
        one, before it answered.
        """
        ending = self._ended.result()
        if ending.error is not None:
            return ending.error
        if not ending.died:
            where = f", in {place}" if place else ""
            return SessionError(f"{ending.why}{where}", hint=ending.hint)
        if place:
            return KernelDied(f"the kernel died in {place}: {ending.why}", hint=ending.hint)
        return KernelDied(
            f"the kernel {self.choice.name!r} ended before it answered: {ending.why}",
            hint=ending.hint or "the log of the server says why, where it has one",
        )

    async def interrupt(self) -> None:
        """Interrupt what it is at, if the server answers."""
        with suppress(SessionError, LaunchError, TimeoutError):
            async with asyncio.timeout(_INTERRUPT_S):
                await self.kernels.interrupt((await self.place()).kernel)

    def kill(self) -> None:
        """Have the server end it, without waiting for that."""
        self.lost("it was ended since it did not listen")
        if self._kill is None:
            self._kill = asyncio.create_task(self._delete())

    async def end(self, grace_s: float) -> bool:
        """The kernel and its session are gone on return, if the server answers. The server sees
        to the grace.
        """
        del grace_s
        self._watch.cancel()
        out_of_reach = self._ended.done() and not self._ended.result().died
        self.lost("it was ended")
        self._kill = self._kill or asyncio.create_task(self._delete())
        try:
            await asyncio.wait({self._kill}, timeout=_TRY_S if out_of_reach else _END_S)
        except asyncio.CancelledError:
            await asyncio.wait({self._kill}, timeout=_TRY_S)  # let the request get there
            raise
        finally:
            self._kill.cancel()
        await asyncio.gather(self._watch, self._start, self._kill, return_exceptions=True)
        return True

    async def _delete(self) -> None:
        try:
            started = await self._start
        except (SessionError, LaunchError):
            return
        try:
            await self.kernels.end(started.session)
        except (SessionError, LaunchError) as error:
            if self._ended.result().died:
                self.tell(f"the kernel may still be running on the server: {error.message}")

    async def _poll(self) -> None:
        """A kernel that somebody else deletes leaves its connections open."""
        with suppress(SessionError, LaunchError):
            kernel = (await self.place()).kernel
            while True:
                await asyncio.sleep(self.timing.poll_s)
                if await self.kernels.state(kernel) == "gone":
                    self.lost("it is no longer there; somebody or something else ended it")
                    return
