"""What hubs and builders print, fit to be shown: whole lines of bounded length, without escape
sequences, secrets and half-drawn progress bars.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from binderclip.addresses.masking import MASK, masked

LONGEST_LINE = 2000
_LONGEST_SAID = 600
# Escape sequences (ECMA-48), then whatever else a terminal acts on.
_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x1b\\|\x07|$)|[ -/]*[0-~])"
)
_ADDRESS = re.compile(r"https?://[^\s'\"<>]+", re.IGNORECASE)
_SHORTEST_SECRET = 4


class Clean:
    """Text of strangers as text of ours. ``secrets`` are masked wherever they stand."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        self._secrets = [one for one in secrets if one and len(one) >= _SHORTEST_SECRET]

    def __call__(self, text: str, limit: int = LONGEST_LINE) -> str:
        """One line."""
        text = _ESCAPE.sub("", self._masked(text)[: 8 * limit]).replace("\t", "    ")
        # Once more: an escape sequence may have stood inside a secret.
        text = "".join(c if c.isprintable() else " " for c in self._masked(text)).rstrip()
        text = _ADDRESS.sub(lambda found: masked(found[0]), text)
        return text if len(text) <= limit else f"{text[:limit]}…"

    def said(self, text: str) -> str:
        """A reason of one line, without a full stop at its end; perhaps empty."""
        return " ".join(self(text, _LONGEST_SAID).split()).rstrip(".")

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text


class Lines:
    """Puts a log together that comes in pieces: docker sends a line and its end apart, or several
    lines at once, and what a carriage return draws over was never meant to be kept.
    """

    def __init__(self, clean: Clean) -> None:
        self._clean = clean
        self._phase: str | None = None
        self._begun = ""

    def feed(self, text: str, phase: str) -> list[str]:
        """The lines that are whole now. Pieces of one line are of one phase; messages without a
        phase are lines of repo2docker's own.
        """
        lines = self.rest() if phase != self._phase else []
        self._phase = phase
        text = self._begun + text
        if not phase and not text.endswith("\n"):
            text += "\n"
        *whole, begun = text.split("\n")
        lines += self._drawn(whole)
        self._begun = _last_drawn(begun)
        if len(self._begun) > LONGEST_LINE:
            lines += self.rest()
        return lines

    def rest(self) -> list[str]:
        begun, self._begun = self._begun, ""
        return self._drawn([begun])

    def _drawn(self, lines: list[str]) -> list[str]:
        clean = (self._clean(_last_drawn(line).rstrip("\r")) for line in lines)
        return [line for line in clean if line.strip()]


def _last_drawn(line: str) -> str:
    """What stands there once all of ``line`` was drawn; a return at its end draws nothing yet."""
    drawn = line.rstrip("\r")
    return drawn[drawn.rfind("\r") + 1 :] + ("\r" if drawn != line else "")
