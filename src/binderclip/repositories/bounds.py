"""How much a repository that a stranger named may cost, and git kept below that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Linux enforces all of them; elsewhere the memory (-v) may stay unlimited.
_SCRIPT = 'ulimit -v {memory} 2>/dev/null; ulimit -t {cpu} || exit 126; exec "$@"'
_OUT = re.compile(
    r"out of memory|cannot allocate memory|memory exhausted|died of signal (?:9|24)\b",
    re.IGNORECASE,
)
_KILLED = frozenset({-9, -24})
"""How a process ends that used up its time: SIGKILL, SIGXCPU."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """``fetched_bytes`` and ``advertised_bytes`` are counted as they come over the network, for one
    commit and for one list of refs, of which there may be ``refs``; ``named`` of them where a
    server gives commits by its refs alone. ``unfolded_bytes`` and ``entries`` are for a working
    copy. ``memory_bytes`` is for each process of git, ``cpu_s`` for each that reads what was
    fetched; ``ask_s`` and ``fetch_s`` are for one answer of the network, from end to end.
    """

    fetched_bytes: int = 512 * 2**20
    advertised_bytes: int = 32 * 2**20
    refs: int = 200_000
    named: int = 1000
    unfolded_bytes: int = 2 * 2**30
    entries: int = 200_000
    memory_bytes: int = 2**30
    cpu_s: int = 60
    ask_s: float = 60.0
    fetch_s: float = 600.0

    def reading(self) -> Sequence[str]:
        """The beginning of a git command that reads what was fetched."""
        return self._git(self.cpu_s)

    def fetching(self) -> Sequence[str]:
        """The same of one that fetches: the clock on the wall ends it."""
        return self._git(max(1, int(self.fetch_s)))

    def _git(self, cpu_s: int) -> Sequence[str]:
        script = _SCRIPT.format(memory=self.memory_bytes // 1024, cpu=cpu_s)
        settings = (part for one in _FRUGAL for part in ("-c", one))
        return ["/bin/sh", "-c", script, "sh", "git", *settings]


# What keeps honest repositories below ``memory_bytes``, whatever is in them and however many
# processors unpack it. With a pack that is always kept as a pack nothing is unfolded onto the disk.
_FRUGAL = (
    "core.bigFileThreshold=16m",
    "core.packedGitWindowSize=16m",
    "core.packedGitLimit=128m",
    "pack.threads=1",
    "fetch.unpackLimit=1",
)


def out_of_bounds(code: int, text: str = "") -> bool:
    """Did git end because it was to use more time or memory than it had?"""
    return code in _KILLED or bool(code and _OUT.search(text))
