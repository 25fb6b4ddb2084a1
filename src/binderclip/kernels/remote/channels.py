"""A kernel of a server as jupyter_client has kernels: a client with a queue for each channel.

Imported only once the kernel boots: jupyter_client and zmq take a quarter of a second.
"""

from __future__ import annotations

import asyncio
import logging
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

from binderclip.kernels.remote.kernel import RemoteKernel
from binderclip.kernels.remote.order import Item
from binderclip.kernels.remote.talk import Talk
from binderclip.kernels.remote.wire import Message

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())


class _Channel:
    """As much of a channel as AsyncKernelClient and nbclient use."""

    def __init__(self, name: str, channels: RemoteChannels) -> None:
        self._name, self._channels = name, channels
        self._messages: asyncio.Queue[Message] = asyncio.Queue()

    def send(self, msg: Message) -> None:
        self._channels.talk.send(self._name, msg)

    def put(self, message: Message) -> None:
        self._messages.put_nowait(message)

    async def get_msg(self, timeout: float | None = None) -> Message:  # noqa: ASYNC109 - its name
        try:
            async with asyncio.timeout(timeout):
                return await self._messages.get()
        except TimeoutError as error:
            raise Empty from error

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def is_alive(self) -> bool:
        return True


class RemoteChannels(AsyncKernelClient):
    """The connection to a RemoteKernel that may still be booting."""

    def __init__(self, kernel: RemoteKernel) -> None:
        super().__init__(log=log)
        self._kernel = kernel
        self._shell_channel = _Channel("shell", self)
        self._iopub_channel = _Channel("iopub", self)
        self._control_channel = _Channel("control", self)
        self.start_channels(stdin=False, hb=False)
        self.talk = Talk(kernel, self.session, self._deliver)

    async def is_alive(self) -> bool:
        return self._kernel.alive

    async def ready(self) -> dict[str, Any]:
        """Wait until requests are answered; the kernel_info_reply's content. Raises what starting
        the kernel raises, KernelDied, SessionError.
        """
        return await self.talk.ready()

    async def interrupt(self) -> None:
        """Interrupt what the kernel is at."""
        await self._kernel.interrupt()

    def ask_to_end(self) -> None:
        """The server asks it, when it is told to end it."""

    async def close(self) -> None:
        """Drop the connection."""
        await self.talk.close()

    def _deliver(self, item: Item) -> None:
        channel, message = item
        getattr(self, f"{channel}_channel").put(message)
