"""The events of ``/build``, as BinderHub sends them (``binderhub/builder.py``).

Each is ``{"phase", "message"}``, and messages end in a line's end. ``ready`` carries the server;
whatever goes wrong is a ``failed`` in an answer of status 200, since browsers' EventSource cannot
read any other. Beyond BinderHub's fields ``failed`` has ``error``, the shape of all our errors, and
``ready`` has ``urlpath``: where on the server the notebook is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from binderclip.environment import Environment
from binderclip.errors import BinderclipError, RateLimited
from binderclip.events import Log, Phase, Progress
from binderclip.gateway.launches.model import Landing, Look
from binderclip.gateway.launches.telling import step_as_json
from binderclip.gateway.streams import frame
from binderclip.rest.faults import as_json

_LINE_END = re.compile(r"\r\n|\r|\n")
OVER = "over"
"""The mark of the last event: who connects again with it is told that there is no more."""
_BUILDING = "building"
_PHASES: Mapping[Phase, str] = MappingProxyType(
    {
        "resolving": "waiting",
        "fetching": "fetching",
        "waiting": "waiting",
        "building": _BUILDING,
        "launching": "launching",
    }
)


def waiting(message: str, mark: str) -> bytes:
    """The first event. ``mark`` names the launch to who connects again."""
    return frame({"phase": "waiting", "message": f"{message}\n"}, number=mark)


def told(phase: str, message: str) -> bytes:
    return frame({"phase": phase, "message": f"{message}\n"})


class Telling:
    """A launch's steps as events. Lines of a log have the phase that they came in."""

    def __init__(self) -> None:
        self._phase = _BUILDING

    def event(self, step: Progress | Log) -> bytes | None:
        """None for ``ready``, which is ours to say."""
        if isinstance(step, Log):
            return told(self._phase, step_as_json(step)["log"])
        if (phase := _PHASES.get(step.phase)) is None:
            return None
        self._phase = _BUILDING if phase == "waiting" else phase
        return told(phase, step_as_json(step)["message"])


def failed(error: BinderclipError) -> bytes:
    body = as_json(error)
    said: dict[str, object] = {
        "phase": "failed",
        "status_code": error.http_status,
        "message": f"{_sentence(error, body)}\n",
        **body,
    }
    if isinstance(error, RateLimited) and error.retry_after_s is not None:
        said["retry_after_s"] = math.ceil(error.retry_after_s)
    return frame(said, number=OVER)


def copied(data: str, *, last: bool = False) -> bytes:
    """Another hub's event as it is; ``data`` is what it holds."""
    lines = _LINE_END.split(data)
    mark = f"id: {OVER}\n" if last else ""
    return (mark + "".join(f"data: {line}\n" for line in lines) + "\n").encode()


def ready(landing: Landing, look: Look, public_url: str, token: str | None) -> bytes:
    """``token`` is the one that this client may have. ``binder_client_ip`` is BinderHub's alone:
    nobody's address is handed round here.
    """
    environment = look.opened.environment
    request = f"v2/notebook/{quote(look.source.origin, safe='')}"
    return frame(
        {
            "phase": "ready",
            "message": f"server running at {landing.server}\n",
            "url": landing.server,
            "token": token or "",
            "image": _image(environment),
            "repo_url": environment.build.url if environment.build else look.source.origin,
            "binder_ref_url": look.source.origin,
            "binder_launch_host": public_url,
            "binder_request": request,
            "binder_persistent_request": request,
            "urlpath": landing.url.removeprefix(landing.server),
        },
        number=OVER,
    )


def _image(environment: Environment) -> str:
    return environment.image.url if environment.image else ""


def _sentence(error: BinderclipError, body: Mapping[str, object]) -> str:
    """``body`` is what of the error may leave the server."""
    told = body["error"]
    message, hint = (told["message"], told["hint"]) if isinstance(told, dict) else ("", None)
    if isinstance(error, RateLimited) and error.retry_after_s is not None:
        # In BinderHub's words, which its clients look for.
        wait_s = math.ceil(error.retry_after_s)
        return f"{message}. Rate limit exceeded. Try again in {wait_s} seconds."
    return f"{message} ({hint})" if hint else str(message)
