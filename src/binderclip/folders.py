"""Where binderclip keeps what outlives a run: built environments, what was trusted and started,
and what a person configured.
"""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """``$BINDERCLIP_CACHE``, or ``binderclip`` in the user's cache folder."""
    stated = os.environ.get("BINDERCLIP_CACHE")
    if stated:
        return Path(stated).expanduser().absolute()
    from platformdirs import user_cache_path  # noqa: PLC0415 - slow to import, seldom needed

    return user_cache_path("binderclip")


def state_folder() -> Path:
    """``$BINDERCLIP_STATE``, or ``binderclip`` in the user's state folder."""
    stated = os.environ.get("BINDERCLIP_STATE")
    if stated:
        return Path(stated).expanduser().absolute()
    from platformdirs import user_state_path  # noqa: PLC0415 - slow to import, seldom needed

    return user_state_path("binderclip")


def config_folder() -> Path:
    """``$BINDERCLIP_CONFIG``, or ``binderclip`` in the user's configuration folder."""
    stated = os.environ.get("BINDERCLIP_CONFIG")
    if stated:
        return Path(stated).expanduser().absolute()
    from platformdirs import user_config_path  # noqa: PLC0415 - slow to import, seldom needed

    return user_config_path("binderclip")
