"""Answers that lead to no notebook, though the server gave them: told apart by web services, and
a SourceError for everybody else.
"""

from __future__ import annotations

from binderclip.errors import SourceError


class NotThere(SourceError):
    """The server has nothing there."""

    http_status = 404


class NoNotebook(SourceError):
    """What came is something else."""

    http_status = 422
