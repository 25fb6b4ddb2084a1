"""Environment files on disk ⇄ ``files`` of the metadata, exactly.

A notebook carries text: no links, no folders, and no modes but that ``postBuild`` and ``start``
are executable. What cannot be said so is refused by its name.
"""

from __future__ import annotations

from binderclip.embedding.plain import NotText, text
from binderclip.embedding.taking import ELSEWHERE, Chosen, chosen, embedded
from binderclip.embedding.writing import extracted

__all__ = ["ELSEWHERE", "Chosen", "NotText", "chosen", "embedded", "extracted", "text"]
