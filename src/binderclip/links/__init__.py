"""Every launch link of a notebook: made from what its metadata says and from where it lies.

``located`` and ``checkout`` tell the latter; only ``branches`` uses the network.
"""

from __future__ import annotations

from binderclip.links.formats import FORMS, Form, written
from binderclip.links.launch import links
from binderclip.links.model import KINDS, Asked, Kind, Link, Links, Nowhere, Place
from binderclip.links.pages import UIS, hub_itself, open_page, opening, page

__all__ = [
    "FORMS",
    "KINDS",
    "UIS",
    "Asked",
    "Form",
    "Kind",
    "Link",
    "Links",
    "Nowhere",
    "Place",
    "hub_itself",
    "links",
    "open_page",
    "opening",
    "page",
    "written",
]
