"""The routes of jobs."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Any

import msgspec
from jupyter_server.auth.identity import IdentityProvider
from tornado.iostream import StreamClosedError

from binderclip.errors import BinderclipError
from binderclip.jupyter.routes import faults, freezing
from binderclip.jupyter.routes.base import Route, allowed
from binderclip.jupyter.routes.jobs import Job
from binderclip.jupyter.routes.requests import FreezeAsked
from binderclip.rest import faults as common
from binderclip.rest.bodies import encoded
from binderclip.wire import event_as_json

_BEAT_S = 15.0
_MADE_UP = re.compile("[0-9a-f]{32}")


class JobsRoute(Route):
    @property
    def owner(self) -> str:
        """Whose jobs are meant. Where one token is all there is, Jupyter Server makes up a name for
        each request that comes with it: those are one person.
        """
        name = str(getattr(self.current_user, "username", ""))
        stock = type(self.identity_provider).get_user is IdentityProvider.get_user
        return "" if stock and _MADE_UP.fullmatch(name) else name

    def job(self, name: str) -> Job:
        """Raises NotFound."""
        found = self.jobs.get(name, self.owner)
        if found is None:
            raise common.NotFound(
                "there is no such job", hint="it may have been dropped; ask for it anew"
            )
        return found

    def error_of(self, job: Job) -> dict[str, object]:
        """Of a job that ended without a result."""
        if job.error is not None and not isinstance(job.error, BinderclipError):
            self.log.error("binderclip: a job failed", exc_info=job.error)
            job.error = common.INTERNAL
        return common.as_json(job.error or faults.CANCELLED, self.folders)

    def told(self, job: Job) -> dict[str, object]:
        body: dict[str, object] = {
            "id": job.id,
            "state": job.state,
            "progress": [event_as_json(step) for step in job.steps],
            "result": job.result,
        }
        return body | (self.error_of(job) if job.ended and job.result is None else {"error": None})


class FreezeRoute(JobsRoute):
    @allowed("write")
    async def post(self) -> None:
        asked = await self.asked(FreezeAsked)
        await asyncio.to_thread(freezing.check, asked.value)
        work = freezing.work(asked.value, asked.options.options, self.here.guard)
        job = self.jobs.start(work, self.owner)
        self.set_header("Location", self.request.path.removesuffix("freeze") + f"jobs/{job.id}")
        self.reply(encoded(self.told(job)), 202)


class JobRoute(JobsRoute):
    @allowed("read")
    async def get(self, name: str) -> None:
        self.reply(encoded(self.told(self.job(name))))

    head = get

    @allowed("write")
    async def delete(self, name: str) -> None:
        self.job(name)
        self.jobs.drop(name)
        self.set_status(204)
        self.finish()


class EventsRoute(JobsRoute):
    """Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

    _sending: asyncio.Task[None] | None = None

    @allowed("read")
    async def get(self, name: str) -> None:
        job = self.job(name)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")  # nginx would keep them back
        if self.request.method != "HEAD":
            self._sending = asyncio.create_task(self._send_all(job))
            with suppress(asyncio.CancelledError, StreamClosedError):  # nobody listens any more
                await self._sending
        self.finish(set_content_type="text/event-stream")

    head = get

    def on_connection_close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()

    async def _send_all(self, job: Job) -> None:
        last = self.request.headers.get("Last-Event-ID", "")
        start = int(last) + 1 if last.isdecimal() and len(last) < 10 else 0  # noqa: PLR2004 - a sane number
        beat = asyncio.create_task(self._beat())
        try:
            async for number, step in job.follow(start):
                await self._send("progress", event_as_json(step), number)
            if job.result is not None:
                await self._send("result", job.result)
            else:
                await self._send("error", self.error_of(job))
        finally:
            beat.cancel()

    async def _send(self, event: str, data: dict[str, Any], number: int | None = None) -> None:
        lines = [f"event: {event}", f"data: {msgspec.json.encode(data).decode()}"]
        lines += [] if number is None else [f"id: {number}"]
        self.write("\n".join(lines) + "\n\n")
        await self.flush()

    async def _beat(self) -> None:
        """So that nothing on the way takes the line for dead."""
        with suppress(StreamClosedError):
            while True:
                await asyncio.sleep(_BEAT_S)
                self.write(": still there\n\n")
                await self.flush()
