"""How long a launch through a gateway may take, part by part."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """All in seconds. ``probe_s``: the gateway does not say what it is. ``overall_s``: the launch.
    ``silence_s``: nothing comes on the stream of its events, while gateways send something every
    half minute. ``absence_s``: it does not answer in mid-launch. ``up_s``: a server that is ready
    does not answer. ``stop_s``: one that was told to end goes on.
    """

    probe_s: float = 15
    overall_s: float = 4000
    silence_s: float = 90
    absence_s: float = 60
    up_s: float = 60
    stop_s: float = 120
