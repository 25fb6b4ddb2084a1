"""A request that a cell be executed, and what is known of its fate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from binderclip.kernels.remote.line import Outgoing
from binderclip.kernels.remote.order import Item
from binderclip.kernels.remote.wire import Message


class Cell:
    """``noticed`` once anything came of it: it has arrived then. It is over with ``replied`` and
    ``idle`` both.
    """

    def __init__(self, outgoing: Outgoing) -> None:
        self.outgoing = outgoing
        self.noticed = self.replied = self.idle = False
        self._error: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        return str(self.outgoing.message["msg_id"])

    def ended(self) -> bool:
        return self.replied and self.idle

    @property
    def half_ended(self) -> bool:
        return self.replied is not self.idle

    def unheard(self, since: float) -> bool:
        """True where nothing came of it, though it was sent before ``since``."""
        begun = self.outgoing.begun
        return not self.noticed and begun is not None and begun < since

    def fail(self, name: str, value: str) -> None:
        """It is to end with that error, if the kernel does not say how."""
        self._error = {"ename": name, "evalue": value, "traceback": [f"{name}: {value}"]}

    def note(self, channel: str, message: Message) -> None:
        """``message`` is one of its own."""
        self.noticed = True
        kind, content = message["msg_type"], message["content"]
        if channel == "shell" and kind == "execute_reply":
            self.replied = True
        elif kind == "status" and content.get("execution_state") == "idle":
            self.idle = True
        elif kind == "error":
            self._error = content

    def end(self, make: Callable[[str, dict[str, Any]], Message]) -> list[Item]:
        """The messages that end it, in place of those that were lost."""
        items: list[Item] = []
        if not self.replied:
            how = {**self._error, "status": "error"} if self._error else {"status": "ok"}
            items.append(("shell", make("execute_reply", how)))
        if not self.idle:
            items.append(("iopub", make("status", {"execution_state": "idle"})))
        for _, message in items:
            message["parent_header"] = self.outgoing.message["header"]
        self.replied = self.idle = True
        return items
