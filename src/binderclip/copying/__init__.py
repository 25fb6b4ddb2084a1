"""``config`` and ``content`` of the metadata: repositories whose files are put into a session's
home at launch. They are no part of the environment, so changing them never rebuilds one.

``prepare`` fetches and says what would be put where; after consent, ``place`` puts it there.
"""

from __future__ import annotations

from binderclip.copying.homes import Home, LocalHome, Outcome
from binderclip.copying.model import Copies, File, Limits, Observe, Origin
from binderclip.copying.placing import place
from binderclip.copying.preparing import prepare
from binderclip.copying.serverhome import Note, ServerHome

__all__ = [
    "Copies",
    "File",
    "Home",
    "Limits",
    "LocalHome",
    "Note",
    "Observe",
    "Origin",
    "Outcome",
    "ServerHome",
    "place",
    "prepare",
]
