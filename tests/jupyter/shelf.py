"""A web server with notebooks, and the form of a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlencode

from tests.jupyter.rig import Answer, Served
from tests.sources.conftest import Exchange, Site
from tests.sources.conftest import serving as shelf

__all__ = ["Exchange", "Form", "Site", "shelf"]


def put(site: Site, path: str, notebook: Mapping[str, Any], **answer: Any) -> str:
    """The address of ``notebook`` there."""
    return site.put(path, json.dumps(notebook).encode(), **answer)


@dataclass
class Form(HTMLParser):
    """What a page shows, and its form."""

    text: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    button: str | None = None
    links: list[str] = field(default_factory=list)
    refresh: str | None = None
    _in: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self, convert_charrefs=True)

    @classmethod
    def of(cls, page: str) -> Form:
        form = cls()
        form.feed(page)
        form.close()
        return form

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input":
            self.fields[given["name"]] = given["value"]
        elif tag == "a":
            self.links.append(given["href"])
        elif tag == "meta" and given.get("http-equiv") == "refresh":
            self.refresh = given["content"].partition("url=")[2]
        elif tag not in {"meta", "link"}:
            self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._in and self._in.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "button" in self._in:
            self.button = f"{self.button or ''}{data}"
        elif "style" not in self._in:
            self.text += f" {data}"


def query(url: str, **more: str) -> str:
    return f"binderclip/open?{urlencode({'url': url, **more}, quote_via=quote)}"


def look(server: Served, url: str, **more: str) -> tuple[Answer, Form]:
    """The page, once it is there."""
    answer = server.ask("GET", query(url, **more))
    form = Form.of(answer.text)
    while form.refresh:
        answer = server.ask("GET", f"binderclip/{form.refresh}")
        form = Form.of(answer.text)
    return answer, form


def told(server: Served, url: str, **more: str) -> Answer:
    """The same for machines, once it is there."""
    while True:
        answer = server.ask("GET", query(url, **more), headers={"Accept": "application/json"})
        if answer.status != 202:
            return answer
        more["job"] = answer.json()["job"]


def click(server: Served, form: Form, **headers: str) -> Answer:
    data = urlencode(form.fields).encode()
    sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return server.ask("POST", "binderclip/open", data=data, headers=sent)
