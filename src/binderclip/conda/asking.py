"""Is what a frozen file states still to be had?"""

from __future__ import annotations

from pathlib import Path

from binderclip.conda import channels, exactly, index
from binderclip.conda.index import Sources
from binderclip.conda.model import CondaFile
from binderclip.conda.rattle import available, translated

_SHOWN = 5


async def gone(
    frozen: CondaFile, *, platform: str, cache: Path, public: bool = False
) -> str | None:
    """The packages of ``frozen`` that its channels no longer offer, in words; None when all are
    there. Asked anew; ``public`` as ``index.opened`` has it. Raises ResolveError for a channel that
    is gone, Unreachable, Refused.
    """
    available()
    pinned = exactly.pins(frozen)
    if len(pinned) != len(frozen.specs):
        return "not every package in it is stated exactly"
    sources = Sources.of(frozen, channels.naming())
    with translated(frozen.where):
        indexes = await index.opened(
            sources, platform=platform, cache=cache, manner="anew", public=public
        )
        records = await indexes.same(pinned)
    there = {(one.name, one.version, one.build) for one in map(indexes.pinned, records)}
    missing = [
        f"{one.name} {one.version} {one.build}"
        for one in pinned
        if (one.name, one.version, one.build) not in there
    ]
    if not missing:
        return None
    more = f" and {len(missing) - _SHOWN} more" if missing[_SHOWN:] else ""
    return f"no channel offers {', '.join(missing[:_SHOWN])}{more}, the very file"
