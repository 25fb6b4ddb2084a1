"""Where files may be put for the person who asks: the server's root, and the home folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler

from binderclip.jupyter.opening.server import on_disk
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
    disk = on_disk(manager)
    root = disk("") if disk else None
    home = Path.home()
    return Ground(home, root, withheld(home, root, may_execute=await _may_execute(handler)))


async def _may_execute(handler: JupyterHandler) -> bool:
    resources = ["kernels"]
    if handler.settings.get("terminals_available"):
        resources.append("terminals")
    for resource in resources:
        said = handler.authorizer.is_authorized(handler, handler.current_user, "execute", resource)
        if await ensure_async(said):
            return True
    return False
