"""The messages of one kernel, each once and in the order in which it sent them.

A kernel built on jupyter_client numbers its messages (``Session.msg_id``: session, process and a
count that rises over all channels), so a number that is missing tells of a message that is
missing, or late, or for somebody else. ipykernel sends its outputs through one thread, whose
order is the right one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from binderclip.kernels.remote.spans import Spans
from binderclip.kernels.remote.wire import Message

Item: TypeAlias = tuple[str, Message]
"""A channel's name and a message that came, or belongs, there."""

# Numbers tell what came before; this is for messages without, and for two with the same.
_REMEMBERED = 20_000
_MAX_DIGITS = 18


class Order:
    """Give it everything that arrives. It gives back what can be handed on.

    With ``keeps``, the kernel can be asked for what it sent: what follows a gap is then held back
    until the gap is closed or the kernel was asked. Without, nothing is held back.
    """

    def __init__(self) -> None:
        self.keeps = False
        self._doubtful = False
        self._main: str | None = None
        self._numbers = Spans()
        self._got: dict[str, Spans] = {}
        self._seen: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._held: list[Item] = []

    def begin(self, message: Message) -> None:
        """``message`` is the kernel's own: from its number on, gaps count."""
        prefix, number = counted(message)
        if number is not None:
            self._main = prefix
            self._numbers.add(0, number)

    @property
    def counts(self) -> bool:
        """True for a kernel that numbers its messages."""
        return self._main is not None

    @property
    def gap(self) -> bool:
        """True while a number is missing."""
        return len(self._numbers) > 1

    def have(self) -> dict[str, list[list[int]]]:
        """The numbers of what was handed on, as spans by what stands before them."""
        return {prefix: spans.pairs() for prefix, spans in self._got.items()}

    def doubt(self) -> None:
        """From now on hold back, until ``settle``."""
        self._doubtful = self.keeps

    def take(self, item: Item) -> list[Item]:
        """What can be handed on of what arrived: nothing, ``item``, or more."""
        channel, message = item
        if self._known(message):
            return []
        self._count(message)
        if channel != "iopub":
            return [*self._passed([item]), *self._released()]
        self._held.append(item)
        return self._released()

    def fetched(self, items: Sequence[Item]) -> list[Item]:
        """What can be handed on once the kernel has sent ``items`` out of what it keeps."""
        early, self._held = _split(self._held, items)
        for _, message in items:
            self._count(message)
        return self._passed([*early, *items])

    def settle(self, last: int | None) -> list[Item]:
        """The kernel has no more to send: up to the number ``last``, what is missing still is
        for other clients. What can be handed on.
        """
        self._doubtful = False
        if last is not None and self._main is not None:
            self._numbers.add(0, last)
        # What else there is are forked processes, one after the other.
        self._got = {prefix: got for prefix, got in self._got.items() if prefix == self._main}
        return self._released()

    def overlook(self) -> None:
        """What is missing by now does not count."""
        if len(self._numbers):
            self._numbers.add(0, self._numbers.last)

    def forgo(self) -> list[Item]:
        """Everything that is held back: the kernel cannot be asked."""
        self.keeps = self._doubtful = False
        return self._released()

    def _released(self) -> list[Item]:
        if self._doubtful or (self.keeps and self.gap):
            return []
        held, self._held = self._held, []
        return self._passed(held)

    def _passed(self, items: Iterable[Item]) -> list[Item]:
        """Those that were not handed on before; from now on they were."""
        out = []
        for channel, message in items:
            if self._known(message):
                continue
            self._seen[message["msg_id"]] = _rest(message)
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            prefix, number = counted(message)
            if number is not None:
                self._got.setdefault(prefix, Spans()).add(number, number)
            out.append((channel, message))
        return out

    def _known(self, message: Message) -> bool:
        """Whether it was handed on. Two messages can have the same number: two threads took it at
        once (Python before 3.10).
        """
        if message["msg_id"] in self._seen:
            return self._seen[message["msg_id"]] == _rest(message)
        prefix, number = counted(message)
        return number is not None and prefix in self._got and number in self._got[prefix]

    def _count(self, message: Message) -> None:
        prefix, number = counted(message)
        if number is not None and prefix == self._main:
            self._numbers.add(number, number)


def counted(message: Message) -> tuple[str, int | None]:
    """What stands before a message's number, and the number; None for one without."""
    prefix, _, digits = message["msg_id"].rpartition("_")
    if not prefix or not digits.isascii() or not digits.isdecimal() or len(digits) > _MAX_DIGITS:
        return "", None
    return prefix, int(digits)


def _split(held: list[Item], items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Of what was held back, what comes before ``items``, and the rest. The kernel keeps an
    unbroken run, so none of it belongs into the middle.
    """
    if not items:
        return [], held
    ids = {message["msg_id"] for _, message in items}
    for at, (_, message) in enumerate(held):
        if message["msg_id"] in ids:
            return held[:at], held[at:]
    prefix, first = counted(items[0][1])
    at = 0
    for _, message in held:
        other, number = counted(message)
        if other != prefix or number is None or first is None or number > first:
            break
        at += 1
    return held[:at], held[at:]


def _rest(message: Message) -> tuple[str, str]:
    return message["msg_type"], str(message["header"].get("date"))
