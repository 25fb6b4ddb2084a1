"""What a hub tells, as events for people."""

from __future__ import annotations

from collections import deque

from binderclip.events import Event, Log, Phase, Progress
from binderclip.targets.binderhub.said import Clean, Lines
from binderclip.targets.binderhub.told import Told

_TAIL_LINES = 15
_MOST_LINES = 50_000
_BUILDER: dict[str, tuple[Phase, str]] = {
    "fetching": ("fetching", "fetches the repository"),
    "building": ("building", "builds the image"),
    "pushing": ("building", "puts the image into its registry"),
}
"""What a builder is at; its messages are pieces of a log."""
_HUB: dict[str, Phase] = {"waiting": "waiting", "built": "launching", "launching": "launching"}
"""What the hub itself is at; its messages are for people."""


class Showing:
    """``phase`` is the last that the hub told, ``tail`` the last lines of its builder's log."""

    def __init__(self, place: str, clean: Clean) -> None:
        self._place, self._clean = place, clean
        self._lines = Lines(clean)
        self._shown = 0
        self.phase = ""
        self.tail: deque[str] = deque(maxlen=_TAIL_LINES)

    def events(self, told: Told) -> list[Event]:
        """Of an event that is not the last: Progress for what is new, Log for a builder's lines."""
        if phase := _HUB.get(told.phase):
            self.phase = told.phase
            said = [self._clean(line).strip() for line in told.message.split("\n")]
            return [*self.rest(), *(Progress(phase, line) for line in said if line)]
        events: list[Event] = []
        if told.phase in _BUILDER and told.phase != self.phase:
            phase, words = _BUILDER[told.phase]
            events.append(Progress(phase, f"{self._place} {words}"))
        # Lines without a phase are of repo2docker's; a phase that we do not know goes by as one.
        self.phase = told.phase or self._builds()
        message = told.message
        if not message and told.phase not in {*_BUILDER, "unknown"}:
            message = f"{told.phase}\n"
        return events + self._logs(self._lines.feed(message, told.phase))

    def rest(self) -> list[Event]:
        """A line that was begun."""
        return self._logs(self._lines.rest())

    def _builds(self) -> str:
        return self.phase if self.phase in _BUILDER else "building"

    def _logs(self, lines: list[str]) -> list[Event]:
        self.tail.extend(lines)
        room = _MOST_LINES - self._shown
        self._shown += len(lines)
        events: list[Event] = [Log(line) for line in lines[: max(room, 0)]]
        if 0 <= room < len(lines):
            events.append(Log(f"… more than {_MOST_LINES:,} lines: the rest is not shown"))
        return events
