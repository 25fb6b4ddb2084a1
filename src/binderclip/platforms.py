"""Platforms, named as conda does (its "subdirs"): linux-64, osx-arm64."""

from __future__ import annotations

import os
import sys

PINNED = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")
"""Those that files are pinned for."""


def this_platform() -> str:
    """The machine in conda's terms: linux-64, linux-aarch64, osx-64, osx-arm64."""
    system = "osx" if sys.platform == "darwin" else sys.platform
    processor = os.uname().machine
    return f"{system}-{'64' if processor == 'x86_64' else processor}"


_PROCESSORS = {
    "64": "amd64",
    "32": "386",
    "aarch64": "arm64",
    "arm64": "arm64",
    "armv7l": "arm/v7",
    "armv6l": "arm/v6",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}


def oci_platform(platform: str) -> str | None:
    """``linux-64`` → ``linux/amd64``; None for what no image is made for. Images are Linux on a Mac
    too. What has a slash is the registries' form already.
    """
    if "/" in platform:
        return platform
    system, _, processor = platform.partition("-")
    found = _PROCESSORS.get(processor)
    return f"linux/{found}" if found and system in {"linux", "osx"} else None
