"""A registry's list of tags, page by page: "Listing Tags" of the distribution specification."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from binderclip.addresses.link import parse
from binderclip.errors import SourceError
from binderclip.registries.images import Image
from binderclip.registries.manifests import parsed
from binderclip.registries.refusals import strange
from binderclip.spec.grammar import fits

if TYPE_CHECKING:
    from binderclip.web import Answer

MAX_BYTES = 8 << 20
_NEXT = re.compile(r"<([^<>]{1,4096})>[^,<>]{0,200}?;\s*rel=\"?next\b")


def tags_of(image: Image, answer: Answer) -> tuple[str, ...]:
    """The tags of one page. Raises ResolveError."""
    value = parsed(answer.data)
    tags = value.get("tags")
    if "tags" not in value or not isinstance(tags, list | None):
        raise strange(image, "something that is no list of tags")
    return tuple(tag for tag in tags or () if isinstance(tag, str) and fits("tag", tag))


def next_page(answer: Answer) -> str | None:
    """The path of the next page, which lies on the same server (RFC 8288); None after the last."""
    found = _NEXT.search(answer.headers.get("link", "")[:8192])
    if found is None:
        return None
    try:
        here, there = parse(answer.url), parse(urljoin(answer.url, found[1]))
    except (SourceError, ValueError):
        return None
    if there.origin != here.origin or there.url == here.url:
        return None
    return there.path + (f"?{there.query}" if there.query else "")
