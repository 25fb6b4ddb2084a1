"""The text of a lock: a requirements file that leaves nothing open, for pip and uv alike.

Two comments at its top say what it was made for; locks made by others lack them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from binderclip.errors import Refused
from binderclip.requirementfiles import Include, Option, Requirement, statements

_MADE_FOR = re.compile(
    r"^# Pinned by binderclip [^\n]*? for Python (?P<python>[\d.]+) on (?P<platform>[\w-]+)\.$",
    re.MULTILINE,
)
_INPUTS = re.compile(r"^# inputs: sha256:(?P<digest>[0-9a-f]{16})$", re.MULTILINE)
_REF = re.compile(r"(?<!\S)(?P<url>git\+\S++)[ \t]++# (?P<ref>\S++)$", re.MULTILINE)
_AT_COMMIT = re.compile(r"[^\s#]+@(?:[0-9a-f]{64}|[0-9a-f]{40})")
_EXACT = re.compile(r"={2,3}(?P<version>[^,*\s]+)")

_KEPT = frozenset(
    {
        "index-url",
        "extra-index-url",
        "find-links",
        "no-index",
        "no-binary",
        "only-binary",
        "trusted-host",
    }
)


@dataclass(frozen=True, slots=True)
class Pin:
    """``name`` at ``version``; or from ``url``, a git commit or an archive. ``ref`` is what that
    commit was asked for as.
    """

    name: str
    version: str | None = None
    url: str | None = None
    ref: str | None = None
    hashes: tuple[str, ...] = ()

    @property
    def repository(self) -> tuple[str, str, str] | None:
        """As of a Requirement: the ref is the commit."""
        return Requirement(self.name, url=self.url).repository

    def comes_from(self, one: Requirement) -> bool:
        """Is this a commit of the repository that ``one`` names, pinned for the same ref?"""
        mine, other = self.repository, one.repository
        if mine is None or other is None or (mine[0], mine[2]) != (other[0], other[2]):
            return False
        return other[1] in {self.ref, mine[1]}

    @property
    def hashable(self) -> bool:
        return self.url is None or not self.url.startswith("git+")

    @property
    def line(self) -> str:
        return f"{self.name}=={self.version}" if self.url is None else f"{self.name} @ {self.url}"


@dataclass(frozen=True, slots=True)
class Pins:
    """A lock. ``paths`` are packages of the environment's own folder, which nothing pins.
    ``python``, ``platform`` and ``inputs`` (a digest) are None where nobody said.
    """

    pins: Mapping[str, Pin]
    paths: tuple[Requirement, ...] = ()
    options: tuple[Option, ...] = ()
    python: str | None = None
    platform: str | None = None
    inputs: str | None = None


def made_for(text: str) -> tuple[str | None, str | None, str | None]:
    """The Python, the platform and the digest that the comments of a lock of ours tell."""
    found, inputs = _MADE_FOR.search(text), _INPUTS.search(text)
    digest = inputs["digest"] if inputs else None
    return (found["python"], found["platform"], digest) if found else (None, None, digest)


def parse(text: str, where: str) -> Pins:
    """Raises Refused for what is no lock: something left open, or another file included."""
    python, platform, inputs = made_for(text)
    refs = {
        found["url"]: found["ref"]
        for found in _REF.finditer(text)
        if _AT_COMMIT.match(found["url"])
    }
    pins: dict[str, Pin] = {}
    paths, options = [], []
    for one in statements(text, where):
        if isinstance(one, Include):
            raise Refused(f"{where}: includes {one.path!r}, and a lock stands alone")
        if isinstance(one, Option):
            options.append(one)
        elif one.path is not None:
            paths.append(one)
        else:
            pin = _pin(one, where, refs)
            pins[pin.name] = pin
    return Pins(
        pins,
        tuple(paths),
        tuple(options),
        python=python,
        platform=platform,
        inputs=inputs,
    )


def _pin(one: Requirement, where: str, refs: Mapping[str, str]) -> Pin:
    exact = _EXACT.fullmatch(one.specifier)
    if one.name is None or not (one.url or exact):
        raise Refused(f"{where}: {one.shown} is not pinned")
    if one.url:
        return Pin(one.name, url=one.url, ref=refs.get(one.url), hashes=one.hashes)
    return Pin(one.name, exact["version"] if exact else None, hashes=one.hashes)


def moved(option: Option, folder: str, *, back: bool = False) -> Option:
    """Folders of packages are named from where the file lies, in ``folder``; here they are named
    from the root, or ``back`` again.
    """
    value = option.value or ""
    if option.name != "find-links" or "://" in value:
        return option
    path = posixpath.relpath(value, folder or ".") if back else posixpath.join(folder, value)
    path = posixpath.normpath(path)
    return Option(option.name, path if path.startswith(".") else f"./{path}")


@dataclass(frozen=True, slots=True)
class Lock:
    """What goes into the text of a lock that is to lie in ``folder``."""

    sources: Sequence[str]
    python: str
    platform: str
    inputs: str
    options: Sequence[Option]
    paths: Sequence[Requirement]
    pins: Sequence[Pin]
    folder: str
    archives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def unhashable(self) -> tuple[str, ...]:
        """What pip could check no hash of: it then takes no file with hashes at all."""
        folders = [one.shown for one in self.paths if one.editable or one.path not in self.archives]
        return (*folders, *(pin.name for pin in self.pins if not pin.hashable))

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        made_for = f"for Python {self.python} on {self.platform}"
        yield f"# Pinned by binderclip from {', '.join(self.sources)} {made_for}."
        yield f"# inputs: sha256:{self.inputs}"
        hashed = not self.unhashable
        for option in self.options:
            option = moved(option, self.folder, back=True)  # noqa: PLW2901 - the same option
            if option.name in _KEPT or (option.name == "require-hashes" and hashed):
                yield f"--{option.name}" + (f" {option.value}" if option.value else "")
        for one in sorted(self.paths, key=lambda one: (not one.editable, one.line)):
            hashes = self.archives.get(one.path or "", ()) if hashed else ()
            yield from _with_hashes(f"-e {one.line}" if one.editable else one.line, hashes)
        for pin in sorted(self.pins, key=lambda pin: pin.name):
            line = f"{pin.line}  # {pin.ref}" if pin.ref else pin.line
            yield from _with_hashes(line, pin.hashes if hashed else ())


def _with_hashes(line: str, hashes: Sequence[str]) -> Iterator[str]:
    parts = [line, *(f"--hash={one}" for one in sorted(hashes))]
    for number, part in enumerate(parts, 1):
        indent = "" if number == 1 else "    "
        yield f"{indent}{part} \\" if number < len(parts) else f"{indent}{part}"
