"""How long is waited for what, between us and a kernel on a server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. After ``quiet_s`` in which nothing came the other side is pinged, and after
    ``dead_s`` the connection is given up; it is taken up again for ``patience_s``. ``boot_s`` is
    for a kernel to answer first, ``open_s`` for each attempt at a connection. ``poll_s`` is how
    often the server is asked whether the kernel is there, ``gap_s`` how long a message that is
    missing may be late, ``answer_s`` how long a kernel that is free may take to answer, and
    ``again_s`` how long before it is asked again.
    """

    quiet_s: float = 10.0
    dead_s: float = 15.0
    patience_s: float = 120.0
    boot_s: float = 300.0
    open_s: float = 20.0
    poll_s: float = 5.0
    gap_s: float = 0.05
    answer_s: float = 30.0
    again_s: float = 2.0
