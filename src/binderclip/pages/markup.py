"""HTML, made so that nothing a stranger wrote can become markup or change how text reads."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable

_MAX_TEXT = 4000
_VOID = frozenset({"input", "link", "meta"})
# What browsers send or go to, and people do not read: whole, or it would be something else.
_WHOLE = frozenset({"action", "content", "href", "value"})
# Control and format characters (which turn the direction of text, or are not seen), surrogates,
# private and unassigned code points, and line ends of Unicode's own.
_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Html(str):
    """Markup: what is no ``Html`` is escaped on its way into an element."""

    __slots__ = ()


def visible(text: str, most: int = _MAX_TEXT) -> str:
    """``text`` on one line, cut at ``most`` characters: what cannot be seen as an escape. Unlike
    ``masking.printable``, which is for logs and terminals too, it leaves all blanks as they are.
    """
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        ascii(char)[1:-1] if unicodedata.category(char) in _ESCAPED else char for char in text
    )


def markup(child: str) -> Html:
    return child if isinstance(child, Html) else Html(html.escape(visible(child), quote=True))


def element(tag: str, /, *children: str | None, **attributes: str | bool | None) -> Html:
    """``<tag …>``. Names of attributes lose an underscore at their end, the others are hyphens
    (``http_equiv``). What is None is left out, True has no value. Attributes that are read by
    nobody but the browser are never cut.
    """
    parts = [tag]
    for key, value in attributes.items():
        word = key.rstrip("_").replace("_", "-")
        if value is True:
            parts.append(word)
        elif value is not None and value is not False:
            text = html.escape(value, quote=True) if word in _WHOLE else markup(value)
            parts.append(f'{word}="{text}"')
    opening = f"<{' '.join(parts)}>"
    return Html(opening if tag in _VOID else f"{opening}{joined(children)}</{tag}>")


def joined(children: Iterable[str | None]) -> Html:
    return Html("".join(markup(child) for child in children if child is not None))


def document(title: str, *body: str | None, head: Iterable[Html] = ()) -> str:
    """A whole page. ``head`` comes before the title, which is not cut short by a long name."""
    viewport = element("meta", name="viewport", content="width=device-width, initial-scale=1")
    parts = (
        element("meta", charset="utf-8"),
        viewport,
        element("meta", name="color-scheme", content="light dark"),
        *head,
        element("title", title),
    )
    page = element("html", element("head", *parts), element("body", *body), lang="en")
    return f"<!doctype html>\n{page}\n"
