"""What a requirements file can say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

OptionName: TypeAlias = Literal[
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "no-binary",
    "only-binary",
    "prefer-binary",
    "pre",
    "require-hashes",
    "trusted-host",
]

VARIABLE = "${"
"""What pip and uv fill in from the environment begins so."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One package. ``name`` is normalised, None where only building it tells; it is asked for by
    ``specifier`` ("<2,>=1", or ""), or comes from ``url``, or from ``path`` ("./x", from the
    folder where the installer runs). ``hashes`` are as in ``--hash``, "sha256:…".
    """

    name: str | None
    specifier: str = ""
    extras: tuple[str, ...] = ()
    url: str | None = None
    path: str | None = None
    marker: str | None = None
    editable: bool = False
    hashes: tuple[str, ...] = field(default=())

    @property
    def shown(self) -> str:
        """A short name for people."""
        return self.name or self.path or (self.url or "").partition("#")[0]

    @property
    def line(self) -> str:
        """In one form, however it was written; without ``-e`` and hashes."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        if self.path is not None:
            text = f"{self.path}{extras}"
        elif self.url is not None:
            text = f"{self.name}{extras} @ {self.url}" if self.name else self.url
        else:
            text = f"{self.name}{extras}{self.specifier}"
        return f"{text} ; {self.marker}" if self.marker else text

    @property
    def repository(self) -> tuple[str, str, str] | None:
        """Of a URL of a git repository: what stands before the ref, the ref ("HEAD" if none),
        and the fragment.
        """
        if self.url is None or not self.url.startswith("git+"):
            return None
        whole, _, fragment = self.url.partition("#")
        scheme, _, rest = whole.partition("://")
        host, _, path = rest.partition("/")
        base, at, ref = path.rpartition("@")
        if not at:
            base, ref = path, "HEAD"
        return f"{scheme}://{host}/{base}", ref, fragment


@dataclass(frozen=True, slots=True)
class Include:
    """Another file, from the folder of this one; ``constraint``: as constraints alone."""

    path: str
    constraint: bool


@dataclass(frozen=True, slots=True)
class Option:
    """``value`` is None for those that take none."""

    name: OptionName
    value: str | None = None


Statement: TypeAlias = Requirement | Include | Option
