"""A notebook and what it needs, in their place on a server that runs elsewhere."""

from __future__ import annotations

from binderclip.flow.seats.collecting import collected
from binderclip.flow.seats.seat import Seat
from binderclip.flow.seats.seating import seated, served

__all__ = ["Seat", "collected", "seated", "served"]
