"""A link as text, Markdown, HTML or reStructuredText: what it is made from is others' words, and
none of them ends its place in the syntax.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, TypeAlias, get_args
from urllib.parse import quote

from binderclip.links.model import Link

Form: TypeAlias = Literal["text", "markdown", "html", "rst"]
FORMS: tuple[Form, ...] = get_args(Form)

# What may stand in an address and means nothing in any of the syntaxes, "&" apart, which HTML
# escapes. Brackets stand around an IPv6 address alone.
_PLAIN = "/:?#@&=+,%~"
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u200e\u200f\u061c]+")


def written(link: Link, form: Form, *, name: str, badge: str | None = None) -> str:
    """``link`` in ``form``, without a line end behind it. ``name`` is the notebook's, for those
    who cannot see the picture; ``badge`` is the picture's address, by default the BinderHub's own
    or the gateway's.
    """
    if badge is None and link.kind.startswith("binder"):
        badge = f"{link.host.rstrip('/')}/badge_logo.svg"
    if badge is None and link.kind == "gateway":
        badge = f"{link.host.rstrip('/')}/badge.svg"
    host = link.host.partition("://")[2].rstrip("/")
    title = _BREAKS.sub(" ", f"Launch {name} on {host}")
    return _WRITERS[form](link.url, title, badge)


def armoured(address: str) -> str:
    """The same address with everything escaped that some syntax could take for its own."""
    address = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", address)
    host = found[0] if (found := re.match(r"https?://\[[0-9A-Fa-f:]+\]", address)) else ""
    address = host + quote(address[len(host) :], safe=_PLAIN, errors="replace")
    return f"{address[:-1]}%5F" if address.endswith("_") else address


def _text(url: str, _title: str, _badge: str | None) -> str:
    return url


def _markdown(url: str, title: str, badge: str | None) -> str:
    text = _marked(title)
    if badge is not None:
        text = f"![{text}]({armoured(badge)})"
    return f"[{text}]({armoured(url)})"


def _html(url: str, title: str, badge: str | None) -> str:
    from html import escape  # noqa: PLC0415 - one form alone needs it

    text = escape(title)
    if badge is not None:
        text = f'<img src="{escape(armoured(badge))}" alt="{text}">'
    return f'<a href="{escape(armoured(url))}">{text}</a>'


def _rst(url: str, title: str, badge: str | None) -> str:
    if badge is None:
        return f"`{_marked(title)} <{armoured(url)}>`__"
    lines = (f".. image:: {armoured(badge)}", f":target: {armoured(url)}", f":alt: {title}")
    return "\n   ".join(lines)


def _marked(title: str) -> str:
    """Punctuation escaped as Markdown and reStructuredText both do it."""
    return re.sub(r"([!-+:-@\[-`{-~])", r"\\\1", title)


_WRITERS: dict[Form, Callable[[str, str, str | None], str]] = {
    "text": _text,
    "markdown": _markdown,
    "html": _html,
    "rst": _rst,
}
