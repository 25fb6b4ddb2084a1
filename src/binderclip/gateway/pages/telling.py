"""Errors in the words of a web service. Other parts word them for the command line, where there are
files, paths and a network of one's own.
"""

from __future__ import annotations

from binderclip.errors import AddressForbidden, BinderclipError
from binderclip.pages import telling
from binderclip.pages.markup import Html, element, joined
from binderclip.pages.parts import lines_of
from binderclip.pages.telling import Words, sentence
from binderclip.rest.faults import hidden, own_folders

_SHARED = "put it where everybody can reach it"
_WORDS = Words(
    path=_SHARED,
    notebook="put the notebook where everybody can reach it",
    online="this service can reach the internet",
    authority=f"download the notebook in a browser, and {_SHARED}",
)
_ALLOWED = "; whoever runs this service says which networks it may reach"


def problem(error: BinderclipError) -> tuple[Html | None, ...]:
    """What was found, and what to do."""
    known = own_folders()
    said = telling.told(error, _hint(error))
    found = joined(element("p", sentence(hidden(line, known))) for line in said.lines)
    return element("div", found, class_="found", role="alert"), _to_do(
        hidden(said.hint or "", known)
    )


def _to_do(hint: str) -> Html | None:
    if not hint:
        return None
    lines = hint.splitlines()
    if len(lines) > 1:  # what a builder said last
        return element("pre", lines_of(lines), class_="said-last", tabindex="0", dir="ltr")
    return element("p", element("strong", "What to do: "), sentence(hint))


def passes(error: BinderclipError) -> bool:
    """Whether trying again can help."""
    return telling.told(error, error.hint).again


def _hint(error: BinderclipError) -> str | None:
    hint = error.hint
    if hint is None:
        return None
    hint = telling.reworded(hint, _WORDS)
    return hint + _ALLOWED if isinstance(error, AddressForbidden) else hint
