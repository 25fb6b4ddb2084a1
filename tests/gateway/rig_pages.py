"""Pages for tests: a visitor without a browser, and the service with a worker that obeys.

async with visiting(settings, site) as guest:
    page = await guest.see(f"v2/notebook?url={url}")     # a Page: .heading, .text, .form, .links
    page = await guest.click(page)                       # sends its first form, follows redirects
    guest.worker.gate.set()
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import httpx
from tests.gateway.rig import Client, inside
from tests.gateway.rig_launches import Fake

from binderclip.gateway.context import Gateway
from binderclip.gateway.launches.table import Launches
from binderclip.gateway.settings.model import Settings

_VOID = {"input", "link", "meta"}


@dataclass
class Sent:
    """A form: where it goes, what it says, and the attributes of its tag."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    tag: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """A page as it is read; a tag that is not closed, or closed twice, is a fault."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(convert_charrefs=True)
        self.answer = answer
        self.status = answer.status_code
        self.heading = self.text = self.title = ""
        self.links: dict[str, str] = {}
        self.forms: list[Sent] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._in: list[str] = []
        self._href = ""
        self.feed(answer.text)
        self.close()
        assert not self._in, self._in

    @property
    def form(self) -> Sent:
        return self.forms[0]

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert len(given) == len(attrs), attrs
        self.tags.append((tag, given))
        if tag == "form":
            self.forms.append(Sent(given["action"], given["method"], tag=given))
        elif tag == "input" and "form" in self._in and "name" in given:
            self.forms[-1].fields[given["name"]] = given["value"]
        elif tag == "a":
            self._href = given["href"]
        if tag not in _VOID:
            self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._in.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} " if data.strip() and "title" not in self._in else ""
        if "h1" in self._in:
            self.heading += data
        if "title" in self._in:
            self.title += data
        if "a" in self._in:
            self.links[self._href] = self.links.get(self._href, "") + data
        if "button" in self._in and "form" in self._in:
            self.forms[-1].buttons.append(data)


@dataclass
class Guest:
    """Asks as a browser does where somebody goes to a page."""

    client: Client
    worker: Fake

    @property
    def gateway(self) -> Gateway:
        found: Gateway = self.client.app.state.gateway
        return found

    async def see(self, page: str, **headers: str) -> Page:
        sent = {"Accept": "text/html", "Sec-Fetch-Dest": "document", **headers}
        return Page(await self.client.get(page, headers=sent, follow_redirects=True))

    async def click(self, page: Page, form: int = 0, **fields: str) -> Page:
        sent = page.forms[form]
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        answer = await self.client.post(
            httpx.URL(str(page.answer.url)).join(sent.action),
            data={**sent.fields, **fields},
            headers=headers,
            follow_redirects=True,
        )
        return Page(answer)


@asynccontextmanager
async def visiting(settings: Settings, **options: Any) -> AsyncIterator[Guest]:
    worker = Fake()
    async with inside(settings, **options) as client:
        gateway: Gateway = client.app.state.gateway
        launches = Launches(worker, settings.limits, gateway.counter)
        client.app.state.gateway = replace(gateway, launches=launches)
        try:
            yield Guest(client, worker)
        finally:
            worker.over.set()
            await launches.close(0)
