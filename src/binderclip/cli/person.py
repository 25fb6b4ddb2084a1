"""The person at the keyboard: whether there is one, and how to wait for them."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def listening() -> bool:
    """True where standard input is a terminal; a shell may have closed it (``<&-``)."""
    return sys.stdin is not None and sys.stdin.isatty()


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt at once, also while we read from standard input.

    Within ``asyncio.run`` it would only ask the event loop to stop, which a read holds up.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
