"""Open by address: a page that shows a notebook from an address, and saves and opens it on a click.

``handlers`` talks to Jupyter Server; all other modules but ``web`` know nothing of it.
"""

from __future__ import annotations

from typing import Any


def handlers(base: str) -> list[tuple[Any, ...]]:
    """``base`` is the server's ``base_url`` and ``binderclip``."""
    from binderclip.jupyter.opening.web import routes  # noqa: PLC0415 - brings jupyter_server

    return routes(base)
