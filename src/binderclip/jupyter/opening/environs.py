"""The part of the page about the notebook's environment."""

from __future__ import annotations

from binderclip.jupyter.opening.describing import Wanted
from binderclip.pages.markup import Html, element, joined
from binderclip.pages.telling import sentence

_BY_NAME = "the same by name"
_VERDICTS = {
    "same": ("✓", "This server has it"),
    "other": ("≠", "This server has something else"),
    "unknown": ("?", "Whether this server has it is not known"),
}


def environment(wanted: Wanted) -> Html:
    if wanted.unread is not None:
        return _unread(wanted)
    if not wanted.words:
        return element("p", "The notebook names none: it runs with what this server has.")
    by = element("p", "Named by the launch link that was given:") if wanted.linked else None
    words = [
        element("p", f"{kind[:1].upper()}{kind[1:]} ", element("bdi", value, class_="name"))
        for kind, value in wanted.words
    ]
    return joined((by, *words, _match(wanted), *_steps(wanted)))


def _unread(wanted: Wanted) -> Html:
    rows = [element("li", sentence(fault)) for fault in wanted.faults]
    return joined(
        (
            element(
                "p", element("strong", "Not known: "), sentence(wanted.unread or "", inner=True)
            ),
            element("ul", *rows, class_="faults") if rows else None,
            element("p", "It opens here all the same.", class_="quiet"),
        )
    )


def _match(wanted: Wanted) -> Html | None:
    found = wanted.match
    if found is None:
        return None
    mark, word = _VERDICTS[found.verdict]
    # What is named was named just above.
    why = _BY_NAME if found.why.endswith(f": {_BY_NAME}") else found.why
    return element(
        "div",
        element("p", element("span", mark, aria_hidden="true"), element("strong", word)),
        element("p", sentence(why), class_="why"),
        class_=f"verdict {found.verdict}",
    )


def _steps(wanted: Wanted) -> tuple[Html | None, ...]:
    """What to do where this server may not have it."""
    if wanted.match is None or wanted.match.verdict == "same":
        return ()
    launch = _launch(wanted)
    built = _built() if wanted.files else None
    plain = None
    if launch is None and built is None:
        plain = element("p", "It opens here all the same; packages that it needs may be missing.")
    return (launch, built, plain)


def _built() -> Html:
    return element(
        "p",
        element("code", "binderclip open"),
        " and ",
        element("code", "binderclip run"),
        " make its environment of them: in a terminal here, or on a machine of your own.",
    )


def _launch(wanted: Wanted) -> Html | None:
    link = wanted.launch
    if link is None or not link.url.startswith(("https://", "http://")):
        return None
    host = link.host.partition("://")[2].rstrip("/")
    alone = link.kind == "binder-empty"
    what = f"Start its environment on {host}" if alone else f"Open it on {host} instead"
    whose = "which the notebook names" if wanted.named else "a public hub"
    rest = f", {whose}; the notebook itself is not in it." if alone else f", {whose}."
    return element("p", element("a", what, href=link.url, rel="noopener noreferrer"), rest)
