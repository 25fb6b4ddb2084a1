"""``GET /api/repoproviders``: what ``/build`` launches, in BinderHub's own words for it
(``display_config`` of ``binderhub/repoproviders.py``).
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette

from binderclip.errors import BinderclipError
from binderclip.gateway.builds.passing import hub_of
from binderclip.gateway.context import one_in
from binderclip.gateway.launches.wanting import PlaceGuard
from binderclip.gateway.settings.model import PlaceSettings, Settings
from binderclip.guard import Guard
from binderclip.web import Web

NOTEBOOK: dict[str, Any] = {
    "displayName": "Notebook",
    "id": "notebook",
    "enabled": True,
    "spec": {"validateRegex": ".+"},
    "detect": {"regex": r"^(?<repo>(?:https?://|doi:).+)"},
    "repo": {
        "label": "Address of a notebook",
        "placeholder": "https://example.org/notebook.ipynb",
        "urlEncode": True,
    },
    "ref": {"enabled": False},
}
_AGE_S = 300.0
_ANSWER_S = 5.0
_MAX_BYTES = 256 * 2**10


@dataclass
class Providers:
    """What the other hub said, asked for once in a while."""

    _said: list[dict[str, Any]] = field(default_factory=list)
    _until_s: float = 0.0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def known(self, settings: Settings, guard: Guard) -> list[dict[str, Any]]:
        """``guard`` is for all but the hub itself."""
        place = hub_of(settings)
        if place is None or place.url is None:
            return [NOTEBOOK]
        async with self._asking:
            if time.monotonic() > self._until_s:
                self._said = await _asked(place.url, place, guard) or self._said
                self._until_s = time.monotonic() + _AGE_S
        return [NOTEBOOK, *self._said]


def providers_of(app: Starlette) -> Providers:
    return one_in(app, Providers)


async def _asked(url: str, place: PlaceSettings, guard: Guard) -> list[dict[str, Any]]:
    """Empty where the hub does not say."""
    try:
        async with Web(PlaceGuard(place, guard), timeout_s=_ANSWER_S) as web:
            asked = web.ask(
                "GET", f"{url}api/repoproviders", token=place.token, max_bytes=_MAX_BYTES
            )
            answer = await asked
            said = answer.json() if answer.ok else []
    except BinderclipError:
        return []
    if not isinstance(said, list):
        return []
    return [one for one in said if isinstance(one, dict) and one.get("id") != NOTEBOOK["id"]]
