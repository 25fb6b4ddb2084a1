"""The REST API for front ends, below ``{base_url}binderclip/api/v1``: see docs/jupyter-api.md."""

from __future__ import annotations

from typing import Any


def handlers(base: str) -> list[tuple[Any, ...]]:
    """``base`` is the server's ``base_url`` and ``binderclip``."""
    from binderclip.jupyter.routes import table  # noqa: PLC0415 - the rest needs no Jupyter Server

    return table.handlers(base)
