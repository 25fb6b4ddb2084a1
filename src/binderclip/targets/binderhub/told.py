"""The events of ``/build``, as BinderHub sends them (``binderhub/builder.py``)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

FAILED = frozenset({"failed", "failure"})


@dataclass(frozen=True, slots=True)
class Told:
    """One event. ``phase`` is empty for lines of repo2docker's own; ``status`` is there where the
    failure was raised as an HTTP error. ``url`` and ``token`` come with ``ready``, or ``image``
    alone where nothing was launched.
    """

    phase: str = ""
    message: str = field(default="", repr=False)
    status: int | None = None
    url: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    image: str | None = None

    @property
    def last(self) -> bool:
        return self.phase == "ready" or self.phase in FAILED


def parse(data: str) -> Told | None:
    """None for what is no event: no JSON, or no object."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    status = value.get("status_code")
    return Told(
        phase=_text(value, "phase"),
        message=_text(value, "message"),
        status=status if isinstance(status, int) and not isinstance(status, bool) else None,
        url=_text(value, "url") or None,
        token=_text(value, "token") or None,
        image=_text(value, "imageName") or None,
    )


def _text(
    value: dict[str, Any], key: Literal["phase", "message", "url", "token", "imageName"]
) -> str:
    found = value.get(key)
    # Halves of surrogate pairs, which JSON can write and no terminal or file takes.
    return found.encode("utf-8", "replace").decode() if isinstance(found, str) else ""
