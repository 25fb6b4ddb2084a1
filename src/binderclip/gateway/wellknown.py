"""Routes for machines that look after the service: health, versions, metrics, robots."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from binderclip._version import __version__
from binderclip.gateway.context import gateway_of
from binderclip.gateway.leaving import leaving
from binderclip.gateway.metrics import CONTENT_TYPE

_FRESH = {"Cache-Control": "no-store"}
# Launching is for people; what crawlers may find are the front page and what it is made of.
_ROBOTS = """\
User-agent: *
Disallow: {prefix}
Allow: {prefix}$
Allow: {prefix}static/
"""


def routes() -> list[BaseRoute]:
    return [
        Route("/health", _health, name="health"),
        Route("/versions", _versions, name="versions"),
        Route("/metrics", _metrics, name="metrics"),
        Route("/robots.txt", _robots, name="robots"),
    ]


async def _health(request: Request) -> Response:
    """In the form of BinderHub's (``binderhub/health.py``): ``ok`` and a list of checks."""
    staying = not leaving(request.app)
    checks = [{"service": "launches", "ok": staying}]
    body = {"ok": staying, "checks": checks}
    return JSONResponse(body, 200 if staying else 503, _FRESH)


async def _versions(_request: Request) -> Response:
    """``binderclip_gateway`` is what tells this service from others: ``hubs.probe`` asks for it."""
    return JSONResponse({"binderclip_gateway": __version__, "protocol": 1}, headers=_FRESH)


async def _metrics(request: Request) -> Response:
    return Response(
        gateway_of(request).metrics.text(), headers={"Content-Type": CONTENT_TYPE, **_FRESH}
    )


async def _robots(request: Request) -> Response:
    prefix = gateway_of(request).settings.prefix
    return PlainTextResponse(_ROBOTS.format(prefix=prefix))
