"""What the click does: the notebook is saved, then its content placed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from binderclip.copying import LocalHome, place
from binderclip.errors import BinderclipError
from binderclip.events import Event
from binderclip.jupyter.opening.contents import Contents, Spot
from binderclip.jupyter.opening.offer import Offer


@dataclass(frozen=True, slots=True)
class Saved:
    """``missing`` are lines for people: what is not as they were told."""

    spot: Spot
    missing: tuple[str, ...] = ()


async def saved(offer: Offer, contents: Contents, home: Path) -> Saved:
    """Raises Refused and SessionError where the notebook itself cannot be saved."""
    data = offer.found.fetched.data
    spot = await contents.save(offer.destination, data)
    missing = []
    if not spot.there and not await contents.intact(spot.path, data):
        missing.append(
            f"this server changed {spot.path} as it was saved: it is not byte for byte what was "
            "fetched"
        )
    return Saved(spot, (*missing, *await _placed(offer, home)))


async def _placed(offer: Offer, home: Path) -> tuple[str, ...]:
    copies = offer.copies
    if copies is None or not copies.files:
        return ()
    try:
        remarks = await place(copies, LocalHome(home), observe=_nobody)
    except (BinderclipError, OSError) as error:
        return (f"its content was not placed, or not all of it: {error}",)
    return remarks[len(copies.remarks) :]


def _nobody(_event: Event) -> None:
    """A request that is answered when all is done."""
