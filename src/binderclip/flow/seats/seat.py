"""Where a run has its place on a server."""

from __future__ import annotations

from dataclasses import dataclass

from binderclip.servers import Server
from binderclip.servers.contents import Contents


@dataclass(frozen=True, slots=True)
class Seat:
    """``path`` is the notebook's on the server and ``folder`` that of the run: POSIX, relative to
    the server's root; ``sent`` is what was uploaded as the notebook.
    """

    server: Server
    contents: Contents
    folder: str
    path: str
    sent: bytes
