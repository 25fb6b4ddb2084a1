"""The line to a kernel: one websocket after another, for as long as the kernel lives."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from binderclip.kernels.remote.kernel import RemoteKernel
from binderclip.kernels.remote.websocket import Broken, Denied, Websocket
from binderclip.kernels.remote.wire import Malformed, Message, Packer

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
# An outage that is over by then is nothing to speak of.
_TELL_S = 10.0


@dataclass(slots=True)
class Outgoing:
    """``begun`` is when, by the loop's clock, it was given to a connection: whether it arrived is
    then unknown.
    """

    channel: str
    message: Message = field(repr=False)
    begun: float | None = None


class Line:
    """``received`` gets each message with its channel, ``up`` and ``down`` are called when a
    connection is there and when it was lost.

    The server knows us by ``session_id``, and what it could not send to one connection it sends
    to the next one of that name. But where it has not noticed that the first is dead, kernel and
    server mix the two up. So it is a new name then, if the kernel keeps what was sent.
    """

    def __init__(
        self,
        kernel: RemoteKernel,
        packer: Packer,
        *,
        received: Callable[[str, Message], None],
        up: Callable[[], None],
        down: Callable[[], None],
    ) -> None:
        self._kernel, self._packer = kernel, packer
        self._websocket: Websocket | None = None
        self.session_id = secrets.token_hex(16)
        self.keeps = False
        self._received, self._up, self._down = received, up, down
        self._waiting: asyncio.Queue[Outgoing] = asyncio.Queue()
        self._stopped: float | None = None

    def send(self, channel: str, message: Message) -> Outgoing:
        """Soon, or as soon as there is a connection."""
        outgoing = Outgoing(channel, message)
        self._waiting.put_nowait(outgoing)
        return outgoing

    def renew(self) -> None:
        """Drop the connection and make another one, under another name."""
        self.session_id = secrets.token_hex(16)
        if self._websocket is not None:
            self._websocket.drop()

    async def run(self) -> None:
        """Until the kernel is lost; cancel it otherwise. Raises what starting the kernel raises,
        and AddressForbidden.
        """
        timing = self._kernel.timing
        # The server answers once the kernel does.
        patience_s, attempt_s = timing.boot_s, timing.boot_s / 5
        while (websocket := await self._open(patience_s, attempt_s)) is not None:
            self._websocket = websocket
            self._stopped = None
            try:
                self._up()
                await self._carry(websocket)
            finally:
                websocket.drop()
            if websocket.silent and self.keeps:
                self.renew()
            self._down()
            patience_s, attempt_s = timing.patience_s, timing.open_s

    async def _open(self, patience_s: float, attempt_s: float) -> Websocket | None:
        """A connection, after as many attempts as it takes. None once the kernel is lost."""
        kernel, loop = self._kernel, asyncio.get_running_loop()
        server = kernel.server
        place = await kernel.place()
        began, pause_s, told = loop.time(), _FIRST_PAUSE_S, False
        while kernel.alive:
            try:
                return await Websocket.open(
                    kernel.kernels.channels(place.kernel, self.session_id),
                    token=server.token,
                    guard=server.web.guard,
                    timing=kernel.timing,
                    open_s=attempt_s,
                )
            except Broken:
                why = "there is no connection to it"
            except Denied as denied:
                why = f"it answered {denied.status} where a kernel's messages should be"
            await self._examine()
            outage_s = loop.time() - began
            if outage_s > patience_s:
                kernel.lost(
                    f"the server {server.shown} was lost: for {outage_s:.0f} s {why}",
                    died=False,
                    hint="hubs stop servers that are idle or use too much; launch it anew",
                )
            elif outage_s > _TELL_S and not told:
                told = True
                host = urlsplit(server.shown).netloc
                kernel.tell(f"the connection to {host} is lost; trying for {patience_s:.0f} s")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return None

    async def _examine(self) -> None:
        """Whether there is any point in going on."""
        kernel = self._kernel
        state = await kernel.kernels.state((await kernel.place()).kernel)
        if state == "gone":
            kernel.lost("it is no longer there; somebody or something else ended it")
        elif state == "stopped":
            # Twice, a while apart: a hub that was just started itself has yet to look around.
            now = asyncio.get_running_loop().time()
            self._stopped = self._stopped or now
            if now - self._stopped > kernel.timing.open_s / 4:
                kernel.lost(
                    f"the server {kernel.server.shown} was stopped, as its hub says",
                    died=False,
                    hint="hubs stop servers that are idle or use too much; launch it anew",
                )
        elif state == "denied":
            kernel.lost(
                f"the server {kernel.server.shown} no longer takes the token",
                died=False,
                hint="ask its hub for a new one, or launch it anew",
            )

    async def _carry(self, websocket: Websocket) -> None:
        """Until the connection breaks."""
        tasks = {
            asyncio.create_task(self._read(websocket)),
            asyncio.create_task(self._write(websocket)),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, Broken):
                raise result

    async def _read(self, websocket: Websocket) -> None:
        while True:
            data = await websocket.receive()
            try:
                channel, message = self._packer.decode(data, v1=websocket.v1)
            except Malformed:
                continue
            self._received(channel, message)
            await asyncio.sleep(0)  # many may have come at once

    async def _write(self, websocket: Websocket) -> None:
        while True:
            outgoing = await self._waiting.get()
            outgoing.begun = asyncio.get_running_loop().time()
            data = self._packer.encode(outgoing.message, outgoing.channel, v1=websocket.v1)
            await websocket.send(data)
