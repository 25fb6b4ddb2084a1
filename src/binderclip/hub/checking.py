"""What operators write, checked before anybody's server starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from binderclip import references
from binderclip.addresses.masking import printable
from binderclip.errors import ConfigError, Problem, SpecError
from binderclip.filling import POLICIES
from binderclip.filling.elsewhere import is_here
from binderclip.filling.policies import EXPECTED, no_policy
from binderclip.filling.words import host, value_of
from binderclip.hub.variables import Image, name_of
from binderclip.spec.grammar import MAX_HOSTS, fits
from binderclip.spec.model import Reference
from binderclip.spec.shown import shown

_REPOSITORY = "a repository like 'https://github.com/owner/name@main'"
_IMAGE = "an image like 'quay.io/owner/name:tag'"
_HOST = "the address of a BinderHub like 'https://mybinder.org'"
_HUB = "the public address of this JupyterHub like 'https://hub.example.org/'"
_NAME = "binderclip.hub.configure"
_SHOWN = 60


@dataclass
class Checks:
    """Takes values as they are in somebody's Python; gathers what is wrong with them, and what is
    doubtful: a line each.
    """

    problems: list[Problem] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def done(self) -> None:
        """Raises ConfigError if anything was wrong."""
        if self.problems:
            lines = (f"{_NAME}: {problem}" for problem in self.problems)
            raise ConfigError("\n".join(lines))

    def unknown(self, names: Iterable[str], keywords: Sequence[str]) -> None:
        for name in names:
            near = get_close_matches(name, keywords, n=1)
            hint = f"did you mean {near[0]!r}?" if near else None
            expected = f"{', '.join(keywords[:-1])} or {keywords[-1]}"
            self._say(printable(name, _SHOWN), "an unknown keyword", expected, hint)

    def repository(self, key: str, value: object) -> str:
        """One on this machine itself is doubtful: whoever tries things out has no other."""
        text, found = self._reference(key, value, lambda said: value_of("build", said), _REPOSITORY)
        if isinstance(found, Reference) and is_here(found.url):
            where = f"{shown(found.url)} is an address of this machine itself"
            self.doubts.append(f"{_NAME}: {key}: {where}: nobody else gets there")
        return text

    def image(self, key: str, value: object) -> str:
        """One that others can pull."""
        return self._reference(key, value, lambda said: value_of("image", said), _IMAGE)[0]

    def builds(self, key: str, value: object) -> dict[Image, str]:
        if not isinstance(value, Mapping):
            expected = "a dict such as {'quay.io/owner/name:tag': 'https://github.com/owner/name'}"
            self._wrong(key, value, expected)
            return {}
        found: dict[Image, str] = {}
        for image, build in value.items():
            where = f"{key}[{shown(image) if isinstance(image, str) else repr(image)}]"
            if image == "" or build == "":
                self._wrong(where, build, f"{_IMAGE}, and {_REPOSITORY}")
                continue
            # Any that servers run in: it goes into no notebook.
            name = name_of(self._reference(where, image, references.image, _IMAGE)[0])
            if name in found:
                self._wrong(where, image, "each image once")
            found[name] = self.repository(where, build)
        return found

    def hosts(self, key: str, value: object) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset):
            hint = f"write {key}=[{shown(value)}]" if isinstance(value, str) else None
            self._wrong(key, value, "a list of addresses of BinderHubs", hint)
            return ()
        if len(value) > MAX_HOSTS:
            self._say(key, f"{len(value)} addresses", f"at most {MAX_HOSTS}")
        for number, one in enumerate(value):
            self._host(f"{key}[{number}]", one)
        return tuple(str(one) for one in value)

    def hub(self, key: str, value: object) -> str:
        if value == "":
            return ""
        if not (isinstance(value, str) and fits("host", value)):
            self._wrong(key, value, _HUB)
            return ""
        whole = value.rstrip("/") + "/"
        if whole.endswith("/hub/"):
            hint = f"without 'hub': {whole.removesuffix('hub/')!r}"
            self._wrong(key, value, _HUB, hint)
        return whole

    def policy(self, key: str, value: object) -> str:
        if value == "" or value in POLICIES:
            return str(value)
        if isinstance(value, str):
            self.problems.append(no_policy(key, value))
        else:
            self._wrong(key, value, EXPECTED)
        return ""

    def _host(self, key: str, value: object) -> None:
        if not isinstance(value, str):
            self._wrong(key, value, _HOST)
            return
        try:
            found = host(value)
        except SpecError as error:
            self._refused(key, error)
            return
        if is_here(found):
            self._say(key, f"{shown(value)}, an address of this machine itself", _HOST)
        elif not fits("host", value):  # it joins others in a variable, as it stands
            self._wrong(key, value, _HOST)

    def _reference(
        self, key: str, value: object, read: Callable[[str], object], expected: str
    ) -> tuple[str, object]:
        """The text, and what was read of it."""
        if value == "":
            return "", None
        if not isinstance(value, str):
            self._wrong(key, value, expected)
            return "", None
        try:
            return value.strip(), read(value)
        except SpecError as error:
            self._refused(key, error)
            return "", None

    def _refused(self, key: str, error: SpecError) -> None:
        self.problems += (replace(problem, path=key) for problem in error.problems)

    def _wrong(self, key: str, value: Any, expected: str, hint: str | None = None) -> None:
        plain = value is None or isinstance(value, bool | int | float | str | list | dict)
        self._say(key, shown(value) if plain else f"a {type(value).__name__}", expected, hint)

    def _say(self, key: str, found: str, expected: str, hint: str | None = None) -> None:
        self.problems.append(Problem(key, found, expected, hint))
