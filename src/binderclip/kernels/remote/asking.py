"""Requests of our own, which can be repeated, and their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from binderclip.kernels.remote.line import Line, Outgoing
from binderclip.kernels.remote.wire import Message

_SELDOM_S = 60.0


class Maker(Protocol):
    """jupyter_client's Session, as far as it is needed."""

    pack: Callable[[Any], bytes]
    unpack: Callable[[bytes], Any]

    def msg(self, msg_type: str, content: dict[str, Any] | None = None) -> Message: ...


class Asked:
    """``reply`` is the answer, ``idle`` what the kernel says when it is through with it."""

    def __init__(self, outgoing: Outgoing) -> None:
        loop = asyncio.get_running_loop()
        self.outgoing = outgoing
        self.reply: asyncio.Future[Message] = loop.create_future()
        self.idle: asyncio.Future[Message] = loop.create_future()

    def note(self, channel: str, message: Message) -> None:
        if channel == self.outgoing.channel:
            if not self.reply.done():
                self.reply.set_result(message)
        elif message["content"].get("execution_state") == "idle" and not self.idle.done():
            self.idle.set_result(message)


class Asking:
    """A request that is not answered is repeated after ``again_s``, then on another connection
    where ``would_answer`` says that there should have been an answer on its channel by now: a
    connection that took the place of a frozen one may carry outputs and no requests.
    """

    def __init__(
        self,
        line: Line,
        maker: Maker,
        *,
        again_s: float,
        would_answer: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._line, self._maker, self._would_answer = line, maker, would_answer
        self._least_s = self._again_s = again_s
        self._open: dict[str, Asked] = {}

    async def ask(self, channel: str, kind: str, content: dict[str, Any]) -> Asked:
        """Send a request and wait for its reply."""
        message = self._maker.msg(kind, content)
        asked = self._open[message["msg_id"]] = Asked(self._line.send(channel, message))
        again_s, repeated = self._again_s, False
        try:
            while not (await asyncio.wait({asked.reply}, timeout=again_s))[0]:
                again_s = min(2 * again_s, _SELDOM_S)
                if repeated and await self._would_answer(channel):
                    self._again_s = again_s
                    self._line.renew()
                self._repeat(asked)
                repeated = True
        except asyncio.CancelledError:
            self._open.pop(message["msg_id"], None)
            raise
        self._again_s = self._least_s
        return asked

    def note(self, channel: str, message: Message) -> bool:
        """Whether ``message`` belongs to one of the requests."""
        parent = message["parent_header"].get("msg_id")
        if (asked := self._open.get(parent)) is None:
            return False
        asked.note(channel, message)
        if asked.idle.done() and asked.reply.done():
            del self._open[parent]
        return True

    def repeat(self) -> None:
        """There is a new connection: send anew what may have been lost with the old one."""
        for asked in self._open.values():
            self._repeat(asked)

    def _repeat(self, asked: Asked) -> None:
        if asked.outgoing.begun is not None and not asked.reply.done():
            asked.outgoing = self._line.send(asked.outgoing.channel, asked.outgoing.message)
