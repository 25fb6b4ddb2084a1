"""Distributions that a notebook installs itself: ``%pip install x``, ``!pip install -r y``, …"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from binderclip import requirementfiles
from binderclip.companions import module_text
from binderclip.companions.named import Named as Beside
from binderclip.errors import Refused, TooLarge
from binderclip.guessing.model import Installs, Named
from binderclip.requirementfiles.addresses import inside, plain_path
from binderclip.spec.shown import has_credentials, shown

_PIP = re.compile(
    r"[!%]{1,2}\s*(?:(?:sudo|uv|\S*python[\d.]*\s+-m|\{?sys\.executable\}?\s+-m)\s+)*"
    r"(?:\S*/)?pip[\d.]*\s+(?:-\S+\s+)*install\s+(?P<rest>.*)"
)
_CONDA = re.compile(
    r"[!%]{1,2}\s*(?:sudo\s+)?(?:\S*/)?(?:conda|mamba|micromamba)\s+(?:-\S+\s+)*install\s+(?P<rest>.*)"
)
# Options that take a value of their own.
_TAKES_NAMES = """
-r -c -e -i -f -t -n -p --requirement --constraint --editable --index-url --extra-index-url
--find-links --target --prefix --root --channel --name --file --trusted-host --python --platform
--python-version --index --default-index --progress-bar --timeout --retries --upgrade-strategy
--no-binary --only-binary --config-settings --src --cache-dir --proxy --cert --root-user-action
"""
_TAKES = frozenset(_TAKES_NAMES.split())
_LONG = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
}
# Where packages come from: the same name may be another's on the index that everybody has.
_PLACES = frozenset(
    {
        "--index-url",
        "--extra-index-url",
        "--find-links",
        "--index",
        "--default-index",
        "--no-index",
    }
)
_ENDS = re.compile(r"(?:&&|\|\||[|;&]|[\d&]?>{1,2})(?=\s|$)|\s#.*|(?<=\s)[\d&]?>(?!=)\S*$|\\\s*$")
_TO_FILE = re.compile(r"[\d&]?>.*")
_SPEC = re.compile(
    r"(?:[\w.-]+::)?(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)(?P<version>[=<>!~].*)?", re.ASCII
)
_TOOLS = frozenset({"pip", "setuptools", "wheel"})
_LARGEST = 2**20


def read(line: str, where: str, why: str, folder: Path | None = None) -> Installs:
    """What one line of IPython's installs. ``where`` is its place and ``why`` what to say of it;
    requirements files are read in ``folder``.
    """
    if pip := _PIP.match(line):
        reader = _Reader(where, why, folder)
        reader.words(list(_words(pip["rest"])))
        return reader.done()
    if conda := _CONDA.match(line):
        names = (found["name"] for word in _operands(conda["rest"]) if (found := _spec(word)))
        return Installs(tuple(Named(name, "", why, sure=False) for name in names))
    return Installs()


def _spec(word: str) -> re.Match[str] | None:
    found = _SPEC.fullmatch(word)
    return None if found is None or found["name"] in {"python", "pip"} else found


def _operands(text: str) -> Iterator[str]:
    words = _words(text)
    for word in words:
        if not word.startswith("-"):
            yield word
        elif word in _TAKES:
            next(words, None)


def _words(text: str) -> Iterator[str]:
    """Up to the next command."""
    text = _ENDS.split(text, maxsplit=1)[0]
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    return (word for word in words if not _TO_FILE.fullmatch(word))


@dataclass(slots=True)
class _Reader:
    """One call of pip's."""

    where: str
    why: str
    folder: Path | None
    named: list[Named] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def done(self) -> Installs:
        """What comes from a place of its own, and not by its address, is not sure."""
        named = self.named
        if self.places:
            named = [one if one.addressed else replace(one, sure=False) for one in named]
            options = ", ".join(dict.fromkeys(self.places))
            self.remarks.append(
                f"{self.where}: {options} is left out: look whether the index that others ask has "
                "the same packages"
            )
        return Installs(tuple(named), tuple(dict.fromkeys(self.remarks)))

    def words(self, words: list[str]) -> None:
        while words:
            word = words.pop(0)
            if not word.startswith("-"):
                self._operand(word)
                continue
            name, _, value = word.partition("=")
            if word[:2] in _LONG and not word.startswith("--"):
                name, value = word[:2], word[2:].removeprefix("=")
            if name in _TAKES and not value:
                value = words.pop(0) if words else ""
            self._option(_LONG.get(name, name), value)

    def _option(self, name: str, value: str) -> None:
        if name == "--requirement":
            self._file(value)
        elif name == "--constraint":
            self._left_out(f"{name} {shown(value)}", "a list of packages alone is written")
        elif name == "--editable":
            self._operand(value)
        elif name in _PLACES:
            self.places.append(name)
        elif name == "--pre":
            self._left_out(name, "name the versions that are needed")

    def _operand(self, word: str) -> None:
        if has_credentials(word):
            self._left_out("an address", "it has credentials in it")
            return
        try:
            found = requirementfiles.requirement(word, self.where)
        except Refused:
            self._left_out(shown(word), "it names no package that others could install")
            return
        self._take(found)

    def _take(self, found: requirementfiles.Requirement) -> None:
        if found.path is not None:
            self._left_out(shown(found.path), "it is a file or a folder of its author's")
        elif found.name not in _TOOLS:
            # Over ssh only those get it whom its host knows.
            sure = not (found.url or "").startswith("git+ssh:")
            tail = found.line.removeprefix(found.name or "")
            self.named.append(Named(found.name, tail, self.why, sure=sure))

    def _file(self, name: str) -> None:
        """Lies it beside the notebook, what it says counts."""
        try:
            path = inside(plain_path(name, self.where), self.where)
        except Refused:
            self._left_out(shown(name), "only files beside the notebook are read")
            return
        if path in self.seen:
            return
        self.seen.add(path)
        text = _beside(self.folder, path) if self.folder else None
        if text is None:
            self._left_out(shown(path), "there is no such file beside the notebook")
            return
        try:
            statements = list(requirementfiles.statements(text, path))
        except Refused as error:
            self._left_out(shown(path), error.message.removeprefix(f"{path}, "))
            return
        for statement in statements:
            self._stated(statement, path)

    def _stated(self, statement: requirementfiles.Statement, path: str) -> None:
        match statement:
            case requirementfiles.Requirement():
                self._take(statement)
            case requirementfiles.Include(path=inner, constraint=False):
                self._file(posixpath.normpath(posixpath.join(posixpath.dirname(path), inner)))
            case requirementfiles.Include(path=inner):
                self._option("--constraint", inner)
            case requirementfiles.Option(name=name):
                if f"--{name}" in _PLACES:
                    self.places.append(f"--{name} in {path}")
                else:
                    self._left_out(f"--{name} in {path}", "a list of packages alone is written")

    def _left_out(self, what: str, why: str) -> None:
        self.remarks.append(f"{self.where}: {what} is left out: {why}")


def _beside(folder: Path, path: str) -> str | None:
    """The text of a file that a notebook may name; None where there is none."""
    try:
        size = Beside(folder).size(folder / path)
    except TooLarge:
        return None
    return module_text(folder / path) if size is not None and size <= _LARGEST else None
