"""The servers that benchmarks/streams.py compares, a process each.

    streams_server.py ours FOLDER HUB STREAMS STALL_S     binderclip's service
    streams_server.py sse-starlette | tornado             an event each ten seconds, nothing else

Each prints its port once it answers.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

EVERY_S = 10.0
LINE = '{"log": "Collecting a-package-of-somebody>=1.0 (from -r requirements.txt (line %d))"}'
LAUNCHES = 101
BACKLOG = 2048


def ours(folder: str, hub: str, streams: str, stall_s: str) -> None:
    """The service as ``binderclip serve`` runs it, with a token for each launch."""
    import logging

    from binderclip.gateway.serving import bound, serve
    from binderclip.gateway.settings.model import Limits, PlaceSettings, Settings
    from binderclip.gateway.streams.patience import PatientProtocol

    logging.disable(logging.INFO)
    PatientProtocol.stall_s = float(stall_s)
    place = PlaceSettings("hub", "binderhub", "the hub", url=hub, at_once=LAUNCHES)
    listener, settings = bound(
        Settings(
            public_url="http://127.0.0.1:0/",
            port=0,
            places={"hub": place},
            default="hub",
            secret=b"of a benchmark, and of nobody else",
            storage=Path(folder),
            tokens={f"t{number}": f"token-{number}" for number in range(LAUNCHES)},
            limits=Limits(
                streams=int(streams),
                streams_each=int(streams),
                launches="1000/hour",
                environment="1000/hour",
            ),
            grace_s=10.0,
        )
    )
    serve(settings, listener, lambda: print(settings.port, flush=True))


def sse_starlette() -> None:
    """As its documentation shows it, under the same server."""
    import socket

    import uvicorn
    from sse_starlette import EventSourceResponse
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.routing import Route

    delays = itertools.cycle(range(100))

    async def told() -> AsyncIterator[dict[str, str]]:
        await asyncio.sleep(next(delays) * EVERY_S / 100)
        for number in itertools.count():
            yield {"data": LINE % number}
            await asyncio.sleep(EVERY_S)

    async def events(_request: Request) -> EventSourceResponse:
        return EventSourceResponse(told())

    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    app = Starlette(routes=[Route("/events", events)])
    config = uvicorn.Config(app, http="httptools", log_level="warning", backlog=BACKLOG)
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listener])


def tornado_() -> None:
    """As BinderHub holds its streams (``binderhub/builder.py``)."""
    import tornado.netutil
    import tornado.web
    from tornado.httpserver import HTTPServer
    from tornado.iostream import StreamClosedError

    delays = itertools.cycle(range(100))

    class Events(tornado.web.RequestHandler):
        async def keep_alive(self) -> None:
            while True:
                await asyncio.sleep(25)
                try:
                    self.write(":keepalive\n\n")
                    await self.flush()
                except StreamClosedError:
                    return

        async def get(self) -> None:
            self.set_header("content-type", "text/event-stream")
            self.set_header("cache-control", "no-cache")
            await self.flush()
            keeping = asyncio.create_task(self.keep_alive())
            await asyncio.sleep(next(delays) * EVERY_S / 100)
            try:
                for number in itertools.count():
                    self.write(f"data: {LINE % number}\n\n")
                    await self.flush()
                    await asyncio.sleep(EVERY_S)
            finally:
                keeping.cancel()

    async def serve() -> None:
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1", backlog=BACKLOG)
        server = HTTPServer(tornado.web.Application([("/events", Events)]))
        server.add_sockets(sockets)
        print(sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    kind, *words = sys.argv[1:]
    kinds: dict[str, Callable[..., None]] = {
        "ours": ours,
        "sse-starlette": sse_starlette,
        "tornado": tornado_,
    }
    kinds[kind](*words)
