"""A notebook's environment in the words of other tools: a file per format, one table.

What a format cannot say is named key by key, and nothing is written unless the loss is accepted.
"""

from __future__ import annotations

from binderclip.exporting.export import export
from binderclip.exporting.model import FORMATS, Exported, Format, Repository, Wanted

__all__ = ["FORMATS", "Exported", "Format", "Repository", "Wanted", "export"]
