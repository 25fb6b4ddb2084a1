"""The name of a container image → a Binder."""

from __future__ import annotations

from binderclip import references
from binderclip.errors import SpecError
from binderclip.importing.model import Found, Remarks, Tool, Unusable, finished
from binderclip.importing.requirements import plain
from binderclip.spec.model import Binder


def image(tool: Tool, where: str, value: object) -> Found:
    """``value`` as docker writes it: ``REGISTRY/NAME:TAG``."""
    text = plain(value)
    if text is None:
        return Unusable(tool, where, "it names no image")
    try:
        reference = references.image(text)
    except SpecError as error:
        problem = error.problems[0]
        return Unusable(tool, where, f"found {problem.found}, expected {problem.expected}")
    return finished(tool, where, Binder(image=reference), Remarks())
