"""The frozen environment.yml: every package exactly, with its hash.

Each line is a match spec that conda, mamba and micromamba 2 and py-rattler read alike, the hash
included (conda-libmamba-solver before 24.11 drops the hash). The name comes first, since
repo2docker reads the Python version there; the channel stands in brackets without a platform,
since mamba would take ``channel/platform`` for one more channel.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from binderclip.conda.model import FALLBACK_CHANNEL, NO_DEFAULTS, CondaFile, Pinned, Solution

# What YAML takes for text without quotes: an exact spec; a word that is neither yes nor no.
_SPEC = re.compile(r"[a-z0-9_][a-z0-9_.-]*==[A-Za-z0-9_.!+]+=[A-Za-z0-9_.+]+(?:\[[\w=,.:/'-]*\])?")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*|(?:https?|file)://[A-Za-z0-9_./:-]*[A-Za-z0-9_/-]")
_NOT_TEXT = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
# JSON leaves them as they are, and YAML does not take them so.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_BARE_VALUE = re.compile(r"[A-Za-z0-9_.:/-]+")
_HEADER = "# exact packages for "
_PLATFORM = re.compile(rf"^{_HEADER}(?P<platform>[a-z0-9-]+)$", re.MULTILINE)
_INPUTS = "# inputs: sha256:"
_MADE_FROM = re.compile(rf"^{_INPUTS}(?P<digest>[0-9a-f]{{16}})$", re.MULTILINE)
_PINNED = re.compile(
    r"(?P<name>[a-z0-9_][a-z0-9_.-]*)==?(?P<version>[^\s=\[\]*<>|,~]+)=(?P<build>[^\s=\[\]*]+)"
    r"(?:\[(?P<fields>[^\[\]]*)\])?"
)


def exact(file: CondaFile, solution: Solution, pip_lines: Sequence[str]) -> str:
    """The text of ``file`` frozen to ``solution``. ``pip_lines``: pinned requirements, one each."""
    lines = [f"{_HEADER}{solution.platform}", f"{_INPUTS}{digest(file)}"]
    if file.name:
        lines.append(f"name: {_text(file.name)}")
    # Conda-forge is where anybody ends up who does not say otherwise: see ``reading``.
    ended = () if FALLBACK_CHANNEL in file.channels else (NO_DEFAULTS,)
    lines += ["channels:", *(f"  - {_text(one)}" for one in (*file.channels, *ended))]
    lines.append("dependencies:" if solution.pinned or pip_lines else "dependencies: []")
    several = len({one.channel for one in solution.pinned} | set(file.channels)) > 1
    lines += [f"  - {_text(_spec(one, several=several))}" for one in solution.pinned]
    if pip_lines:
        lines.append("  - pip:")
        lines += [f"      - {_text(line)}" for line in pip_lines]
    if file.variables:
        lines.append("variables:")
        lines += [f"  {name}: {_quoted(text)}" for name, text in file.variables.items()]
    return "\n".join(lines) + "\n"


def _spec(one: Pinned, *, several: bool) -> str:
    fields = []
    if several and one.channel:
        bare = _BARE_VALUE.fullmatch(one.channel)
        fields.append(f"channel={one.channel}" if bare else f"channel='{one.channel}'")
    if one.sha256 or one.md5:
        fields.append(f"sha256={one.sha256}" if one.sha256 else f"md5={one.md5}")
    bracket = f"[{','.join(fields)}]" if fields else ""
    return f"{one.name}=={one.version}={one.build}{bracket}"


def digest(file: CondaFile) -> str:
    """16 hex digits of what ``file`` asks for; the order of its packages does not count."""
    asked = [list(file.channels), sorted(file.specs), sorted(file.pip)]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


def digest_of(text: str) -> str | None:
    """The digest of what a frozen file says it was made from."""
    found = _MADE_FROM.search(text)
    return found["digest"] if found else None


def platform_of(text: str) -> str | None:
    """The platform that a frozen file says it is for."""
    found = _PLATFORM.search(text)
    return found["platform"] if found else None


def pins(file: CondaFile) -> tuple[Pinned, ...]:
    """The packages that a file states exactly; all of them, for one that ``exact`` wrote."""
    return tuple(_pin(found) for found in map(_PINNED.fullmatch, file.specs) if found)


def _pin(found: re.Match[str]) -> Pinned:
    fields = {}
    for field in (found["fields"] or "").split(","):
        key, _, value = field.partition("=")
        fields[key.strip()] = value.strip().strip("'\"")
    return Pinned(
        name=found["name"],
        version=found["version"],
        build=found["build"],
        subdir="",
        channel=fields.get("channel", ""),
        channel_url="",
        url="",
        sha256=fields.get("sha256", "").lower(),
        md5=fields.get("md5", "").lower(),
    )


def _text(text: str) -> str:
    plain = _SPEC.fullmatch(text) or (_WORD.fullmatch(text) and text.lower() not in _NOT_TEXT)
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped)
