"""The service as one ASGI application, put together from its parts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from binderclip.errors import BinderclipError
from binderclip.gateway import failing, wellknown
from binderclip.gateway.api import routes as api
from binderclip.gateway.builds import routes as builds
from binderclip.gateway.context import Gateway
from binderclip.gateway.envs import serving
from binderclip.gateway.envs.store import EnvStore
from binderclip.gateway.headers import SecurityHeaders
from binderclip.gateway.launches.looking import Looker
from binderclip.gateway.launches.work import launches_of
from binderclip.gateway.logs import AccessLog, launches_noted
from binderclip.gateway.metrics import Metrics
from binderclip.gateway.pages import routes as pages
from binderclip.gateway.prefix import Prefix
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.share import routes as share
from binderclip.gateway.share.shelving import own_notebooks, shelf_of
from binderclip.gateway.visitors import login
from binderclip.gateway.visitors.cors import Cors
from binderclip.gateway.visitors.counting import Counter
from binderclip.gateway.visitors.crossing import Crossing
from binderclip.gateway.visitors.hosts import Hosts
from binderclip.gateway.visitors.signing import Signer
from binderclip.guard import PublicGuard

PARTS: Final[tuple[Callable[[], list[BaseRoute]], ...]] = (
    wellknown.routes,
    pages.routes,
    builds.routes,
    api.routes,
    serving.routes,
)
"""What is there always; sharing and logging in are there where the settings have them."""


def create(settings: Settings) -> Starlette:
    """The application for ``settings``. What it keeps running lives in its lifespan."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with _gateway(settings) as gateway:
            app.state.gateway = gateway
            yield

    app = Starlette(
        routes=_routes(settings),
        middleware=_middleware(settings),
        exception_handlers={BinderclipError: failing.known, HTTPException: failing.refused},
        lifespan=lifespan,
    )
    # Starlette's own would lead to wherever the Host header says.
    app.router.redirect_slashes = False
    return app


def _middleware(settings: Settings) -> list[Middleware]:
    """From the outside inwards: what is refused is logged and has its headers, too."""
    return [
        Middleware(Prefix, prefix=settings.prefix),
        Middleware(AccessLog),
        Middleware(SecurityHeaders, settings=settings),
        Middleware(Hosts, settings=settings),
        Middleware(Cors, settings=settings),
        Middleware(Crossing, settings=settings),
        Middleware(failing.Faults),
    ]


def _routes(settings: Settings) -> list[BaseRoute]:
    parts = [*PARTS]
    if settings.share is not None:
        parts.append(share.routes)
    if settings.service is not None:
        parts.append(login.routes)
    return [route for routes in parts for route in routes()]


@contextlib.asynccontextmanager
async def _gateway(settings: Settings) -> AsyncIterator[Gateway]:
    guard = PublicGuard(allow=settings.allowed_networks)
    metrics, counter = Metrics(), Counter(settings.limits, settings.share)
    envs = await asyncio.to_thread(EnvStore, settings.storage / "envs")
    async with shelf_of(settings.share) as shelf:
        own = own_notebooks(settings.public_url, shelf)
        looker = Looker(guard, settings, observe=metrics.looked, own=own)
        launches = launches_of(
            settings,
            guard=guard,
            looker=looker,
            envs=envs,
            counter=counter,
            observe=launches_noted(metrics),
        )
        try:
            yield Gateway(
                settings=settings,
                guard=guard,
                signer=Signer(settings.secret),
                counter=counter,
                envs=envs,
                looker=looker,
                launches=launches,
                metrics=metrics,
                shelf=shelf,
            )
        finally:
            await launches.close(0)
