"""How long a launch on a JupyterHub may take, part by part."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """All in seconds. ``probe_s``: the hub does not say what it is. ``overall_s``: the start, from
    when the hub is asked. ``silence_s``: nothing comes on the stream of its progress, while hubs
    send something every 8 s; its state is asked for then. ``absence_s``: the hub does not answer in
    mid-launch; one that is restarted comes back. ``up_s``: a server that is ready does not answer.
    ``stop_s``: one that was told to end goes on.
    """

    probe_s: float = 15
    overall_s: float = 1800
    silence_s: float = 30
    absence_s: float = 60
    up_s: float = 120
    stop_s: float = 120
