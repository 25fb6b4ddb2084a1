"""The uv that came with binderclip: where it is, and what it must not find on its way."""

from __future__ import annotations

import os
from pathlib import Path

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


def without_settings(folder: Path) -> tuple[str, ...]:
    """Arguments for uv that keep it from the settings of a repository, and of any folder above;
    the person's own are still read. ``folder`` is made for that.
    """
    folder.mkdir(exist_ok=True)
    # The nearest uv.toml ends uv's search for one.
    (folder / "uv.toml").touch()
    return "--project", str(folder)
