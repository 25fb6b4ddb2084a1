"""Our side of ``kept``: what a kernel keeps of what it sent, fetched where it did not arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from binderclip.kernels.remote import kept
from binderclip.kernels.remote.order import Item, Order
from binderclip.kernels.remote.wire import PARTS, Message, Packer

Ask = Callable[[str, str, dict[str, Any]], Awaitable[Message]]


class Forgetful(Exception):
    """The kernel keeps nothing, or answers nonsense."""


@dataclass(frozen=True, slots=True)
class Found:
    """How many messages a look brought, and how many are lost for ever."""

    messages: int = 0
    lost: int = 0


class Memory:
    """``ask`` sends a request (channel, type, content) and waits for its reply; ``hand_on`` gets
    what can be handed on.
    """

    def __init__(
        self, order: Order, packer: Packer, *, ask: Ask, hand_on: Callable[[Item], None]
    ) -> None:
        self._order, self._packer, self._ask, self._hand_on = order, packer, ask, hand_on
        self._after = 0
        self.at_work = True
        """Whether the kernel was executing a cell when it was asked last."""
        self._one = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """True while the kernel is asked."""
        return self._one.locked()

    async def install(self, answer_s: float) -> None:
        """Have the kernel, an ipykernel, keep what it sends from now on. Raises Forgetful."""
        source = files("binderclip.kernels.remote").joinpath("kept.py").read_text("utf-8")
        names = "{'__name__': 'binderclip', 'kernel': get_ipython().kernel}"
        content = {
            "code": f"exec({source + 'install(kernel)'!r}, {names})",
            "silent": True,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        reply = await self._ask("shell", "execute_request", content)
        if reply["content"].get("status") != "ok":
            raise Forgetful
        self._order.keeps = True
        try:
            async with asyncio.timeout(answer_s):
                await self.look()
        except TimeoutError as error:
            raise Forgetful from error

    async def look(self) -> Found:
        """Fetch what is missing. On return nothing is held back. Raises Forgetful."""
        async with self._one:
            self._order.doubt()
            brought = lost = 0
            while True:
                asked = {"after": self._after, "have": self._order.have()}
                reply = await self._ask("control", kept.REQUEST, asked)
                try:
                    now, upto, gone, last = (
                        int(reply["content"][name]) for name in ("now", "upto", "gone", "last")
                    )
                    self.at_work = bool(reply["content"]["at_work"])
                    items = self._items(reply)
                except (LookupError, TypeError, ValueError) as error:
                    raise Forgetful from error
                self._pass(self._order.fetched(items))
                self._after, brought, lost = upto, brought + len(items), lost + gone
                if upto >= now:
                    self._pass(self._order.settle(last))
                    return Found(brought, lost)

    def _items(self, reply: Message) -> list[Item]:
        frames = [bytes(buffer) for buffer in reply["buffers"]]
        items, at = [], 0
        for channel, count in reply["content"]["kept"]:
            if channel not in {"iopub", "shell"} or count < len(PARTS):
                raise ValueError(channel)
            items.append((channel, self._packer.message(frames[at : at + count])))
            at += count
        return items

    def _pass(self, items: list[Item]) -> None:
        for item in items:
            self._hand_on(item)
