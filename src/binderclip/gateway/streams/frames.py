"""Events as bytes (https://html.spec.whatwg.org/#server-sent-events)."""

from __future__ import annotations

import re

import msgspec

BEAT = b":\n\n"
"""A comment: readers pass over it, proxies see that the connection lives."""

_NAME = re.compile("[a-z][a-z0-9_-]*")
_MARK = re.compile("[A-Za-z0-9_-]+")


def frame(data: object, *, event: str | None = None, number: int | str | None = None) -> bytes:
    """One event, whose data is ``data`` as JSON, on one line. ``event`` is its name; without one
    it is a plain message. ``number``, or another mark, is what a browser that connects again says
    that it got last (``Last-Event-ID``).
    """
    parts = []
    if event is not None:
        _check(_NAME, event)
        parts.append(b"event: %b\n" % event.encode())
    if number is not None:
        _check(_MARK, str(number))
        parts.append(b"id: %b\n" % str(number).encode())
    parts.append(b"data: %b\n\n" % msgspec.json.encode(data))
    return b"".join(parts)


def start_after(last_event_id: str | None) -> int:
    """The number of the first step to send to who got ``last_event_id`` last; 0 for all."""
    text = (last_event_id or "").strip()
    return int(text) + 1 if re.fullmatch("[0-9]{1,9}", text) else 0


def _check(form: re.Pattern[str], text: str) -> None:
    """A line's end in it would begin an event of somebody else's."""
    if not form.fullmatch(text):
        raise ValueError(f"found {text!r} in an event, expected {form.pattern}")
