"""Questions for links, and what is looked at in their answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import httpx

from binderclip.links import Asked, Kind, Link, Nowhere, Place, links
from binderclip.spec.model import Binder


def asked(binder: Binder | None, place: Place | Nowhere, **more: Any) -> Asked:
    common: dict[str, Any] = {"name": "a.ipynb", "hosts": ("https://mybinder.org",)}
    return Asked(binder=binder, place=place, **{**common, **more})


def only(kind: Kind, question: Asked) -> Link:
    (link,) = links(question, [kind]).links
    return link


def said(link: Link) -> str:
    return "\n".join(link.notes)


def kinds(question: Asked) -> list[str]:
    return [link.kind for link in links(question).links]


def followed(client: httpx.Client, url: str) -> httpx.Response:
    """Where a browser arrives."""
    for _ in range(20):
        answer = client.get(url)
        if "location" not in answer.headers:
            return answer
        url = urljoin(url, answer.headers["location"])
    raise AssertionError(f"too many redirects, the last to {url}")
