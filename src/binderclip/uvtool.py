"""The uv that came with binderclip: where it is, and what it must not find on its way."""

from __future__ import annotations

import os

from binderclip.errors import BuildFailed


def uv_binary() -> str:
    """The uv that came with binderclip. Raises BuildFailed when it is gone."""
    import uv  # noqa: PLC0415 - a warm launch needs none

    try:
        return os.fsdecode(uv.find_uv_bin())
    except FileNotFoundError as error:
        raise BuildFailed(
            "uv was not found, which builds Python environments", hint="pip install uv"
        ) from error
