"""A notebook that carries its own Binder.

    from pathlib import Path

    import binderclip

    file = binderclip.read(Path("analysis.ipynb"))
    reading = binderclip.read_metadata(file.notebook.get())
    if reading.binder is not None:  # False there opts out
        print(binderclip.Environment.of(reading.binder).key)

Names are imported when they are used; importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from binderclip._version import __version__

if TYPE_CHECKING:
    from binderclip.environment import Environment
    from binderclip.errors import BinderclipError
    from binderclip.execute import RunOptions, RunResult, run
    from binderclip.flow import launched, open_address
    from binderclip.notebook import MISSING, Notebook, NotebookFile, parse, read, save
    from binderclip.session import Session
    from binderclip.sources import OpenGuard, PublicGuard, fetch, resolve
    from binderclip.spec import Binder, Reading, Reference
    from binderclip.spec import problems as metadata_problems
    from binderclip.spec import read as read_metadata
    from binderclip.spec import write as write_metadata
    from binderclip.targets import Target

__all__ = [
    "MISSING",
    "Binder",
    "BinderclipError",
    "Environment",
    "Notebook",
    "NotebookFile",
    "OpenGuard",
    "PublicGuard",
    "Reading",
    "Reference",
    "RunOptions",
    "RunResult",
    "Session",
    "Target",
    "__version__",
    "fetch",
    "launched",
    "metadata_problems",
    "open_address",
    "parse",
    "read",
    "read_metadata",
    "resolve",
    "run",
    "save",
    "write_metadata",
]

_HOMES = {
    "environment": "Environment",
    "errors": "BinderclipError",
    "execute": "RunOptions RunResult run",
    "flow": "launched open_address",
    "notebook": "MISSING Notebook NotebookFile parse read save",
    "session": "Session",
    "sources": "OpenGuard PublicGuard fetch resolve",
    "spec": "Binder Reading Reference problems:metadata_problems read:read_metadata "
    "write:write_metadata",
    "targets": "Target",
}


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Where Jupyter Server finds the extension that is called ``binderclip``."""
    return [{"module": "binderclip.jupyter"}]


def __getattr__(name: str) -> Any:
    from importlib import import_module  # noqa: PLC0415 - nothing is imported before it is used

    for module, words in _HOMES.items():
        for word in words.split():
            inner, _, outer = word.partition(":")
            if name == (outer or inner):
                return getattr(import_module(f"binderclip.{module}"), inner)
    raise AttributeError(f"module 'binderclip' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
