"""A session as it is listed."""

from __future__ import annotations

from typing import Final

from binderclip.addresses.masking import masked
from binderclip.records import Record

LIST: Final = "`binderclip sessions` lists them"


def as_dict(record: Record) -> dict[str, object]:
    """A session for machines; its address without secrets, and no token."""
    session = record.session
    return {
        "id": session.id,
        "target": session.target,
        "place": record.place,
        "url": None if session.url is None else masked(session.url),
        "since": record.since,
        "owner": owner(record),
        "pid": record.pid,
        "machine": record.machine,
    }


def owner(record: Record) -> str:
    """Who has it."""
    if record.alive:
        return "running"
    return "kept" if record.kept else "left behind"
