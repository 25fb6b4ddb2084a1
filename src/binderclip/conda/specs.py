"""Match specs for py-rattler: channels by their addresses, whatever the person's names lead to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from binderclip.conda import channels
from binderclip.errors import Refused

if TYPE_CHECKING:
    from rattler import MatchSpec

_SUBDIR = re.compile(
    r"/(?P<subdir>noarch|(?:linux|osx|win|emscripten|wasi|freebsd|zos)-[a-z0-9]+)$"
)
_NAME = re.compile(r"(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)(?=$|[\s=<>!~\[(@|,*])")
_BRACKETS = re.compile(r"(?P<before>[^\[]*)\[(?P<fields>.*)\]\s*")
_FIELD = re.compile(
    r"\s*(?P<key>\w+)\s*=\s*(?P<value>'[^']*'|\"[^\"]*\"|\[[^\[\]]*\]|[^,\s'\"\[\]]*)\s*(?:,|$)"
)


@dataclass(frozen=True, slots=True)
class Split:
    """A match spec in its parts. ``bare`` is name, version and build; ``fields`` what stands in
    brackets, but for the channel and its platform.
    """

    name: str
    bare: str
    fields: Mapping[str, str]
    channel: str | None
    subdir: str | None

    def text(self, **more: str | None) -> str:
        """The match spec without its channel, and with ``more`` fields."""
        stated = {"subdir": self.subdir, **self.fields, **more}
        fields = [f"{key}={_quoted(value)}" for key, value in stated.items() if value is not None]
        return f"{self.bare}[{','.join(fields)}]" if fields else self.bare


def split(spec: str) -> Split:
    """A match spec as people write it: ``name``, ``name=1.2``, ``name>=1,<2``, ``name=1.2=build``,
    ``channel::name``, ``channel/linux-64::name``, ``name[version='>=1',channel=…]``.

    Raises ValueError for what cannot be one. Versions and builds are py-rattler's to look at.
    """
    spec = spec.partition("#")[0].strip()  # as conda reads it, a comment within the text
    brackets = _BRACKETS.fullmatch(spec)
    before, inside = (brackets["before"], brackets["fields"]) if brackets else (spec, "")
    fields: dict[str, str] = {}
    at = 0
    while at < len(inside):
        found = _FIELD.match(inside, at)
        if not found or found["key"] in fields:
            raise ValueError("found brackets that hold no fields like version='>=1'")
        fields[found["key"]] = found["value"].strip("'\"")
        at = found.end()
    channel, mark, bare = before.rpartition("::")
    named = _NAME.match(bare.strip())
    if not named or (mark and not channel) or set("[]():;") & set(bare):
        raise ValueError("found no package's name")
    channel = fields.pop("channel", channel)
    platform = _SUBDIR.search(channel)
    subdir = fields.pop("subdir", platform["subdir"] if platform else None)
    place = channel[: platform.start()] if platform else channel
    return Split(
        named["name"].lower(), bare.strip(), fields, place.strip().rstrip("/") or None, subdir
    )


def name_of(spec: str) -> str | None:
    """The package that a match spec names, in lower case; None where it names none."""
    try:
        return split(spec).name
    except ValueError:
        return None


def parsed(where: str, spec: str) -> MatchSpec:
    """Raises Refused for what is no match spec."""
    from rattler import MatchSpec  # noqa: PLC0415 - an extra
    from rattler.exceptions import InvalidMatchSpecError  # noqa: PLC0415 - an extra

    try:
        found = MatchSpec(spec)
    except InvalidMatchSpecError as error:
        raise _no_spec(where, spec, str(error)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise _no_spec(where, spec, "py-rattler cannot read it") from error
    return found


def _no_spec(where: str, spec: str, why: str) -> Refused:
    shown = channels.shown(spec)
    return Refused(
        f"{where}: found {shown!r}, which is no match spec ({why[:200].splitlines()[0]})"
    )


def _quoted(value: str) -> str:
    """As py-rattler reads it back: a list has its own brackets."""
    if value.startswith("[") or re.fullmatch(r"[\w.*+!-]+", value):
        return value
    mark = "'" if '"' in value else '"'
    return f"{mark}{value}{mark}"
