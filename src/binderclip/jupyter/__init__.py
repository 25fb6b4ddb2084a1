"""The extension of Jupyter Server: notebooks that are saved say where they were made, addresses
open by a click, and a REST API serves what front ends need.

``pip install 'binderclip[jupyter]'`` switches it on. Nothing outside this package imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "binderclip.jupyter"}]


def _load_jupyter_server_extension(app: ServerApp) -> None:
    from binderclip.jupyter.extension import load  # noqa: PLC0415 - listing it must be cheap

    load(app)
