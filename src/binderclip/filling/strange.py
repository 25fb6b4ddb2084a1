"""Variables that look as if they were ours: a misspelt one would pass in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from binderclip.addresses.masking import printable

KNOWN = (
    "BINDERCLIP_FILL",
    "BINDERCLIP_FILL_HOSTS",
    "BINDERCLIP_FILL_IMAGE",
    "BINDERCLIP_FILL_BUILD",
    "BINDERCLIP_FILL_KNOWN_HOSTS",
    "BINDERCLIP_FILL_GIT",
    "BINDERCLIP_HUB",
)
_OURS = ("BINDERCLIP_FIL", "BINDERCLIP_HUB")
_MOST = 8
_SHOWN = 60


def strange(names: Iterable[str]) -> Iterator[str]:
    """A remark about each of the first that are not known. Values are not looked at."""
    for name in sorted(one for one in names if one.startswith(_OURS) and one not in KNOWN)[:_MOST]:
        near = get_close_matches(name[:_SHOWN], KNOWN, n=1)
        meant = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(KNOWN)}"
        yield f"{printable(name, _SHOWN)} is not known; {meant}"
