"""Text from outside, made safe for a terminal; and the few ways we print things."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

# Verbs take all that they print with from here.
from binderclip.amounts import count as count  # noqa: PLC0414 - exported, see above
from binderclip.amounts import size as size  # noqa: PLC0414 - exported, see above

# Everything that can move the cursor, rename the window or hide text, bidirectional marks too:
# https://trojansource.codes, ECMA-48. Compiled when first needed, as most text is harmless.
_UNSAFE = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff"
    "\ud800-\udfff\xad\u115f\u1160\u180e\u3164\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def clean(text: str) -> str:
    """``text`` with what is not printable shown as an escape; new lines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_UNSAFE, lambda found: ascii(found[0])[1:-1], text.replace("\r\n", "\n"))


def flat(text: str) -> str:
    """As ``clean``, on one line: a name with a line end in it must not look like two."""
    return clean(text).replace("\n", "\\n")


def cut(text: str, width: int) -> str:
    """``text`` in ``width`` characters at most; an ellipsis stands for what is left out."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def colour() -> bool | None:
    """False where colours are not wanted, True where they are forced, None to go by the stream.

    ``NO_COLOR`` as https://no-color.org has it, ``FORCE_COLOR`` as https://force-color.org.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def print_facts(facts: Iterable[tuple[str, Sequence[str]]], *, indent: int = 2) -> None:
    """Labels and their lines in two columns; a label without lines is left out."""
    facts = [(label, lines) for label, lines in facts if lines]
    gap = max((len(label) for label, _ in facts), default=0) + 2
    for label, lines in facts:
        head = " " * indent + click.style(label.ljust(gap), dim=True)
        print_rows(head, lines, indent=indent + gap)


def print_rows(head: str, lines: Sequence[str], *, indent: int, err: bool = False) -> None:
    """``head``, then ``lines`` beside it from column ``indent``, cleaned and folded to the
    terminal's width. A long word (an address, a hash) is left whole, to be copied.
    """
    for text in lines:
        for part in folded(text, indent):
            click.echo(f"{head}{part}".rstrip(), err=err)
            head = " " * indent


def folded(text: str, indent: int) -> list[str]:
    """``text`` cleaned, in rows that fit the terminal from column ``indent`` on."""
    return _folded(flat(text), max(_width() - indent, 20))


# Not textwrap and shutil: they cost more than all the rest that `show` does.
def _folded(text: str, width: int) -> list[str]:
    parts = [""]
    for word in text.split(" "):
        longer = f"{parts[-1]} {word}" if parts[-1] else word
        if len(longer) <= width or not parts[-1]:
            parts[-1] = longer
        else:
            parts.append(word)
    return parts


def _width() -> int:
    """Columns to write to: the terminal's, 100 at most; 80 where there is none."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated):
        return min(int(stated), 100)
    try:
        return min(os.get_terminal_size(1).columns or 80, 100)
    except OSError:
        return 80


def tally(counts: Mapping[str, int]) -> str:
    """``2 good, 1 wrong``: what there is none of is left out."""
    return ", ".join(f"{number} {what}" for what, number in counts.items() if number)


def print_json(value: Any) -> None:
    """``value`` on standard output, indented by two, keys in their order."""
    import msgspec

    try:
        click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
    except UnicodeEncodeError:  # halves of surrogate pairs, which JSON can hold as escapes
        import json

        click.echo(json.dumps(value, indent=2, default=str))


def duration(seconds: float) -> str:
    """Seconds for people: ``35 ms``, ``0.4 s``, ``3 min 20 s``, ``2 h 5 min``, ``12 days``."""
    if seconds < 0.1:  # noqa: PLR2004 - below, a digit would say nothing
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:  # noqa: PLR2004 - a digit after the point while it tells something
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:  # noqa: PLR2004 - two days
        return f"{hours} h {minutes} min"
    return f"{hours // 24} days"
