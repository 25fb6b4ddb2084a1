"""Event streams to browsers and programs: many at a time, each of little memory."""

from binderclip.gateway.streams.frames import frame, start_after
from binderclip.gateway.streams.sse import (
    EventStream,
    Followed,
    Streams,
    Terms,
    counted,
    streams_in,
    streams_of,
)

__all__ = [
    "EventStream",
    "Followed",
    "Streams",
    "Terms",
    "counted",
    "frame",
    "start_after",
    "streams_in",
    "streams_of",
]
