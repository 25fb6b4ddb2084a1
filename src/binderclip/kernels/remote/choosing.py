"""Which of a server's kernels runs a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from binderclip.kernels.choice import KernelChoice, fitting
from binderclip.servers import Server
from binderclip.servers.kernels import Kernels


async def choose(
    server: Server, *, wanted: str | None, notebook_metadata: Mapping[str, Any]
) -> KernelChoice:
    """By the rules of ``kernels.fitting``. Raises Refused, and what the server raises."""
    found = {
        key: KernelChoice(name=spec.name, argv=spec.argv, language=spec.language)
        for key, spec in (await Kernels(server).specs()).items()
    }
    return fitting(
        found,
        wanted=wanted,
        notebook_metadata=notebook_metadata,
        place=f"the server {server.shown}",
    )
