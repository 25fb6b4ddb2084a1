"""What would be saved, and where: all that the page says before the click."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from binderclip.copying.model import Copies, File
from binderclip.jupyter.opening.contents import Spot
from binderclip.jupyter.opening.finding import Found
from binderclip.jupyter.opening.names import Destination
from binderclip.jupyter.opening.present import State
from binderclip.jupyter.opening.telling import told_as_json


@dataclass(frozen=True, slots=True)
class Offer:
    """``copies`` are those that may be placed, ``states`` what is at their paths now, ``refused``
    the others with the reasons; ``application`` is the name of what would show the notebook, and
    ``other_page`` where it shows the file that has its name (``spot.other``).
    """

    found: Found
    destination: Destination
    spot: Spot
    copies: Copies | None = None
    states: Mapping[str, State] = field(default_factory=dict)
    refused: tuple[tuple[File, str], ...] = ()
    application: str | None = None
    other_page: str | None = None
    asides: tuple[str, ...] = ()
    notice: str | None = None

    @property
    def remarks(self) -> Iterator[str]:
        """What is not quite as it was asked for, a line each."""
        if self.destination.remark:
            yield f"saved as {self.destination.name}, {self.destination.remark}"
        yield from self.asides
        yield from self.found.wanted.remarks
        if self.copies is not None:
            yield from self.copies.remarks

    @property
    def new(self) -> int:
        """How many files of its content would be written."""
        files = self.copies.files if self.copies else ()
        return sum(self.states.get(file.path, "new") == "new" for file in files)


def offer_as_json(offer: Offer) -> dict[str, object]:
    """For machines."""
    found = offer.found
    match = found.wanted.match
    failure = found.content_failure
    spot = offer.spot
    other = {"path": spot.other, "page": offer.other_page} if spot.other else None
    files = offer.copies.files if offer.copies else ()
    return {
        "digest": found.digest,
        "title": found.excerpt.title,
        "from": found.fetched.shown,
        "size_bytes": len(found.fetched.data),
        "path": spot.path,
        "there": spot.there,
        "other": other,
        "environment": dict(found.wanted.words),
        "unread": found.wanted.unread,
        "match": asdict(match) if match else None,
        "content": [
            {
                "path": file.path,
                "size_bytes": file.size_bytes,
                "state": offer.states.get(file.path, "new"),
            }
            for file in files
        ],
        "refused": [{"path": file.path, "why": why} for file, why in offer.refused],
        "content_error": told_as_json(failure)["error"] if failure else None,
        "remarks": [*found.wanted.faults, *found.wanted.idle, *offer.remarks],
    }
