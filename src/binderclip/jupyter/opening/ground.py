"""Where files may be put for the person who asks: the server's root, and the home folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.contents.fileio import FileManagerMixin

from binderclip.jupyter.opening.targets import withheld


@dataclass(frozen=True, slots=True)
class Ground:
    """``root`` is None where contents are on no disk; ``withheld`` says why nothing is put into
    ``home``, None where it may be.
    """

    home: Path
    root: Path | None
    withheld: str | None


async def ground_of(handler: JupyterHandler) -> Ground:
    manager = handler.contents_manager
    root = _path_of(manager, "") if isinstance(manager, FileManagerMixin) else None
    home = Path.home()
    return Ground(home, root, withheld(home, root, may_execute=await _may_execute(handler)))


def _path_of(manager: Any, path: str) -> Path:
    """The file or folder of ``path``, as the manager of files itself finds it."""
    return Path(manager._get_os_path(path))  # noqa: SLF001 - it has no other name


async def _may_execute(handler: JupyterHandler) -> bool:
    resources = ["kernels"]
    if handler.settings.get("terminals_available"):
        resources.append("terminals")
    for resource in resources:
        said = handler.authorizer.is_authorized(handler, handler.current_user, "execute", resource)
        if await ensure_async(said):
            return True
    return False
