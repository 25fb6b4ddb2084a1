"""For operators of JupyterHubs: one line in ``jupyterhub_config.py`` tells every server where its
environment comes from.

    import binderclip.hub

    binderclip.hub.configure(build="https://github.com/owner/environment@main")

And for those of BinderHubs: ``NotebookProvider`` launches notebooks by their addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from binderclip.hub.configuring import configure

if TYPE_CHECKING:
    from binderclip.hub.provider import NotebookProvider

__all__ = ["NotebookProvider", "configure"]


def __getattr__(name: str) -> Any:
    """``NotebookProvider`` is for BinderHubs, and imports theirs."""
    if name == "NotebookProvider":
        from binderclip.hub.provider import NotebookProvider  # noqa: PLC0415 - only there

        return NotebookProvider
    raise AttributeError(f"module 'binderclip.hub' has no attribute {name!r}")
