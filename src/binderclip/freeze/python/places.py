"""Platforms: conda's names, uv's, and what markers see there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from binderclip.errors import Refused
from binderclip.requirementfiles import Requirement


@dataclass(frozen=True, slots=True)
class Place:
    """``target`` is uv's name; the rest are values of PEP 508."""

    target: str
    sys_platform: str
    system: str
    machine: str


# BinderHub's images are Ubuntu 22.04 (glibc 2.35) or newer.
PLACES: Mapping[str, Place] = {
    "linux-64": Place("x86_64-manylinux_2_35", "linux", "Linux", "x86_64"),
    "linux-aarch64": Place("aarch64-manylinux_2_35", "linux", "Linux", "aarch64"),
    "osx-64": Place("x86_64-apple-darwin", "darwin", "Darwin", "x86_64"),
    "osx-arm64": Place("aarch64-apple-darwin", "darwin", "Darwin", "arm64"),
}


def place(platform: str) -> Place:
    """Raises Refused for a platform that nothing is pinned for."""
    if platform not in PLACES:
        raise Refused(
            f"found the platform {platform!r}, expected one of {', '.join(PLACES)}",
            hint="Python packages are pinned for these",
        )
    return PLACES[platform]


def applies(one: Requirement, python: str, platform: str) -> bool:
    """Does the marker of ``one`` hold there? Of a Python, the first release counts, as for uv."""
    from packaging.markers import Marker, UndefinedComparison  # noqa: PLC0415 - imported when used

    if one.marker is None:
        return True
    where, full = place(platform), python if python.count(".") > 1 else f"{python}.0"
    environment = {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": where.machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": where.system,
        "platform_version": "",
        "python_full_version": full,
        "python_version": ".".join(full.split(".")[:2]),
        "sys_platform": where.sys_platform,
        "extra": "",
    }
    try:
        return Marker(one.marker).evaluate(environment)
    except UndefinedComparison as error:
        raise Refused(f"{one.shown}: found the marker {one.marker!r}, which is none") from error
