"""Requirements files as pip defines them, read into statements.

Sources: https://pip.pypa.io/en/stable/reference/requirements-file-format/ and PEP 508. What cannot
be told for certain is refused, not guessed: a statement is all that anybody needs to know of its
line, and a tool that is given statements alone meets nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from binderclip.addresses.masking import printable
from binderclip.errors import Refused
from binderclip.requirementfiles.addresses import refuse_variables
from binderclip.requirementfiles.model import (
    VARIABLE,
    Include,
    Option,
    Requirement,
    Statement,
)
from binderclip.requirementfiles.options import read_options
from binderclip.requirementfiles.single import requirement

__all__ = ["VARIABLE", "Include", "Option", "Requirement", "Statement", "requirement", "statements"]

MAX_CHARACTERS = 1 << 20
MAX_LINE = 100_000

_COMMENT = re.compile(r"(?:^|\s)#.*$")
# Some of these end a line for pip and not for others, or turn the direction of text.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def statements(text: str, where: str) -> Iterator[Statement]:
    """What a file says, line by line. ``where`` names it in errors. Raises Refused."""
    if len(text) > MAX_CHARACTERS:
        raise Refused(f"{where}: is longer than {MAX_CHARACTERS} characters")
    for number, line in _logical(text.removeprefix("\ufeff")):
        at = f"{where}, line {number}"
        if len(line) > MAX_LINE:
            raise Refused(f"{at}: is longer than {MAX_LINE} characters")
        if found := _CONTROLS.search(line):
            raise Refused(f"{at}: found the character {printable(found[0])}, expected plain text")
        line = _COMMENT.sub("", line).strip()  # noqa: PLW2901 - what is left of the same line
        if not line:
            continue
        refuse_variables(line, at)
        if line.startswith("-"):
            yield from read_options(line, at)
        else:
            yield requirement(line, at)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Lines with those joined that end in a backslash. A comment ends what came before it."""
    first, pending = 1, ""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line.lstrip().startswith("#"):
            yield first, pending
            pending = ""
            continue
        first = first if pending else number
        if line.endswith("\\"):
            pending += line[:-1]
            continue
        yield first, pending + line
        pending = ""
    yield first, pending
