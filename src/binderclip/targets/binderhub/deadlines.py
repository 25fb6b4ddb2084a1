"""How long a launch on a BinderHub may take, part by part."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """All in seconds. ``silence_s``: nothing at all comes, while hubs send a keep-alive every 25 s.
    ``between_events_s``: keep-alives alone; a builder may be quiet for long while it solves an
    environment or pushes an image. ``overall_s``: the whole launch, all hosts together.
    ``probe_s``: a hub does not say what it is. ``up_s``: a server that was said to be ready does
    not answer. ``left_s``: somebody left while a server was about to start, which is awaited to be
    ended. ``stop_s``: one that was told to end goes on.
    """

    probe_s: float = 15
    silence_s: float = 90
    between_events_s: float = 1200
    overall_s: float = 7200
    up_s: float = 120
    left_s: float = 20
    stop_s: float = 45
