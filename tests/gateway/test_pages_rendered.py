"""A notebook's first words on the page: Markdown, and nothing that a stranger could do with it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.gateway.pages.rendered import TAGS, rendered
from binderclip.pages.excerpt import Excerpt
from binderclip.pages.markup import visible

PIECES = st.sampled_from(
    [
        *("# ", "## ", "> ", "- ", "1. ", "7) ", "```py\n", "    ", "---", "***", "**", "_", "`"),
        *("\n", "\n\n", "\\", "  \n", "[a](javascript:x)", "![a](x.png)", "[a]: http://evil.org"),
        *("<script>", "</div>", "<b onclick=x>", "<!--", "]]>", "<http://evil.org>", "&#x202e;"),
        *("&lt;b&gt;", "&amp;", '"', "'", "\u202e", "\x1b", "\x00", "www.evil.org", "| a | b |"),
    ]
)


class Seen(HTMLParser):
    """Elements in the order in which they begin, each closed in turn; and the text between."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[Any]]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[Any]) -> None:
        self.tags.append((tag, attrs))
        if tag not in {"br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def shown(text: str, name: str = "a.ipynb") -> str | None:
    return rendered(Excerpt(lines=tuple(text.splitlines())), name, text=name != "a.ipynb")


def read(page: str) -> Seen:
    seen = Seen()
    seen.feed(page)
    seen.close()
    assert not seen.open
    return seen


@given(st.lists(PIECES | st.text(max_size=6), max_size=40).map("".join))
def test_whatever_it_says_it_is_words(text: str) -> None:
    found = shown(text)
    if found is None:
        return
    seen = read(found)
    assert seen.tags[0] == ("div", [("class", "words"), ("dir", "auto")])
    assert all(tag in TAGS and not attrs for tag, attrs in seen.tags[1:])
    for line in seen.text.split("\n"):
        assert visible(line) == line


@given(st.text("ab1 \n>*-#`_~[]()<!", max_size=300))
def test_no_word_is_lost(text: str) -> None:
    text = re.sub(r"[`~]{3,}", "", text)  # what stands beside a fence names a language
    found = shown(text)
    assert found is None or re.findall("[ab]", read(found).text) == re.findall("[ab]", text)


def test_what_it_looks_like() -> None:
    text = "# Moon\n\n*Tides*, **high** and `low`:\n- one\n- two\n\n> said\n\n```py\nx < 1\n```"
    assert shown(text) == (
        '<div class="words" dir="auto"><h3>Moon</h3><p><em>Tides</em>, <strong>high</strong> and '
        "<code>low</code>:</p><ul><li>one</li><li>two</li></ul><blockquote><p>said</p></blockquote>"
        "<pre>x &lt; 1</pre></div>"
    )


def test_links_and_markup_are_words() -> None:
    text = "[log in](https://evil.org) ![x](y) <https://evil.org> <b>b</b> &#x202e;\u202e"
    found = shown(text) or ""
    assert [tag for tag, _ in read(found).tags] == ["div", "p"]
    assert read(found).text == text.replace("&#x202e;\u202e", "\\u202e\\u202e")


@pytest.mark.parametrize("text", [">" * 300 + " deep", "- " * 100 + "deep", "2021. A year", ""])
def test_what_would_lose_words_stays_as_it_is(text: str) -> None:
    assert shown(text) is None


def test_scripts_are_no_markdown() -> None:
    assert shown("# %% [markdown]\n# # Moon", "a.py") is None
    assert shown("# Moon", "a.Rmd") is not None
