"""``[tool.uv]`` of a script's header, as far as a requirements file can say it.

Format: https://docs.astral.sh/uv/reference/settings/ and
https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from binderclip.distributions import canonical
from binderclip.importing.model import Remarks
from binderclip.importing.requirements import index, items, plain, requirement, requirements

_SAID = frozenset(
    {
        "constraint-dependencies",
        "extra-index-url",
        "find-links",
        "index",
        "index-url",
        "no-binary",
        "no-binary-package",
        "no-build",
        "no-build-package",
        "no-index",
        "prerelease",
        "sources",
    }
)
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_REF_KEYS = ("rev", "tag", "branch")


@dataclass(frozen=True, slots=True)
class Said:
    """Lines of ``requirements.txt``, options first; and those of a constraints file."""

    options: tuple[str, ...]
    dependencies: tuple[str, ...]
    constraints: tuple[str, ...]


def said(table: object, dependencies: object, remarks: Remarks) -> Said:
    """What ``[tool.uv]`` and the header's ``dependencies`` come to."""
    options: dict[str, Any] = table if isinstance(table, dict) else {}
    for key in options:
        if key not in _SAID:
            remarks.left_out("[tool.uv]", key, "a requirements file cannot say it")
    sources = options.get("sources")
    kept = list(
        _sourced(dependencies, sources if isinstance(sources, dict) else {}, options, remarks)
    )
    constraints = requirements(options.get("constraint-dependencies"), remarks)
    return Said(tuple(_options(options, remarks)), tuple(kept), tuple(constraints))


def _options(options: dict[str, Any], remarks: Remarks) -> Iterator[str]:
    found: list[str | None] = []
    if "index-url" in options:
        found.append(index("--index-url", options["index-url"], remarks))
    for entry in items(options.get("index"), "[tool.uv] index", remarks):
        table = entry if isinstance(entry, dict) else {}
        default = table.get("default") is True
        found.append(
            index("--index-url" if default else "--extra-index-url", table.get("url"), remarks)
        )
        if table.get("explicit") is True and found[-1]:
            remarks.say("an index that uv asks for some packages alone is asked for all by pip")
    for key, option in (("extra-index-url", "--extra-index-url"), ("find-links", "--find-links")):
        found += [
            index(option, url, remarks)
            for url in items(options.get(key), f"[tool.uv] {key}", remarks)
        ]
    if options.get("prerelease") == "allow":
        found.append("--pre")
    elif "prerelease" in options:
        remarks.left_out("[tool.uv]", "prerelease", "a requirements file can say 'allow' alone")
    found += _builds(options, remarks)
    yield from dict.fromkeys(line for line in found if line)


def _builds(options: dict[str, Any], remarks: Remarks) -> Iterator[str]:
    """What must be built, and what must not."""
    for key, option in (("no-binary", "--no-binary"), ("no-build", "--only-binary")):
        if options.get(key) is True:
            yield f"{option} :all:"
        for name in items(options.get(f"{key}-package"), f"[tool.uv] {key}-package", remarks):
            if isinstance(name, str) and _NAME.fullmatch(name):
                yield f"{option} {name}"
            else:
                remarks.left_out(f"[tool.uv] {key}-package", name, "it is no package's name")


def _sourced(
    dependencies: object, sources: dict[str, Any], options: dict[str, Any], remarks: Remarks
) -> Iterator[str]:
    by_name = {canonical(name): entry for name, entry in sources.items()}
    for line in requirements(dependencies, remarks):
        name = _NAME.match(line)
        entry = by_name.get(canonical(name[1])) if name else None
        if entry is None or name is None:
            yield line
            continue
        for one in entry if isinstance(entry, list) else [entry]:
            if text := _from_source(line, one if isinstance(one, dict) else {}, remarks):
                yield text
    if options.get("no-index") is True:
        remarks.left_out("[tool.uv]", "no-index", "nothing could be installed elsewhere")


def _from_source(line: str, source: dict[str, Any], remarks: Remarks) -> str | None:
    """``line`` from where ``source`` says. A package from this machine is left out, and not taken
    from an index instead: there another may have its name.
    """
    from packaging.requirements import Requirement  # noqa: PLC0415 - as where lines are read

    parsed = Requirement(line)
    extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
    place = _place(source)
    if place is None and "index" not in source:
        remarks.left_out("the dependency", parsed.name, "its source is a folder of its author's")
        return None
    markers = [str(one) for one in (parsed.marker, plain(source.get("marker"))) if one]
    marker = " and ".join(f"({one})" if " or " in one else one for one in markers)
    stated = f"{parsed.name}{extras} @ {place}" if place else f"{parsed.name}{extras}"
    text = stated if place else f"{stated}{parsed.specifier}"
    return requirement(f"{text} ; {marker}" if marker else text, remarks)


def _place(source: dict[str, Any]) -> str | None:
    """An address as requirements have it; None where the source is none on the web."""
    if (git := plain(source.get("git"))) is not None:
        ref = next((text for key in _REF_KEYS if (text := plain(source.get(key)))), None)
        folder = plain(source.get("subdirectory"))
        address = f"git+{git.removeprefix('git+')}" + (f"@{ref}" if ref else "")
        return address + (f"#subdirectory={folder}" if folder else "")
    return plain(source.get("url"))
