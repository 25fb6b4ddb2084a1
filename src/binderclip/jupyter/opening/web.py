"""The handlers, in Jupyter Server's terms."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado import web

from binderclip.addresses.source import Source
from binderclip.copying import Copies, File
from binderclip.errors import BinderclipError
from binderclip.jupyter.here import KEY, Here
from binderclip.jupyter.opening import pages, targets
from binderclip.jupyter.opening.applications import NAMES, Applications, asked_for
from binderclip.jupyter.opening.around import places
from binderclip.jupyter.opening.asking import asking
from binderclip.jupyter.opening.base import Page, Style
from binderclip.jupyter.opening.finding import Finder, Found
from binderclip.jupyter.opening.ground import Ground, ground_of
from binderclip.jupyter.opening.names import destination, runs_by_name
from binderclip.jupyter.opening.offer import Offer, offer_as_json
from binderclip.jupyter.opening.present import State, present
from binderclip.jupyter.opening.query import KEYS, Query, mistyped, sound
from binderclip.jupyter.opening.running import ANYWHERE
from binderclip.jupyter.opening.saving import Saved, saved
from binderclip.jupyter.opening.server import applications_of, contents_of
from binderclip.jupyter.opening.telling import status, told_as_json
from binderclip.jupyter.opening.unseen import unseen
from binderclip.pages.kept import Job, Kept
from binderclip.pages.markup import Html

Method = TypeVar("Method", bound=Callable[..., Any])

PATIENCE_S = 1.0
"""How long a page waits for a fetch before it says that it is waiting."""
LONGER_S = 5.0
"""The same for a click whose notebook is no longer kept."""
_FINDER = f"{KEY}_finder"


def routes(base: str) -> list[tuple[Any, ...]]:
    shared = {"kept": Kept[Found]()}
    page = re.escape(url_path_join(base, "open"))
    return [
        (page, Opening, shared),
        (rf"{page}/style\.css", Style),
        (rf"{re.escape(base)}/?|{page}/", Front),
    ]


# Typed as it is: what it wraps keeps its signature.
_for_writers = cast("Callable[[Method], Method]", authorized("write", "contents"))


class Front(Page):
    """Where people land who typed a part of the page's address."""

    @web.authenticated
    def get(self) -> None:
        query = self.request.query
        self.redirect(
            url_path_join(self.base_url, "binderclip/open") + (f"?{query}" if query else "")
        )


class Opening(Page):
    def initialize(self, kept: Kept[Found]) -> None:
        self.kept = kept

    @web.authenticated
    @_for_writers
    async def get(self) -> None:
        """Fetch and show; write nothing."""
        if unseen(self.request.headers, program=bool(self.token_authenticated)):
            raise web.HTTPError(403, "other sites may link to this page, and not load it")
        query = self._query(self._one)
        if not self.machine and (self._one("change") or not query.url.strip()):
            self.page(pages.front(self.frame, *query.mended()))
            return
        try:
            source = sound(query)
            job = self._job(query, self._one("job")) or self._begun(query, source)
            if not await self.kept.settled(job, PATIENCE_S):
                self._waiting(query, job)
                return
            await self._ask(query, job, _found(job), self._notice(job))
        except BinderclipError as error:
            self._failed(error, query)

    @web.authenticated
    @_for_writers
    async def post(self) -> None:
        """The click. What is saved is what the page with that digest described."""
        query = self._query(self._field)
        digest = self._field("digest")
        try:
            source = sound(query)
            job = self._job(query, self._field("job")) or self._begun(query, source)
            if not await self.kept.settled(job, LONGER_S):
                self.redirect(query.link(job=job.id, was=digest), status=303)
                return
            found = _found(job)
            if found.digest != digest:
                self.set_status(409)
                await self._ask(query, job, found, _CHANGED)
                return
            offer = await self._offer(query, found)
            self._saved(query, await saved(offer, contents_of(self), Path.home()), found)
        except BinderclipError as error:
            self._failed(error, query)

    def _query(self, one: Callable[[str], str]) -> Query:
        url, path, app = map(one, KEYS)
        return Query(url, path, app, mistyped(self.request.query_arguments))

    def _one(self, name: str) -> str:
        return self.get_query_argument(name, "", strip=False) or ""

    def _field(self, name: str) -> str:
        return self.get_body_argument(name, "", strip=False) or ""

    @property
    def _owner(self) -> str:
        return str(getattr(self.current_user, "username", ""))

    @property
    def _finder(self) -> Finder:
        found = self.settings.get(_FINDER)
        if found is None:
            here = cast("Here", self.settings[KEY])
            found = self.settings[_FINDER] = Finder(here.guard, here.facts)
        return cast("Finder", found)

    def _job(self, query: Query, number: str) -> Job[Found] | None:
        # Who sends the server's token without a cookie is somebody else at every request.
        owner = None if self.token_authenticated else self._owner
        return self.kept.find(number, query.url, owner) if number else None

    def _begun(self, query: Query, source: Source) -> Job[Found]:
        finder = self._finder
        return self.kept.begin(self._owner, query.url, lambda tell: finder.find(source, tell))

    def _notice(self, job: Job[Found]) -> str | None:
        """For those who come back from a click whose notebook was no longer kept."""
        was = self._one("was")
        if not was or job.result is None:
            return None
        return _SAME if job.result.digest == was else _CHANGED

    async def _offer(self, query: Query, found: Found, notice: str | None = None) -> Offer:
        ground = await ground_of(self)
        name, around = found.fetched.source.name, ANYWHERE
        if runs_by_name(name):
            around = await asyncio.to_thread(places, ground.root)
        where = destination(query.path, name, around)
        spot = await contents_of(self).foreseen(where, found.fetched.data)
        copies, refused, states = await asyncio.to_thread(_copies, found.copies, ground)
        asked, here = asked_for(query.app), applications_of(self)
        chosen = here.chosen(asked)
        asides = tuple(query.remarks)
        if asked and asked != chosen:
            asides = (f"this server has no {NAMES[asked]}", *asides)
        return Offer(
            found,
            where,
            spot,
            copies,
            states,
            refused,
            NAMES[chosen] if chosen else None,
            self._page_of(query, here, spot.other, found) if spot.other else None,
            asides,
            notice,
        )

    def _page_of(self, query: Query, here: Applications, path: str, found: Found) -> str | None:
        app = here.chosen(asked_for(query.app))
        return url_path_join(self.base_url, here.page(app, path, text=found.text)) if app else None

    async def _ask(self, query: Query, job: Job[Found], found: Found, notice: str | None) -> None:
        offer = await self._offer(query, found, notice)
        if self.machine:
            state = "changed" if notice == _CHANGED else "ready"
            self.json({"state": state, "job": job.id, **offer_as_json(offer)})
            return
        xsrf = Html(self.xsrf_form_html())
        self.page(asking(self.frame, query, offer, job=job.id, xsrf=xsrf))

    def _waiting(self, query: Query, job: Job[Found]) -> None:
        if self.machine:
            self.set_status(202)
            self.json({"state": "fetching", "job": job.id, "steps": job.steps})
            return
        self.page(pages.waiting(self.frame, query, job.id, job.steps, self._one("was")))

    def _saved(self, query: Query, done: Saved, found: Found) -> None:
        here = applications_of(self)
        page = self._page_of(query, here, done.spot.path, found)
        if self.machine:
            told = {"path": done.spot.path, "page": page, "missing": list(done.missing)}
            self.json({"state": "saved", **told})
        elif page and not done.missing:
            self.redirect(page, status=303)
        else:
            app = here.chosen(asked_for(query.app))
            name = NAMES[app] if app else None
            self.page(pages.incomplete(self.frame, done.spot.path, done.missing, page, name))

    def _failed(self, error: BinderclipError, query: Query) -> None:
        self.set_status(status(error))
        if self.machine:
            self.json(told_as_json(error))
        else:
            self.page(pages.failed(self.frame, error, query))


_SAME = (
    "It took a while, and what was shown to you was no longer kept. It was fetched again, and is "
    "the same."
)
_CHANGED = (
    "What lies at the address has changed since it was shown to you. This is what is there now; "
    "nothing was written."
)


def _copies(
    copies: Copies | None, ground: Ground
) -> tuple[Copies | None, tuple[tuple[File, str], ...], Mapping[str, State]]:
    """Those that may be placed in this process's home, the others, and what is there now."""
    if copies is None:
        return None, (), {}
    allowed, refused = targets.split(copies, ground.home, ground.withheld)
    return allowed, refused, present(allowed.files, ground.home)


def _found(job: Job[Found]) -> Found:
    if job.result is None:
        raise job.failure or RuntimeError("the fetch ended without a word")
    return job.result
