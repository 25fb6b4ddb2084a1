"""Platforms, named as conda does (its "subdirs"): linux-64, osx-arm64."""

from __future__ import annotations

import os
import sys


def this_platform() -> str:
    """The machine in conda's terms: linux-64, linux-aarch64, osx-64, osx-arm64."""
    system = "osx" if sys.platform == "darwin" else sys.platform
    processor = os.uname().machine
    return f"{system}-{'64' if processor == 'x86_64' else processor}"
