"""A launch and a run as they go on: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from contextlib import suppress

import click

from binderclip.cli.paint import clean, colour, duration
from binderclip.events import Event, Log, Progress

_SOON_S = 2.0
"""A line that stands for so long gets a clock."""


class Reporter:
    """Writes to standard error. ``verbose`` shows every line a builder prints."""

    def __init__(self, *, verbose: bool = False, quiet: bool = False, label: str = "") -> None:
        self._verbose = verbose
        self._quiet = quiet
        self._label = f"{label}: " if label else ""
        # Several at once would write over each other.
        self._live = sys.stderr.isatty() and not quiet and not verbose and not label
        self._began = time.monotonic()
        self._line, self._since = "", self._began
        self._clock: asyncio.TimerHandle | None = None

    @property
    def silent(self) -> bool:
        """True where nobody reads along, and so nobody can be asked."""
        return self._quiet or bool(self._label)

    def labelled(self, label: str) -> Reporter:
        """One of several, each of whose lines begins with its ``label``."""
        return Reporter(verbose=self._verbose, quiet=self._quiet, label=label)

    def say(self, line: str, *, mark: str = "·", hue: str = "cyan") -> None:
        """One line that stays; its control characters are shown, not sent."""
        if not self._quiet:
            self.clear()
            click.echo(
                f"{click.style(mark, fg=hue)} {clean(self._label + line)}", err=True, color=colour()
            )

    def warn(self, line: str) -> None:
        """One line that the person should read; things go on."""
        self.say(line, mark="!", hue="yellow")

    def flash(self, line: str) -> None:
        """One line that the next one replaces, with a clock once it stands for a while; terminals
        only.
        """
        if self._live:
            self._stand(line)
            self._draw(line)

    def clear(self) -> None:
        """Take the live line away."""
        if self._live:
            if self._clock is not None:
                self._clock.cancel()
                self._clock = None
            click.echo("\r\x1b[2K", nl=False, err=True)

    def _stand(self, line: str) -> None:
        """Show ``line`` with a clock as long as nothing else is told."""
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        self._line, self._since = line, time.monotonic()
        with suppress(RuntimeError):  # nothing runs that could be waited for
            self._clock = asyncio.get_running_loop().call_later(_SOON_S, self._tick)

    def _tick(self) -> None:
        self._draw(f"{self._line}  ({duration(time.monotonic() - self._since)})")
        self._clock = asyncio.get_running_loop().call_later(1, self._tick)

    def _draw(self, line: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        text = clean(line).replace("\n", " ").replace("\t", " ")
        click.echo(f"\r\x1b[2K{click.style(text[:width], dim=True)}", nl=False, err=True)

    def launch(self, event: Event) -> None:
        """What a target tells."""
        if isinstance(event, Progress):
            self.say(event.message)
            if self._live and event.phase != "ready":
                self._stand("    …")
        elif isinstance(event, Log):
            if self._verbose:
                self.say(event.line, mark=" ")
            else:
                self.flash(f"    {event.line}")

    def elapsed(self) -> str:
        """Since the reporter was made, for people."""
        return duration(time.monotonic() - self._began)
