"""Parts of pages that show a notebook: what others wrote is shown as their words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from binderclip.addresses.link import MAX_CHARACTERS, parse
from binderclip.addresses.loopback import is_loopback
from binderclip.addresses.masking import masked
from binderclip.addresses.source import Source
from binderclip.amounts import count, size
from binderclip.pages.excerpt import Excerpt
from binderclip.pages.markup import Html, element, joined
from binderclip.pages.telling import sentence, shortened

_DIGEST = re.compile(r"[0-9a-f]{64}(\.[A-Za-z]+)?")


def facts(rows: Mapping[str, Html | None]) -> Html:
    return element(
        "dl",
        *(
            element("div", element("dt", name), element("dd", value))
            for name, value in rows.items()
            if value is not None
        ),
    )


def called(excerpt: Excerpt) -> Html | None:
    """A stranger's words, and never the page's."""
    if not excerpt.title:
        return None
    title = element("q", element("bdi", excerpt.title))
    return element("p", "It calls itself ", title, class_="said")


def named(name: str, title: str | None) -> Html:
    """A notebook as a heading calls it: by its own title in quotes, where it is ``digest_named``
    and has one.
    """
    if title and digest_named(name):
        return element("q", element("bdi", title))
    return element("bdi", plain(name))


def digest_named(name: str) -> bool:
    """Whether a file is called by a digest, as shared ones are: it says nothing to people."""
    return _DIGEST.fullmatch(name) is not None


def plain(name: str) -> str:
    """A file's name, as far as it is one for people."""
    return "a shared notebook" if digest_named(name) else name


def summary(excerpt: Excerpt, size_bytes: int, *, text: bool) -> Html:
    return element("p", *_summary(excerpt, size_bytes, text=text), class_="summary")


def _summary(excerpt: Excerpt, size_bytes: int, *, text: bool) -> Iterator[str]:
    yield f"A {'text notebook' if text else 'notebook'} of {size(size_bytes)}"
    if excerpt.cells is not None:
        yield f" · {count(excerpt.cells, 'cell')}, {excerpt.code} of code"


def origin(source: Source, url: str, *, own: bool = False) -> Html:
    """Where a notebook came from: ``url`` in the end, and what ``source`` says of it. ``own``: the
    service keeps it itself, so that it came over no network.
    """
    link = parse(url)
    host = f"{link.host}:{link.port}" if link.port else link.host
    shown = masked(url)
    open_way = link.scheme == "http" and not own and not is_loopback(link.host)
    insecure = "Over plain http: anybody on the way could have changed it."
    return joined(
        (
            element("p", element("strong", host, class_="host"), dir="ltr"),
            element("p", shown, class_="address", dir="ltr"),
            element("p", insecure, class_="quiet") if open_way else None,
            _asked(source, shown),
        )
    )


def _asked(source: Source, shown: str) -> Html | None:
    """The address of the link, where the notebook came from another."""
    asked = masked(source.address)
    if asked == shown:
        return None
    how = "" if source.how == "taken as it is" else f" ({shortened(source.how)})"
    address = element("span", asked, class_="address", dir="ltr")
    return element("p", "The link says ", address, how, ".", class_="quiet")


def sentences(lines: Iterable[str]) -> Html | None:
    """A paragraph each; None where there are no lines."""
    told = [element("p", sentence(line)) for line in lines]
    return joined(told) if told else None


def notice(lines: Iterable[str]) -> Html | None:
    """What people are told before all else; None where there are no lines."""
    told = sentences(lines)
    return None if told is None else element("div", told, class_="notice", role="status")


def lines_of(text: Iterable[str]) -> Html:
    """Lines as they are, to stand in a ``pre``."""
    return Html("\n".join(str(joined((line,))) for line in text))


def beginning(excerpt: Excerpt, shown: Html | None = None) -> Html | None:
    """``shown`` instead of the lines as they are."""
    if not excerpt.lines:
        return None
    return element(
        "section",
        element("h2", "How the notebook begins"),
        shown or element("pre", lines_of(excerpt.lines), dir="auto"),
        class_="head",
    )


def address_box(url: str, placeholder: str | None = None) -> Html:
    """Where people type a notebook's address; what is said of it has the id ``about``."""
    return element(
        "input",
        id="url",
        name="url",
        value=url[:MAX_CHARACTERS],
        type="text",
        inputmode="url",
        maxlength=str(MAX_CHARACTERS),
        required=True,
        autofocus=True,
        autocomplete="off",
        autocapitalize="off",
        spellcheck="false",
        placeholder=placeholder,
        aria_describedby="about",
    )


def going_on(steps: Sequence[str], said: str, again: str) -> Html:
    """What was done, what is, and ``said``: that the page looks again, as ``again`` does now."""
    last = len(steps) - 1
    rows = [
        element("li", step, aria_current="step" if number == last else None)
        for number, step in enumerate(steps)
    ]
    now = element("a", "look again now", href=again)
    return joined(
        (
            element("div", class_="bar", role="presentation"),
            element("ol", *rows, class_="steps", aria_live="polite"),
            element("p", f"{said} This page looks again by itself; ", now, ".", class_="quiet"),
        )
    )
