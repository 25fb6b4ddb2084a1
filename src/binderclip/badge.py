"""A badge as SVG, drawn here: it asks nobody for anything when it is shown.

Two fields on their own dark grounds, so that it reads on light and on dark pages alike; the text
is as wide as its field whatever fonts there are.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from binderclip.errors import BinderclipError, Problem, SpecError

MAX_CHARACTERS = 80
"""Of a field; what is longer is cut."""

HEIGHT = 20
COLOURS = {
    "blue": "#1f5f8b",
    "green": "#2b6b3f",
    "grey": "#4d5358",
    "orange": "#a34a12",
    "purple": "#6b3fa0",
    "red": "#a3262a",
    "teal": "#17666e",
    "yellow": "#e8c547",
}
"""By name; any other is said as ``#rgb`` or ``#rrggbb``."""

_GROUND = "#33383d"
_PADDING = 7
_CLIP_WIDTH = 15
# A binder clip: a jaw, and its two handles.
_CLIP = "M2 13.5h11l-2.5-6h-6zM4.6 7.5 3.4 4.2a1.6 1.6 0 0 1 3 0M10.4 7.5l1.2-3.3a1.6 1.6 0 0 0-3 0"
_FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',Verdana,sans-serif"
# Widths in pixels at 11 px, of a sans-serif of middling width.
_NARROW, _SLIM, _USUAL, _BROAD, _FULL = 3.4, 4.6, 6.3, 9.2, 11.0
_CONTROLS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+"
)


@dataclass(frozen=True, slots=True)
class Badge:
    """``label`` and ``message`` as given; ``colour`` is a name of COLOURS or a hex colour."""

    label: str = "launch"
    message: str = "binder"
    colour: str = "blue"

    @property
    def title(self) -> str:
        """What is read out to those who cannot see it."""
        return ": ".join(part for part in map(_shown, (self.label, self.message)) if part)

    @property
    def width(self) -> int:
        """In pixels."""
        return sum(self._widths)

    @property
    def svg(self) -> str:
        """The whole file. Raises SpecError for a colour that is none, or no text at all."""
        fill = _colour(self.colour)
        label, message = _shown(self.label), _shown(self.message)
        if not (label or message):
            raise SpecError((Problem("--message", "no text", "some, or a label"),))
        left, right = self._widths
        texts = [_field(_CLIP_WIDTH + _PADDING, label, "#fff")] if label else []
        if message:
            texts.append(_field(left + _PADDING, message, _ink(fill)))
        return _drawing(left, right, fill, title=self.title, texts=texts)

    @property
    def _widths(self) -> tuple[int, int]:
        """Of the two fields; there is no second one without a message."""
        label, message = _shown(self.label), _shown(self.message)
        left = _CLIP_WIDTH + _PADDING + (round(_width(label)) + _PADDING if label else 0)
        return left, round(_width(message)) + 2 * _PADDING if message else 0


def write(badge: Badge, path: Path) -> None:
    """Put the drawing at ``path``, whole or not at all. Raises BinderclipError, SpecError."""
    data = badge.svg.encode()
    path = path.resolve() if path.is_symlink() else path
    fresh = path.parent / f".binderclip-{secrets.token_hex(8)}.tmp"
    try:
        with fresh.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise BinderclipError(
            f"{path}: cannot be written ({error.strerror})",
            hint="name a file in a folder that is there and yours",
        ) from error


def _drawing(left: int, right: int, fill: str, *, title: str, texts: Sequence[str]) -> str:
    """Nothing in it has an id: pages may take in several."""
    width, bow = left + right, HEIGHT - 8
    second = f"M{left} 0h{right - 4}a4 4 0 0 1 4 4v{bow}a4 4 0 0 1-4 4H{left}z"
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" '
            f'viewBox="0 0 {width} {HEIGHT}" role="img" aria-label={quoteattr(title)}>'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{HEIGHT}" rx="4" fill="{_GROUND}"/>',
        f'<path fill="{fill}" d="{second}"/>' if right else "",
        (
            f'<rect x=".5" y=".5" width="{width - 1}" height="{HEIGHT - 1}" rx="3.5" fill="none" '
            'stroke="#8c959f" stroke-opacity=".55"/>'
        ),
        (
            f'<path d="{_CLIP}" transform="translate(3 1)" fill="none" stroke="#fff" '
            'stroke-width="1.2" stroke-linecap="round" stroke-linejoin="round"/>'
        ),
        f'<g font-family="{_FONTS}" font-size="11" aria-hidden="true">{"".join(texts)}</g>',
    ]
    return f"{''.join(parts)}</svg>\n"


def _field(x: int, text: str, ink: str) -> str:
    length = f"{_width(text):.1f}"
    return (
        f'<text x="{x}" y="14" fill="{ink}" textLength="{length}" '
        f'lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
    )


def _shown(text: str) -> str:
    """On one line, without what XML forbids and what turns the direction of text."""
    text = " ".join(_CONTROLS.sub(" ", text).split())
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"


def _width(text: str) -> float:
    return sum(map(_advance, text))


def _advance(character: str) -> float:
    if character.isascii():
        if character in "ijlI.,:;|!'` ":
            return _NARROW
        if character in 'frt()[]{}-/\\"*':
            return _SLIM
        return _BROAD if character in "mwMW@%" else _USUAL
    import unicodedata  # noqa: PLC0415 - most badges are in ASCII

    if unicodedata.combining(character):
        return 0.0
    return _FULL if unicodedata.east_asian_width(character) in "FW" else _USUAL


def _colour(text: str) -> str:
    """As ``#rrggbb``. Raises SpecError."""
    known = COLOURS.get(text.lower())
    if known:
        return known
    found = re.fullmatch(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", text)
    if found is None:
        names = ", ".join(COLOURS)
        raise SpecError((Problem("--colour", ascii(text[:40]), f"#rrggbb, or one of {names}"),))
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))  # noqa: PLR2004 - rrggbb


def _ink(fill: str) -> str:
    """Black or white, whichever stands out more: relative luminance as WCAG 2.2 defines it."""
    channels = (int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]  # noqa: PLR2004 - sRGB's own numbers
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    # Where the contrast to either is the same: (L + .05)² is 1.05 times .05.
    return "#111" if luminance > 0.179 else "#fff"  # noqa: PLR2004 - see above
