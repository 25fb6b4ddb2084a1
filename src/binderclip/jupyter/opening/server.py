"""What the pages need of the server around them, in Jupyter Server's terms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.contents.fileio import FileManagerMixin

from binderclip.jupyter.here import KEY
from binderclip.jupyter.opening.applications import Applications
from binderclip.jupyter.opening.contents import Contents, Manager

_CONTENTS = f"{KEY}_contents"


def contents_of(handler: JupyterHandler) -> Contents:
    """One for all requests: it saves one after the other."""
    manager = handler.contents_manager
    shared = handler.settings.get(_CONTENTS)
    if shared is None:
        shared = Contents(cast("Manager", manager), on_disk(manager))
        handler.settings[_CONTENTS] = shared
    return cast("Contents", shared)


def applications_of(handler: JupyterHandler) -> Applications:
    manager = handler.serverapp.extension_manager if handler.serverapp else None
    points = manager.extension_points if manager else {}
    defaults = {
        name: str(getattr(point.app, "default_url", "") or "") for name, point in points.items()
    }
    default = str(handler.settings.get("default_url", ""))
    return Applications(defaults, default.removeprefix(handler.base_url), "jupytext" in points)


def on_disk(manager: Any) -> Callable[[str], Path] | None:
    """The file or folder behind a path, as a manager of files itself finds it; None for others."""
    if not isinstance(manager, FileManagerMixin):
        return None
    return lambda path: Path(manager._get_os_path(path))  # noqa: SLF001 - it has no other name
