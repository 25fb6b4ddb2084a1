"""What a run needs of a kernel, wherever that is, and of the connection to it."""

from __future__ import annotations

from typing import Any, Protocol

from binderclip.kernels import KernelChoice


class Kernel(Protocol):
    """A kernel that was asked to start, at ``started`` of the monotonic clock."""

    choice: KernelChoice
    started: float

    @property
    def alive(self) -> bool: ...

    async def wait(self) -> object:
        """Until it has ended, or is out of reach for good."""
        ...

    def failure(self, place: str) -> BaseException:
        """The error for a cell, ``place`` in words, whose kernel has ended."""
        ...

    def kill(self) -> None:
        """End it at once, without asking it and without waiting."""
        ...

    async def end(self, grace_s: float) -> bool:
        """Give it ``grace_s`` to end by itself, and end it then. True if it did."""
        ...


class Channels(Protocol):
    """A jupyter_client.AsyncKernelClient that does this too."""

    async def ready(self) -> dict[str, Any]:
        """Wait until the kernel answers; the content of its kernel_info_reply."""
        ...

    async def interrupt(self) -> None:
        """Interrupt the code that it executes."""
        ...

    def ask_to_end(self) -> None:
        """Ask it to end by itself."""
        ...

    async def close(self) -> None:
        """Drop the connection."""
        ...
