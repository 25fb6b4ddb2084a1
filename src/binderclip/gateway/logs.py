"""What the service writes down: a line for each request and each launch, without anything that
opens something, and without whole addresses of people.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from binderclip.addresses.masking import masked, printable
from binderclip.errors import BinderclipError
from binderclip.events import Progress
from binderclip.gateway.leaving import CutOff

if TYPE_CHECKING:
    from binderclip.gateway.launches.launch import Launch
    from binderclip.gateway.metrics import Metrics

LOG: Final = logging.getLogger("binderclip.gateway")
_FACTS: Final = "facts"
_ORIGIN = "http://gateway"
_QUIET = frozenset({"/health", "/metrics"})
# What follows is an address in base64url, whose tokens nobody sees to mask.
_CODED = re.compile(r"/+env/+of/.*", re.DOTALL)


class JsonLines(logging.Formatter):
    """One object a line: ``time`` (UTC), ``level``, ``message``, and what else the line knows."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": moment,
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, _FACTS, {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """For people who watch: the time of day, the message, and ``key=value`` for the rest."""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = f"{record.levelname.lower()}: " if record.levelno > logging.INFO else ""
        facts = " ".join(f"{key}={value}" for key, value in getattr(record, _FACTS, {}).items())
        line = f"{moment} {level}{record.getMessage()} {facts}".rstrip()
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line


def configure(kind: str) -> None:
    """Send the lines of this process to standard error, as ``json`` or ``text``. What libraries say
    is written from warnings on.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if kind == "json" else TextLines())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    LOG.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)


def say(message: str, **facts: object) -> None:
    """``facts`` hold no secrets: whoever says them has masked what came from outside."""
    LOG.info(message, extra={_FACTS: facts})


def path_of(scope: Scope) -> str:
    """The path that was asked for and its query, fit to be kept: tokens and the like are masked,
    also in addresses within.
    """
    raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "replace")
    text = raw.partition(b"?")[0].decode("ascii", "backslashreplace")
    text, coded = _CODED.subn("/env/of/", text)
    if query := scope.get("query_string", b""):
        text = f"{text}?{query.decode('ascii', 'backslashreplace')}"
    told = printable(masked(f"{_ORIGIN}/{text.lstrip('/')}").removeprefix(_ORIGIN))
    return told.replace("/env/of/", "/env/of/…", 1) if coded else told


def network_of(scope: Scope) -> str:
    """Where the request came from, as a network of many: /24, of IPv6 /48."""
    client = scope.get("client")
    try:
        address = ipaddress.ip_address(str(client[0]).partition("%")[0]) if client else None
    except ValueError:
        address = None
    if address is None:
        return "unknown"
    if address.is_loopback:
        return "loopback"
    bits = 24 if isinstance(address, ipaddress.IPv4Address) else 48
    return str(ipaddress.ip_network((address, bits), strict=False))


class AccessLog:
    """A line for each request, and the same for the metrics. Health and metrics are asked for all
    the time: those lines are left out while all is well.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, stream = time.perf_counter(), 0, False

        async def noting(message: Message) -> None:
            nonlocal status, stream
            if message["type"] == "http.response.start":
                status = message["status"]
                stream = _is_stream(message)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            _note(scope, status, time.perf_counter() - begun, stream=stream)


def _is_stream(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in message.get("headers", ())
    )


def _note(scope: Scope, status: int, seconds: float, *, stream: bool) -> None:
    route = route_of(scope)
    gateway = getattr(scope["app"].state, "gateway", None)
    if gateway is not None:
        gateway.metrics.answered(scope["method"], route, status, seconds, stream=stream)
    if route in _QUIET and status < 400:  # noqa: PLR2004 - below are no errors
        return
    say(
        "request",
        method=printable(scope["method"], 12),
        path=path_of(scope),
        # None: whoever asked was gone before there was an answer.
        status=status or None,
        ms=round(seconds * 1000, 1),
        client=network_of(scope),
    )


def route_of(scope: Scope) -> str:
    """The template of the route that took the request, or "none"."""
    return str(getattr(scope.get("route"), "path", "none"))


def launches_noted(metrics: Metrics) -> Callable[[Launch], None]:
    """What ``Launches`` tells whenever one changes: written down when it is settled."""

    def observe(launch: Launch) -> None:
        if launch.settled_s is None:
            return
        place = launch.order.place
        # Sessions elsewhere may end without a word to this process.
        ours = int(place.here)
        if launch.over and launch.landing is not None:
            metrics.session(place.name, -ours)
            say("session", place=place.name, outcome="over", why=printable(_ended(launch)))
            return
        if launch.state == "ready":
            metrics.session(place.name, ours)
        outcome = _outcome(launch)
        seconds = launch.settled_s - launch.made_s
        metrics.launched(place.name, outcome, seconds)
        say(
            "launch",
            place=place.name,
            outcome=outcome,
            phase=_phase(launch),
            seconds=round(seconds, 1),
            **_why(launch.error),
        )

    return observe


def _outcome(launch: Launch) -> str:
    """``cut-off`` is no launch that went wrong: the service ended meanwhile."""
    if isinstance(launch.error, CutOff):
        return "cut-off"
    return launch.error.code if launch.error else launch.state


def _ended(launch: Launch) -> str:
    """Why a session is over: by a fault of ours, too."""
    return launch.why or (launch.error.message if launch.error else "")


def _phase(launch: Launch) -> str:
    steps = [step.phase for step in launch.steps if isinstance(step, Progress)]
    return steps[-1] if steps else "none"


def _why(error: BinderclipError | None) -> dict[str, str]:
    return {"why": printable(error.message)} if error else {}
