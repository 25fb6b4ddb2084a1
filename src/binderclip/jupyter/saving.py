"""The save hook: what is saved as a notebook says first where it was made.

It is registered as a pre-save hook, and comes after ``c.ContentsManager.pre_save_hook`` and what
other extensions registered before: it sees what they made of the notebook, so an entry or an
opt-out that they write stays, and metadata that they clear comes back. Managers that do not run
registered hooks have their ``save`` wrapped.

Nothing in here may cost a save, or change a notebook by half: it is filled in by one assignment of
one key, or it is saved as it came.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import suppress
from logging import Logger
from pathlib import PurePath
from types import TracebackType
from typing import Any

from binderclip.filling import Facts, fill

_RUNS_HOOKS = "jupyter_server.services.contents."


def install(contents_manager: Any, facts: Facts, log: Logger) -> None:
    """Have every notebook that ``contents_manager`` saves filled in. Raises nothing."""
    said: set[str] = set()

    def binderclip_fill(*, model: Any, **_: Any) -> None:
        # A plain function with a name: Jupyter Server tells by it which hook failed.
        try:
            _fill_in(model, facts)
        except Exception as error:  # noqa: BLE001 - whatever it is, the notebook is saved
            _say_once("saved a notebook as it came", error, said, log)

    try:
        if hasattr(contents_manager, "register_pre_save_hook"):
            contents_manager.register_pre_save_hook(binderclip_fill)
        if not _runs_hooks(contents_manager.save):
            contents_manager.save = _filling_first(contents_manager.save, binderclip_fill)
    except Exception as error:  # noqa: BLE001 - managers are anybody's
        _say_once("notebooks are not filled in", error, said, log)


def _fill_in(model: Any, facts: Facts) -> None:
    """Only of what has the form of a notebook: texts, chunks of uploads and broken content are the
    manager's to judge. The time it takes does not depend on the notebook's size.
    """
    if not isinstance(model, dict) or model.get("type") != "notebook" or model.get("chunk"):
        return
    content = model.get("content")
    metadata = content.get("metadata") if isinstance(content, dict) else None
    if not isinstance(metadata, dict):
        return
    filled = fill(metadata, facts)
    if filled is not metadata:
        # One key, not the whole: nbformat would convert all of it, however large its widgets are.
        metadata["binder"] = filled["binder"]


def _runs_hooks(save: Callable[..., Any]) -> bool:
    """Whether it runs registered hooks for certain. No manager says so, hence only Jupyter
    Server's own are believed. Others are wrapped even where they run hooks: filling twice is
    filling once. (jupyter-fs hands a save on to a manager of its own that nobody can register
    with; s3contents runs the configured hook alone.)
    """
    return str(getattr(save, "__module__", "")).startswith(_RUNS_HOOKS)


def _filling_first(save: Callable[..., Any], fill_first: Callable[..., None]) -> Callable[..., Any]:
    """``save``, which may be a coroutine function, and is one afterwards too."""
    if inspect.iscoroutinefunction(save):

        @functools.wraps(save)
        async def save_async(model: Any, *args: Any, **kwargs: Any) -> Any:
            fill_first(model=model)
            return await save(model, *args, **kwargs)

        return save_async

    @functools.wraps(save)
    def save_now(model: Any, *args: Any, **kwargs: Any) -> Any:
        fill_first(model=model)
        return save(model, *args, **kwargs)

    return save_now


def _say_once(what: str, error: Exception, said: set[str], log: Logger) -> None:
    """One line for each kind of error, however many saves meet it. The error's own words may quote
    the notebook, so it is told by its kind and place.
    """
    kind = type(error).__qualname__
    if kind in said:
        return
    said.add(kind)
    with suppress(Exception):  # handlers are anybody's, and disks are full
        log.warning(
            "binderclip: %s: %s at %s (this is said once)", what, kind, _place(error.__traceback__)
        )


def _place(trace: TracebackType | None) -> str:
    """File and line of where it was raised."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
