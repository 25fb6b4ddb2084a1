"""Readers that take nothing are let go: a connection with a limit on what waits in it.

What a program has written and nobody reads lies in this process and in the system. It is bounded
here (the system's part by TCP_NOTSENT_LOWAT, where there is that), and after ``STALL_S`` without
any of it taken the connection ends. Peers that went away without a word are the system's to notice,
on Linux (TCP_USER_TIMEOUT, tcp(7)): later, since it takes slow readers with small buffers for such.
"""

from __future__ import annotations

import asyncio
import socket

from binderclip.gateway.streams.heads import BoundedHeads

STALL_S = 60.0
LAST_S = 3.0
"""What slow readers are left of the end of the service; less than the server waits for answers."""
_VANISHED_S = 300
# A frame that is longer is written all the same: this is when writers begin to wait.
_WAITING_BYTES = 16 * 2**10


class PatientProtocol(BoundedHeads):
    """uvicorn's protocol (``Config(http=PatientProtocol)``), for all its answers."""

    stall_s = STALL_S
    last_s = LAST_S
    _stalled: asyncio.TimerHandle | None = None
    _left = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As in asyncio.Protocol."""
        super().connection_made(transport)
        if transport.is_closing():
            return
        transport.set_write_buffer_limits(high=_WAITING_BYTES)
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in {socket.AF_INET, socket.AF_INET6}:
            for name, value in (
                ("TCP_USER_TIMEOUT", _VANISHED_S * 1000),
                ("TCP_NOTSENT_LOWAT", _WAITING_BYTES),
            ):
                if (option := getattr(socket, name, None)) is not None:
                    connection.setsockopt(socket.IPPROTO_TCP, option, value)

    def pause_writing(self) -> None:
        """As in asyncio.Protocol."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """As in asyncio.Protocol."""
        self._unwatch()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """As in asyncio.Protocol."""
        self._unwatch()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """uvicorn's, for each connection once the server is to end."""
        super().shutdown()
        if not self.transport.is_closing():
            self.loop.call_later(self.last_s, self._leave)

    def _leave(self) -> None:
        if self.flow.write_paused:
            self.transport.abort()

    def _watch(self) -> None:
        self._left = self.transport.get_write_buffer_size()
        self._stalled = self.loop.call_later(self.stall_s, self._look)

    def _unwatch(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _look(self) -> None:
        if self.transport.get_write_buffer_size() < self._left:
            self._watch()
        else:
            self._stalled = None
            self.transport.abort()
