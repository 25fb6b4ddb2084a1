"""A Dockerfile's instructions, each character with its place in the file.

Comments, continued lines, the escape directive and here-documents are dealt with here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from binderclip.errors import Refused

# What Go calls space (unicode.IsSpace); Python would add the separators U+001C to U+001F.
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPACES = "".join(filter(re.compile(f"[{SPACE}]").match, map(chr, range(0x3001))))
_BETWEEN = re.compile(r"[\t\v\f\r ]+")
_DIRECTIVE = re.compile(
    rf"#[{SPACE}]*(?P<key>[A-Za-z][A-Za-z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*+(?P<value>.*[^\t\n\f\r ])"
)
_DIRECTIVES = frozenset({"syntax", "escape", "check"})
_WITH_DOCUMENTS = frozenset({"add", "copy", "run"})
_DOCUMENT = re.compile(r"[0-9]*<<(?P<chomp>-?)(?P<name>[^<]+)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of an instruction; ``at`` says where in the file each of its characters stands."""

    text: str
    at: tuple[int, ...]

    def __getitem__(self, part: slice) -> Piece:
        return Piece(self.text[part], self.at[part])

    @property
    def span(self) -> tuple[int, int]:
        """The part of the file from its first to its last character; never of an empty piece."""
        return self.at[0], self.at[-1] + 1

    def words(self) -> tuple[Piece, ...]:
        """Split at white space, whatever is quoted."""
        found, begin = [], 0
        for gap in _BETWEEN.finditer(self.text):
            found.append(self[begin : gap.start()])
            begin = gap.end()
        return tuple(word for word in (*found, self[begin:]) if word.text)


@dataclass(frozen=True, slots=True)
class Instruction:
    """``line`` counts from 1; ``keyword`` is in lower case, ``flags`` are without their quotes
    (``--from=x``), and ``rest`` is what comes after them.
    """

    line: int
    keyword: str
    flags: tuple[Piece, ...]
    rest: Piece


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """``escape`` is the character that escapes: a backslash, or what a directive says."""

    escape: str
    instructions: tuple[Instruction, ...]


def read(text: str) -> Dockerfile:
    """Raises Refused, naming the line, for what no builder takes."""
    lines = _Lines(text)
    return Dockerfile(lines.escape, tuple(lines.instructions()))


def refused(line: int, why: str, hint: str | None = None) -> Refused:
    return Refused(
        f"Dockerfile, line {line}: {why}",
        hint=hint or "`docker build --check` says more about the file",
    )


class _Lines:
    def __init__(self, text: str) -> None:
        self._lines: list[tuple[int, str]] = []
        begin = 1 if text.startswith("\ufeff") else 0
        for line in text[begin:].split("\n"):
            self._lines.append((begin, line.rstrip("\r")))
            begin += len(line) + 1
        self._next = 0
        self.escape = self._directives()
        escape = re.escape(self.escape)
        self._continued = re.compile(rf"(?:(?<=[^{escape}])|^){escape}[ \t]*\Z")

    def instructions(self) -> Iterator[Instruction]:
        while self._next < len(self._lines):
            number = self._next + 1
            piece = self._logical()
            if piece is None:
                continue
            instruction = _instruction(number, piece)
            if instruction.keyword:
                self._skip_documents(instruction, piece.text)
                yield instruction

    def _directives(self) -> str:
        """The escape character, which only the first lines may set."""
        escape, seen = "\\", set()
        for number, (_, line) in enumerate(self._lines, start=1):
            found = _DIRECTIVE.fullmatch(line.lstrip(_SPACES).rstrip("\t\f "))
            key = found["key"].lower() if found else ""
            if found is None or key not in _DIRECTIVES:
                break
            if key in seen:
                raise refused(number, f"found a second directive {key!r}, expected one")
            seen.add(key)
            if key == "escape":
                escape = found["value"]
        if escape not in {"\\", "`"}:
            raise refused(1, "found an escape directive for another character than '\\' or '`'")
        return escape

    def _logical(self) -> Piece | None:
        """The next line with those that continue it; None for an empty one or a comment."""
        offset, line = self._lines[self._next]
        self._next += 1
        begin = len(line) - len(line.lstrip(_SPACES))
        if line.startswith("#", begin):
            return None
        part, more = self._cut(line[begin:])
        if not part and not more:
            return None
        parts, at = [part], [*range(offset + begin, offset + begin + len(part))]
        while more and self._next < len(self._lines):
            offset, line = self._lines[self._next]
            self._next += 1
            bare = line.lstrip(_SPACES)
            if bare and not bare.startswith("#"):
                part, more = self._cut(line)
                parts.append(part)
                at += range(offset, offset + len(part))
        return Piece("".join(parts), tuple(at))

    def _cut(self, line: str) -> tuple[str, bool]:
        """A line without the escape at its end, and whether there was one."""
        found = self._continued.search(line)
        return (line[: found.start()], True) if found else (line, False)

    def _skip_documents(self, instruction: Instruction, text: str) -> None:
        """Pass over the bodies of here-documents: what looks like a FROM there is none."""
        if "<<" not in text or not _may_have_documents(instruction):
            return
        for word in _shell_words(text):
            found = _DOCUMENT.fullmatch(word)
            names = _shell_words(found["name"], bare=True) if found else []
            if found and len(names) == 1:
                self._skip_to(names[0], instruction.line, tabs=bool(found["chomp"]))

    def _skip_to(self, end: str, number: int, *, tabs: bool) -> None:
        while self._next < len(self._lines):
            _, line = self._lines[self._next]
            self._next += 1
            if (line.lstrip("\t") if tabs else line) == end:
                return
        raise refused(number, "found a here-document without its last line")


def _instruction(number: int, piece: Piece) -> Instruction:
    stripped = _stripped(piece)
    gap = _BETWEEN.search(stripped.text)
    if gap is None:
        return Instruction(number, stripped.text.lower(), (), stripped[len(stripped.text) :])
    flags, rest = _flags(stripped[gap.end() :])
    return Instruction(number, stripped.text[: gap.start()].lower(), flags, _stripped(rest))


def _stripped(piece: Piece) -> Piece:
    begin = len(piece.text) - len(piece.text.lstrip(_SPACES))
    return piece[begin : max(begin, len(piece.text.rstrip(_SPACES)))]


def _flags(piece: Piece) -> tuple[tuple[Piece, ...], Piece]:
    """``--name=value …`` at the beginning, quotes and backslashes taken away, and the rest."""
    flags: list[Piece] = []
    begin = 0
    while piece.text.startswith("--", begin):
        kept, end = _unquoted(piece, begin)
        flag = Piece("".join(piece.text[i] for i in kept), tuple(piece.at[i] for i in kept))
        gap = _BETWEEN.match(piece.text, end)
        begin = gap.end() if gap else end
        if flag.text == "--":
            break
        flags.append(flag)
    return tuple(flags), piece[begin:]


def _unquoted(piece: Piece, begin: int) -> tuple[list[int], int]:
    """Which characters of the word that begins there count, and where it ends."""
    kept, quote, i = [], "", begin
    while i < len(piece.text):
        char = piece.text[i]
        if not quote and _BETWEEN.match(char):
            break
        if char == quote or (not quote and char in "'\""):
            quote = "" if quote else char
        elif char != "\\":
            kept.append(i)
        elif i + 1 < len(piece.text):
            i += 1
            kept.append(i)
        i += 1
    return kept, i


def _may_have_documents(instruction: Instruction) -> bool:
    keyword, rest = instruction.keyword, instruction.rest
    if keyword == "onbuild":
        inner = _instruction(instruction.line, rest)
        keyword, rest = inner.keyword, inner.rest
    return keyword in _WITH_DOCUMENTS and not _is_json(rest.text)


def _is_json(text: str) -> bool:
    """The form that names a command's words: ``RUN ["echo", "a"]``."""
    if not text.startswith("["):
        return False
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _shell_words(text: str, *, bare: bool = False) -> list[str]:
    """Split as a shell does; with ``bare`` without quotes and escapes, else with them. Nothing for
    a quote that does not end.
    """
    words, word, quote = [], "", ""
    chars = iter(text)
    for char in chars:
        if quote:
            ends = char == quote
            escaped = char == "\\" and quote == '"'
            word += ("" if bare and (ends or escaped) else char) + (
                next(chars, "") if escaped else ""
            )
            quote = "" if ends else quote
        elif char in _SPACES:
            words.append(word)
            word = ""
        elif char in "'\"":
            word, quote = word + ("" if bare else char), char
        elif char == "\\":
            word += ("" if bare else char) + next(chars, "")
        else:
            word += char
    return [] if quote else [one for one in (*words, word) if one]
