"""What is said to a kernel and what it answers, in spite of breaks.

After each break: what the kernel sent meanwhile is fetched from what it keeps, where it keeps it;
and a request that it answers only once it is free (the fence) tells, when its answer is here, that
a cell whose end is not here ended all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from binderclip.errors import KernelDied
from binderclip.kernels.remote.asking import Asking, Maker
from binderclip.kernels.remote.cell import Cell
from binderclip.kernels.remote.kernel import RemoteKernel
from binderclip.kernels.remote.line import Line
from binderclip.kernels.remote.memory import Forgetful, Found, Memory
from binderclip.kernels.remote.order import Item, Order
from binderclip.kernels.remote.wire import Message, Packer

_RATE_NOTICES = ("IOPub message rate exceeded", "IOPub data rate exceeded")
# While the server holds outputs back they are fetched that often.
_LIMITED_PAUSE_S = 0.5
_LONGEST_GAP_S = 2.0
_PROBE_S = 10.0


class Talk:
    """``deliver`` gets what the kernel says to others than us, each message once and in order."""

    def __init__(self, kernel: RemoteKernel, maker: Maker, deliver: Callable[[Item], None]) -> None:
        self._kernel, self._maker, self._deliver = kernel, maker, deliver
        self._timing = kernel.timing
        packer = Packer(maker.pack, maker.unpack)
        self._order = Order()
        self._memory = Memory(self._order, packer, ask=self._reply, hand_on=self._hand_on)
        self._cell: Cell | None = None
        self._kernel_session: str | None = None
        self._gap_s, self._gap_due, self._limited = self._timing.gap_s, False, False
        self._heard = 0.0
        # Work that ends with the connection: what is missing then is looked for on the next one.
        self._mending: set[asyncio.Task[None]] = set()
        self._line = Line(
            kernel,
            packer,
            received=self._received,
            up=self._up,
            down=self._down,
        )
        self._asking = Asking(
            self._line, maker, again_s=self._timing.again_s, would_answer=self._would_answer
        )
        self._running = {self._spawn(self._line.run()), self._spawn(self._mind())}

    async def ready(self) -> dict[str, Any]:
        """Wait until the kernel answers; the content of its kernel_info_reply. Raises what
        ``RemoteKernel.failure`` gives, and KernelDied.
        """
        opening = asyncio.create_task(self._open())
        ended = asyncio.create_task(self._kernel.wait())
        try:
            await asyncio.wait(
                {opening, ended}, timeout=self._timing.boot_s, return_when="FIRST_COMPLETED"
            )
            if opening.done():
                return opening.result()
            if ended.done():
                raise self._kernel.failure(None)
        finally:
            opening.cancel()
            ended.cancel()
        raise KernelDied(
            f"the kernel {self._kernel.choice.name!r} did not answer within "
            f"{self._timing.boot_s:.0f} s"
        )

    def send(self, channel: str, message: Message) -> None:
        outgoing = self._line.send(channel, message)
        if message["msg_type"] == "execute_request":
            self._cell = Cell(outgoing)

    async def close(self) -> None:
        """Drop the connection."""
        tasks = [*self._running, *self._mending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _open(self) -> dict[str, Any]:
        while True:
            asked = await self._asking.ask("shell", "kernel_info_request", {})
            # A kernel may answer before it knows that its outputs are listened to.
            if (await asyncio.wait({asked.idle}, timeout=self._timing.again_s))[0]:
                break
        reply = asked.reply.result()
        self._kernel_session = reply["header"].get("session")
        for message in (reply, asked.idle.result()):
            self._order.begin(message)
        info: dict[str, Any] = reply["content"]
        if info.get("implementation") == "ipython":
            try:
                await self._memory.install(min(_PROBE_S, self._timing.answer_s))
                self._line.keeps = True
            except Forgetful:
                self._forgo()
        return info

    async def _would_answer(self, channel: str) -> bool:
        """Whether a request on ``channel`` should have been answered by now."""
        if channel == "control":
            return True
        if self._order.keeps:
            await self._look()
            return not self._memory.at_work
        kernel = (await self._kernel.place()).kernel
        return await self._kernel.kernels.state(kernel) == "idle"

    async def _reply(self, channel: str, kind: str, content: dict[str, Any]) -> Message:
        return (await self._asking.ask(channel, kind, content)).reply.result()

    # What comes

    def _received(self, channel: str, message: Message) -> None:
        self._heard = asyncio.get_running_loop().time()
        if channel == "iopub" and self._is_the_servers(message):
            return
        for item in self._order.take((channel, message)):
            self._hand_on(item)
        self._mind_gap()

    def _hand_on(self, item: Item) -> None:
        channel, message = item
        if self._asking.note(channel, message):
            return
        if channel == "stdin":
            self._refuse_input()
            return
        parent = message["parent_header"].get("msg_id")
        if self._cell is not None and parent == self._cell.id:
            self._cell.note(channel, message)
        self._deliver(item)

    def _is_the_servers(self, message: Message) -> bool:
        """Whether it is the server's own word, which is heeded here and goes no further."""
        kind, content = message["msg_type"], message["content"]
        if kind == "status" and content.get("execution_state") in {"restarting", "dead"}:
            self._kernel.lost(
                "it ended by itself, and the server started it anew"
                if content["execution_state"] == "restarting"
                else "it ended by itself, and the server could not start it again"
            )
            return True
        text = str(content.get("text", "")) if kind == "stream" else ""
        if message["header"].get("session") != self._line.session_id or not any(
            text.startswith(notice) for notice in _RATE_NOTICES
        ):
            return False
        if self._order.keeps:
            if not self._limited:
                self._limited = True
                self._mend(self._keep_up())
            return True
        self._kernel.tell(f"the server dropped outputs: {text.splitlines()[0]}")
        return False

    def _refuse_input(self) -> None:
        if self._cell is not None:
            self._cell.fail("StdinNotImplementedError", "a run has no input to give")
        self._kernel.tell("the code asked for input, which a run has none of; it was interrupted")
        self._mend(self._kernel.interrupt())

    # What is to be mended

    def _up(self) -> None:
        self._asking.repeat()
        self._mend(self._after_break())

    def _down(self) -> None:
        self._order.doubt()
        for task in self._mending:
            task.cancel()
        self._gap_due = self._limited = False

    async def _mind(self) -> None:
        """A cell of which one half of the end is here and nothing else comes has lost the other:
        on its way to the server, say, where what is too much is dropped. One of which nothing is
        here may not have arrived.
        """
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._timing.poll_s)
            cell, since = self._cell, loop.time() - self._timing.quiet_s
            if cell is None or self._mending:
                continue
            if cell.unheard(since) or (cell.half_ended and self._heard < since):
                self._mend(self._after_break())

    def _mind_gap(self) -> None:
        order = self._order
        if order.keeps and order.gap and not self._gap_due and not self._memory.busy:
            self._gap_due = True
            self._mend(self._close_gap())

    async def _close_gap(self) -> None:
        """What is late comes in a moment. Where other clients make gaps again and again the
        kernel is asked less and less often.
        """
        await asyncio.sleep(self._gap_s)
        self._gap_due = False
        if self._order.gap:
            found = await self._look()
            least_s = self._timing.gap_s
            self._gap_s = least_s if found.messages else min(2 * self._gap_s, _LONGEST_GAP_S)

    async def _keep_up(self) -> None:
        """While the server drops what is too much for it."""
        found = await self._look()
        while found.messages:
            await asyncio.sleep(_LIMITED_PAUSE_S)
            found = await self._look()
        self._limited = False

    async def _after_break(self) -> None:
        """With a connection that is new: see to it that what was lost with the old one comes, and
        that the cell that is at work has its end.
        """
        cell = self._cell
        look = asyncio.create_task(self._look())
        try:
            if cell is None or cell.ended():
                await look
                return
            await self._fence()
            found = await self._in_time(look)
            if self._order.keeps:
                again = await self._in_time(asyncio.create_task(self._look()))
                found = Found(found.messages + again.messages, found.lost + again.lost)
            elif not self._order.counts or self._order.gap:
                self._kernel.tell(
                    "messages of the kernel did not arrive, and it keeps nothing of what it sends: "
                    "outputs may be missing"
                )
            self._order.overlook()
        finally:
            look.cancel()
        if cell.ended():
            return
        if self._order.keeps and not cell.noticed and not found.lost:
            cell.outgoing = self._line.send(cell.outgoing.channel, cell.outgoing.message)
            return
        self._kernel.tell(
            "the end of it did not arrive, though the kernel is free: it is taken as finished"
        )
        for item in cell.end(self._maker.msg):
            self._deliver(item)

    async def _fence(self) -> None:
        """Until the kernel is through with all that it was asked before."""
        asked = await self._asking.ask("shell", "kernel_info_request", {})
        if asked.reply.result()["header"].get("session") != self._kernel_session:
            self._kernel.lost("it ended by itself, and the server started it anew")
        await asyncio.wait({asked.idle}, timeout=self._timing.answer_s)

    async def _look(self) -> Found:
        """``Memory.look``, if there is one."""
        if not self._order.keeps:
            return Found()
        try:
            found = await self._memory.look()
        except Forgetful:
            self._forgo()
            return Found()
        if found.lost:
            what = "a message" if found.lost == 1 else f"{found.lost} messages"
            self._kernel.tell(f"{what} of the kernel did not arrive and could not be had again")
        return found

    async def _in_time(self, look: asyncio.Task[Found]) -> Found:
        """Its result; the kernel is free to answer by now."""
        try:
            async with asyncio.timeout(self._timing.answer_s):
                return await look
        except TimeoutError:
            self._forgo()
            return Found()

    def _forgo(self) -> None:
        """Do without what the kernel keeps: it does not answer, or keeps nothing."""
        self._line.keeps = False
        for item in self._order.forgo():
            self._hand_on(item)

    def _mend(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._spawn(work)
        self._mending.add(task)
        task.add_done_callback(self._mending.discard)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._check)
        return task

    def _check(self, task: asyncio.Task[None]) -> None:
        """What goes wrong in the background ends the run, instead of leaving it waiting."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._kernel.fail(error)
