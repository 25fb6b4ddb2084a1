"""The first words of a notebook as Markdown, by an allowlist on both sides: rules that the parser
has, and elements that are written. A stranger's words get no links, no images, no attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from binderclip.addresses.naming import suffix
from binderclip.pages.excerpt import Excerpt
from binderclip.pages.markup import Html, element, markup
from binderclip.pages.parts import lines_of

_RULES = (
    *("heading", "lheading", "list", "blockquote", "fence", "code", "hr"),
    *("emphasis", "backticks", "escape", "entity", "newline"),
)
# Below the page's own h1, and the h2 that this stands under.
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
_PAIRS = frozenset({"p", "ul", "ol", "li", "blockquote", "em", "strong", *_HEADINGS.values()})
TAGS: Final = _PAIRS | {"br", "code", "hr", "pre"}
"""All that is ever written, and without attributes."""
_MARKDOWN = frozenset({".md", ".markdown", ".rmd", ".qmd"})
# The parser leaves out what is nested deeper; each level is calls within calls.
_DEEPEST = 16


def rendered(excerpt: Excerpt, name: str, *, text: bool) -> Html | None:
    """None for what is shown as it is: no Markdown, as the heads of scripts (``text``, by the
    suffix of ``name``), or what would lose words. Control and format characters are escapes.
    """
    if text and suffix(name) not in _MARKDOWN:
        return None
    tokens = _parser().parse("\n".join(excerpt.lines))
    if any(_loses(token) for token in tokens):
        return None
    inside = Html("".join(_written(tokens)))
    return element("div", inside, class_="words", dir="auto") if inside else None


def _parser() -> MarkdownIt:
    options = {"html": False, "linkify": False, "typographer": False, "maxNesting": _DEEPEST}
    return MarkdownIt("zero", options).enable(_RULES)


def _loses(token: Token) -> bool:
    """What is nested too deeply, and lists that do not begin with 1: the number is an attribute."""
    return token.level >= _DEEPEST - 1 or token.attrGet("start") is not None


def _written(tokens: Iterable[Token]) -> Iterator[str]:
    """Text is escaped here, after the parser, which has made characters of entities."""
    for token in tokens:
        tag = _HEADINGS.get(token.tag, token.tag)
        if token.children is not None:
            yield from _written(token.children)
        elif token.type in {"fence", "code_block"}:
            yield element("pre", lines_of(token.content.removesuffix("\n").split("\n")))
        elif token.type == "code_inline":
            yield element("code", token.content)
        elif token.type == "softbreak":
            yield "\n"
        elif token.type in {"hardbreak", "hr"}:
            yield f"<{tag}>"
        elif token.nesting and tag in _PAIRS:
            yield "" if token.hidden else f"<{'/' if token.nesting < 0 else ''}{tag}>"
        else:
            yield markup(token.content)
