"""JupyterLab over an environment that has none: another one, kept for all such, serves it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from binderclip.environment import Environment
from binderclip.events import Event
from binderclip.flow.launching import launched
from binderclip.lab import HERE, Lab, Reach, has_lab, serve_lab
from binderclip.session import Runtime

if TYPE_CHECKING:
    from binderclip.cache import Cache
    from binderclip.targets.local import Plan

LAB = Environment(files=MappingProxyType({"requirements.txt": "jupyterlab\n"}))
"""Where JupyterLab comes from when the notebook's own environment has none; shared by all."""


@asynccontextmanager
async def lab_over(
    runtime: Runtime,
    notebook: Path,
    *,
    cache: Cache,
    observe: Callable[[Event], None],
    remark: Callable[[str], None],
    offline: bool = False,
    reach: Reach = HERE,
) -> AsyncIterator[Lab]:
    """JupyterLab over ``notebook`` (or a folder, as ``serve_lab``): the environment's own, or one
    that is kept in ``cache`` for those without. Raises as ``launched`` and ``serve_lab``.
    """
    async with AsyncExitStack() as stack:
        prefix = None
        if not has_lab(runtime.prefix):
            from binderclip.targets.local import LocalTarget  # noqa: PLC0415 - not for its own

            remark("the environment has no JupyterLab: another one serves it")
            target = LocalTarget(cache, _ours, offline=offline)
            tools = await stack.enter_async_context(launched(target, LAB, observe))
            prefix = tools.runtime.prefix if tools.runtime else None
        serving = serve_lab(runtime, notebook, lab_prefix=prefix, reach=reach)
        yield await stack.enter_async_context(serving)


def _ours(plan: Plan) -> None:
    """JupyterLab is what was asked for: there is nobody else to ask."""
