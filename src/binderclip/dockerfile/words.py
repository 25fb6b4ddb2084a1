"""Words with variables and quotes, as in ``FROM "python:${VERSION:-3.12}"``.

Source: BuildKit's ``frontend/dockerfile/shell``, without its patterns (``${X%.*}``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NAME = re.compile(r"[0-9]+|[@*#?$!-]|[A-Za-z_][A-Za-z0-9_]*")
_DEEPEST = 50
_LONGEST = 4096


class Unclear(Exception):
    """The message says what is wrong with a word."""


@dataclass
class Expansion:
    """What a word stands for. ``used`` are the variables in it, ``unset`` those without value."""

    text: str = ""
    used: set[str] = field(default_factory=set)
    unset: set[str] = field(default_factory=set)


def expanded(word: str, values: Mapping[str, str], escape: str) -> Expansion:
    """Raises Unclear."""
    found = Expansion()
    reader = _Reader(word, values, escape, found)
    found.text = reader.until("")
    return found


@dataclass
class _Reader:
    word: str
    values: Mapping[str, str]
    escape: str
    found: Expansion
    at: int = 0
    depth: int = 0
    filled_in: int = 0

    def until(self, stop: str) -> str:
        """Everything up to ``stop``, or to the end of the word where that is empty."""
        parts: list[str] = []
        while char := self._peek():
            if char == stop:
                self.at += 1
                return "".join(parts)
            if char == "$":
                parts.append(self._dollar())
            elif char == "'":
                parts.append(self._single())
            elif char == '"':
                parts.append(self._double())
            else:
                self.at += 1
                parts.append(self._next() if char == self.escape else char)
        if stop:
            raise Unclear(f"a '{stop}' is missing")
        return "".join(parts)

    def _single(self) -> str:
        end = self.word.find("'", self.at + 1)
        if end < 0:
            raise Unclear("a quote does not end")
        inner, self.at = self.word[self.at + 1 : end], end + 1
        return inner

    def _double(self) -> str:
        parts: list[str] = []
        self.at += 1
        while char := self._peek():
            if char == "$":
                parts.append(self._dollar())
                continue
            self.at += 1
            if char == '"':
                return "".join(parts)
            if char == self.escape:
                following = self._peek()
                char = self._next() if following in {'"', "$", self.escape} else char
                char = char if following else ""
            parts.append(char)
        raise Unclear("a quote does not end")

    def _dollar(self) -> str:
        self.at += 1
        if self._peek() != "{":
            name = self._name()
            return self._value(name) if name else "$"
        self.at += 1
        name = self._name()
        if not name:
            raise Unclear("found '${' without a name after it")
        mark = self._next()
        if mark == "}":
            return self._value(name)
        return self._modified(name, mark)

    def _modified(self, name: str, mark: str) -> str:
        """``${X:-word}`` and its kin; with a colon an empty value counts as none."""
        empty_too = mark == ":"
        kind = self._next() if empty_too else mark
        if kind not in {"-", "+", "?"}:
            raise Unclear(f"${{{name}{mark}…}} is more than can be worked out here")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Unclear("variables stand too deep in each other")
        word = self.until("}")
        self.depth -= 1
        value = self.values.get(name)
        self.found.used.add(name)
        given = bool(value) if empty_too else value is not None
        if kind == "+":
            return word if given else ""
        if kind == "?" and not given:
            raise Unclear(f"${{{name}}} has to be set")
        return self._counted(value or "") if given else word

    def _value(self, name: str) -> str:
        value = self.values.get(name)
        self.found.used.add(name)
        if value is None:
            self.found.unset.add(name)
        return self._counted(value or "")

    def _counted(self, value: str) -> str:
        """Variables that double each other would fill the memory."""
        self.filled_in += len(value)
        if self.filled_in > _LONGEST:
            raise Unclear(f"variables make more than {_LONGEST} characters of a word")
        return value

    def _name(self) -> str:
        found = _NAME.match(self.word, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def _peek(self) -> str:
        return self.word[self.at : self.at + 1]

    def _next(self) -> str:
        char = self._peek()
        self.at += len(char)
        return char
