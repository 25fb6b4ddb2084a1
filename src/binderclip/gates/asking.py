"""What a program asks of a gate, in whichever protocol."""

from __future__ import annotations

from dataclasses import dataclass

from binderclip.guard import Endpoint

USER = "git"
"""The user's name that goes with a gate's password."""


class Unusable(Exception):
    """What asks is no program of ours, or asks for what a gate does not do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """``server``: host and port, the host in lower case, as it was written. ``done``,
    ``forbidden`` and ``unreachable`` are what the program is told then; ``first`` is what the
    server is told before all else. What the program says later is passed on in a ``tunnel`` alone.
    """

    server: Endpoint
    done: bytes
    forbidden: bytes
    unreachable: bytes
    first: bytes = b""
    tunnel: bool = True
