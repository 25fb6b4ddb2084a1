"""nbclient over a kernel of ours: outputs told as they come, no sleeps, nothing process-wide.

Imported only once a kernel boots: jupyter_client, zmq and nbclient take a quarter of a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from nbclient import NotebookClient
from nbformat import NotebookNode

from binderclip.errors import KernelDied
from binderclip.execute.kernel import Channels, Kernel
from binderclip.kernels import LocalKernel

if TYPE_CHECKING:
    from jupyter_client.connect import KernelConnectionInfo
    from jupyter_client.manager import KernelManager

log = logging.getLogger(__name__)
# What nbclient remarks is for programs that ask for it, not for the person's terminal.
log.addHandler(logging.NullHandler())

_RECONNECT_MS = 5
_ANSWER_S = 1.0
_BOOT_S = 300.0
# After a cell's reply its outputs are on their way, however many they are.
_OUTPUTS_S = 3600


class _Channel(AsyncZMQSocketChannel):
    def send(self, msg: dict[str, Any]) -> None:
        """Through the socket that is waited on.

        jupyter_client sends around it (Session.send makes a plain socket of it), and what has
        arrived by then is not noticed: a cell that updates an Output widget, to which nbclient
        answers while it waits, now and then hangs for ever.
        """
        frames = [*self.session.serialize(msg), *msg.get("buffers", ())]
        self.socket.send_multipart(frames)


class KernelChannels(AsyncKernelClient):
    """The connection to a LocalKernel that may still be booting."""

    def __init__(self, kernel: LocalKernel) -> None:
        context = zmq.asyncio.Context()
        # The kernel binds its sockets when it gets there; each try costs microseconds.
        context.setsockopt(zmq.RECONNECT_IVL, _RECONNECT_MS)
        # By default outputs beyond a thousand are dropped while we are busy, silently.
        context.setsockopt(zmq.RCVHWM, 0)
        super().__init__(
            context=context,
            log=log,
            shell_channel_class=_Channel,
            control_channel_class=_Channel,
        )
        self._kernel = kernel
        self.load_connection_info(cast("KernelConnectionInfo", kernel.info))
        self.start_channels(stdin=False, hb=False)

    async def is_alive(self) -> bool:
        return self._kernel.alive

    async def ready(self) -> dict[str, Any]:
        """Wait until requests are answered and outputs arrive; the kernel_info_reply's content.

        Raises KernelDied.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _BOOT_S
        while loop.time() < deadline:
            asked = self.kernel_info()
            answer = asyncio.ensure_future(self._answer(asked))
            heard = asyncio.ensure_future(self._idle(asked))
            ended = asyncio.ensure_future(self._kernel.wait())
            try:
                await asyncio.wait({answer, ended}, timeout=_BOOT_S, return_when="FIRST_COMPLETED")
                if answer.done():
                    # The kernel may have answered before it knew that we listen: ask again then.
                    await asyncio.wait(
                        {heard, ended}, timeout=_ANSWER_S, return_when="FIRST_COMPLETED"
                    )
                    if heard.done():
                        return answer.result()
                if ended.done():
                    raise never_answered(self._kernel)
            finally:
                for task in (answer, heard, ended):
                    task.cancel()
        raise KernelDied(
            f"the kernel {self._kernel.choice.name!r} did not answer within {_BOOT_S:.0f} s"
        )

    def ask_to_end(self) -> None:
        """Send a shutdown_request.

        To ipykernel on the shell channel: asked on the control channel, it may close what its
        control thread is still sending on, and then hangs (ipykernel 7.4: one time in thirty).
        """
        message = self.session.msg("shutdown_request", {"restart": False})
        channel = self.shell_channel if self._kernel.choice.ipython else self.control_channel
        channel.send(message)

    async def interrupt(self) -> None:
        """Interrupt what the kernel is at, in the way that it takes."""
        if self._kernel.interrupted_by_message:
            self.control_channel.send(self.session.msg("interrupt_request", {}))
        else:
            self._kernel.interrupt()

    async def close(self) -> None:
        """Drop the connection."""
        self.stop_channels()
        self.context.destroy(linger=0)

    async def _answer(self, asked: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = await self.shell_channel.get_msg(timeout=None)
            if message["parent_header"].get("msg_id") == asked:
                content: dict[str, Any] = message["content"]
                return content

    async def _idle(self, asked: str) -> None:
        while True:
            message = await self.iopub_channel.get_msg(timeout=None)
            ours = message["parent_header"].get("msg_id") == asked
            if ours and message["content"].get("execution_state") == "idle":
                return


def never_answered(kernel: LocalKernel) -> KernelDied:
    """The error of a kernel that ended while it was to start."""
    said = f"\n{kernel.death.log}" if kernel.death and kernel.death.log else ""
    return KernelDied(
        f"the kernel {kernel.choice.name!r} ended before it answered: {kernel.death}{said}",
        hint="check that the environment installs ipykernel" if "No module named" in said else None,
    )


class CellClient(NotebookClient):
    """Executes cells one by one; ``changed`` is called with the index of a cell whose outputs
    have changed, or with None where those of others may have.
    """

    def __init__(
        self,
        nb: NotebookNode,
        kernel: Kernel,
        channels: Channels,
        *,
        changed: Callable[[int | None], None],
        allow_errors: bool,
        max_output: int,
    ) -> None:
        super().__init__(
            nb,
            # It asks no more of a manager than to be there, as long as it starts and ends nothing.
            km=cast("KernelManager", kernel),
            log=log,
            allow_errors=allow_errors,
            record_timing=False,
            iopub_timeout=_OUTPUTS_S,
            on_cell_error=self._keep_error,
            on_cell_executed=self._join,
        )
        self.kc = cast("AsyncKernelClient", channels)
        self.begun = asyncio.Event()
        self.error: dict[str, Any] = {}
        self._changed = changed
        self._stream: NotebookNode | None = None
        self._pieces: list[str] = []
        self.flooded = asyncio.Event()
        self._characters = self._before = 0
        self._max_output = max_output

    def begin(self) -> None:
        """Forget what the cell before left: ``begun`` is set once the kernel is at work on the
        new one, ``error`` is the reply of a cell that raised; ``flooded`` is set, for good, once
        there are more outputs than are kept.
        """
        self.begun.clear()
        self.error = {}
        self._stream = None
        self._before = self._characters

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        kind, content = msg["msg_type"], msg["content"]
        if self._too_many(kind, content):
            return None
        if kind == "stream" and self._goes_on(content, cell):
            self._pieces.append(content["text"])
            self._changed(cell_index)
            return None
        self.settle()
        self._stream = None
        if kind == "execute_input":
            self.begun.set()
        named = (content.get("transient") or {}).get("display_id")
        try:
            output = super().process_message(msg, cell, cell_index)
        finally:
            self._changed(None if named else cell_index)
        if kind == "stream" and output is not None:
            self._stream, self._pieces = output, [output["text"]]
        return output

    def _too_many(self, kind: str, content: dict[str, Any]) -> bool:
        """A cell that never stops showing things must not fill the memory and the disk. What takes
        the place of something else is not more.
        """
        if kind == "clear_output":
            self._characters = self._before
        if kind == "update_display_data":
            return False
        data = content.get("data")
        parts = data.values() if isinstance(data, dict) else (content.get("text"),)
        self._characters += sum(len(part) for part in parts if isinstance(part, str))
        if self._characters <= self._max_output:
            return False
        self.flooded.set()
        return True

    def settle(self) -> None:
        """Put a stream's pieces together. Adding each to the text before it would take a time
        that grows with the square of what a cell prints.
        """
        if self._stream is not None:
            self._pieces = ["".join(self._pieces)]
            self._stream["text"] = self._pieces[0]

    def _join(self, *, cell: NotebookNode, **_: Any) -> None:
        self.settle()
        self._stream = None
        cell.outputs = joined(cell.outputs)

    def _keep_error(self, *, execute_reply: dict[str, Any], **_: Any) -> None:
        self.error = execute_reply["content"]

    def _goes_on(self, content: dict[str, Any], cell: NotebookNode) -> bool:
        return (
            self._stream is not None
            and bool(cell.outputs)
            and cell.outputs[-1] is self._stream
            and self._stream["name"] == content["name"]
            and not self.clear_before_next_output
        )


def joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """One output for each stream, where it began, stdout before stderr where they meet, and of
    each line what a terminal shows after carriage returns.

    It is what nbclient does with ``coalesce_streams``, whose pattern takes a time that grows with
    the square of a line's length: a line of a million characters never ended.
    """
    kept: list[NotebookNode] = []
    streams: dict[str, list[str]] = {}
    for output in outputs:
        if output["output_type"] != "stream":
            kept.append(output)
        elif output["name"] in streams:
            streams[output["name"]].append(output["text"])
        else:
            streams[output["name"]] = [output["text"]]
            kept.append(output)
    for output in kept:
        if output["output_type"] == "stream":
            lines = "".join(streams[output["name"]]).split("\n")
            output["text"] = "\n".join(line[line.rfind("\r", 0, -1) + 1 :] for line in lines)
    for at, (first, second) in enumerate(pairwise(kept)):
        if (first.get("name"), second.get("name")) == ("stderr", "stdout"):
            kept[at : at + 2] = second, first
    return kept
