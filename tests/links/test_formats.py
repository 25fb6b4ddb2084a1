"""Links as Markdown, HTML and reStructuredText; nothing in them ends its place."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from binderclip.links import FORMS, Link, written
from binderclip.links.formats import armoured

LINK = Link(
    "binder",
    "https://mybinder.org/v2/gh/o/r/main?labpath=a%20b.ipynb",
    "https://mybinder.org",
    "mybinder.org: the notebook in its repository",
)
HUB = Link(
    "hub-pull",
    "https://hub.example.org/hub/user-redirect/git-pull?repo=x&branch=main&copy=1",
    "https://hub.example.org",
    "hub.example.org",
)
HOSTILE = [
    "a](https://evil.example) ![x](y).ipynb",
    '"><script>alert(1)</script>.ipynb',
    "' onerror='alert(1)' x='.ipynb",
    "a\n\n.. raw:: html\n\n   <script>.ipynb",
    "a\r\n# heading\u2028.ipynb",
    "`code` *b* _c_ ~~d~~ |e| \\.ipynb",
    "<https://evil.example>.ipynb",
    "&lt;b&gt; &copy; &#x41;.ipynb",
    "a|b.ipynb",
    "x_` <https://evil.example>`__ `y.ipynb",
    "\x1b[31mred\x07.ipynb",
    "\u202egnp.ipynb",
    "]]]](((( $$x$$ {{ x }} {% y %}.ipynb",
]
# What metadata may hold in hosts and paths: the grammar leaves these.
ADDRESSES = [
    "https://h.example/a)b(c'd*e!f;g$h/v2/gh/o'x/r)/main?labpath=x_",
    "https://h.example/v2/gh/o/r/&lt;&copy;&amp;x?labpath=a_",
    "https://[2001:db8::1]:8443/v2/gh/o/r/main",
    'https://h.example/"><img src=x onerror=alert(1)>/v2/gh/o/r/main',
    "https://h.example/`x` <y>\n\n.. raw:: html/v2/gh/o/r/main",
    "https://h.example/x\\](javascript:alert)/v2",
]


class Page(HTMLParser):
    """The elements of a page, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_as_people_know_them() -> None:
    assert written(LINK, "text", name="a b.ipynb") == LINK.url
    assert written(LINK, "markdown", name="a.ipynb") == (
        "[![Launch a.ipynb on mybinder.org](https://mybinder.org/badge_logo.svg)]"
        "(https://mybinder.org/v2/gh/o/r/main?labpath=a%20b.ipynb)"
    )
    assert written(LINK, "html", name="a.ipynb", badge="docs/my badge.svg") == (
        '<a href="https://mybinder.org/v2/gh/o/r/main?labpath=a%20b.ipynb">'
        '<img src="docs/my%20badge.svg" alt="Launch a.ipynb on mybinder.org"></a>'
    )
    assert written(LINK, "rst", name="a.ipynb") == (
        ".. image:: https://mybinder.org/badge_logo.svg\n"
        "   :target: https://mybinder.org/v2/gh/o/r/main?labpath=a%20b.ipynb\n"
        "   :alt: Launch a.ipynb on mybinder.org"
    )


def test_a_jupyterhub_has_no_badge_of_its_own() -> None:
    assert written(HUB, "markdown", name="a.ipynb").startswith(
        "[Launch a.ipynb on hub.example.org]("
    )
    assert "&amp;branch=main&amp;copy=1" in written(HUB, "html", name="a.ipynb")
    assert written(HUB, "rst", name="a.ipynb").endswith("copy=1>`__")
    assert "badge.svg" in written(HUB, "rst", name="a.ipynb", badge="badge.svg")


def elements(link: Link, form: Any, name: str, badge: str | None) -> Page:
    text = written(link, form, name=name, badge=badge)
    if form == "html":
        return Page(text)
    assert "\n" not in text
    return Page(
        MarkdownIt("gfm-like", {"linkify": False}).render(
            f"before {text} after\n\n| a |\n|---|\n| {text} |"
        )
    )


@pytest.mark.parametrize("form", ["markdown", "html"])
@pytest.mark.parametrize("link", [LINK, HUB], ids=lambda link: link.kind)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(form: str, link: Link, name: str) -> None:
    page = elements(link, form, name, None)
    about = [(tag, attrs) for tag, attrs in page.elements if tag in {"a", "img"}]
    shown = " ".join(re.sub(r"[\s\x00-\x1f\u2028\u202e]+", " ", f"Launch {name} on").split())
    for tag, attrs in about:
        if tag == "a":
            assert attrs == {"href": link.url}
        else:
            assert set(attrs) == {"src", "alt"}
            assert " ".join(str(attrs["alt"]).split()).startswith(shown)
    assert {tag for tag, _ in page.elements} <= {
        *("a", "img", "p", "table", "thead", "tbody", "tr", "th", "td")
    }
    assert len([tag for tag, _ in about if tag == "a"]) == (1 if form == "html" else 2)
    if link is HUB:
        assert shown in " ".join(page.text.split())


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("link", [LINK, HUB], ids=lambda link: link.kind)
def test_a_hostile_name_in_restructuredtext(name: str, link: Link) -> None:
    lines = written(link, "rst", name=name).split("\n")
    assert "".join(lines).isprintable()
    if link is HUB:
        assert len(lines) == 1
        inner = lines[0].removeprefix("`").rpartition(" <")[0]
        assert not re.search(r"(?<!\\)(?:\\\\)*[`<>_*|]", inner)
    else:
        assert [line.split(":: ")[0].split(": ")[0] for line in lines] == [
            ".. image",
            "   :target",
            "   :alt",
        ]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("form", FORMS)
def test_a_hostile_address_stays_in_its_place(form: Any, address: str) -> None:
    link = Link("binder", address, "https://h.example", "")
    if form == "text":
        return
    text = written(link, form, name="a.ipynb", badge=address)
    assert text.replace("\n   :", "").isprintable()
    if form == "rst":
        assert len(text.splitlines()) == 3
        assert not re.search(r"_$", text, re.MULTILINE)
        return
    found = elements(link, form, "a.ipynb", address).elements
    found = [(tag, attrs) for tag, attrs in found if tag in {"a", "img", "script"}]
    assert {tag for tag, _ in found} == {"a", "img"}
    wanted = armoured(address)
    assert {attrs.get("href") or attrs.get("src") for _, attrs in found} == {wanted}


@settings(max_examples=150, deadline=None, database=None)
@given(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text(st.characters(codec="utf-8"), max_size=20),
)
def test_any_name_and_any_address(name: str, rest: str) -> None:
    link = Link("binder", f"https://h.example/{rest}", "https://h.example", "")
    for form in ("markdown", "html"):
        found = [(t, a) for t, a in elements(link, form, name, None).elements if t in {"a", "img"}]
        assert [t for t, _ in found] == ["a", "img"] * (1 if form == "html" else 2)
        assert found[0][1]["href"] == armoured(link.url)


def test_armour_changes_nothing_that_is_plain() -> None:
    for address in (LINK.url, HUB.url, "https://[::1]:80/a/b?c=d&e=%20#f"):
        assert armoured(address) == address
    assert armoured("https://h/a_") == "https://h/a%5F"
