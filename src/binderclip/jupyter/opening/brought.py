"""The part of the page about the files that come with a notebook."""

from __future__ import annotations

from collections.abc import Mapping

from binderclip.amounts import count, size
from binderclip.copying.model import File
from binderclip.jupyter.opening.offer import Offer
from binderclip.jupyter.opening.present import State
from binderclip.jupyter.opening.telling import told
from binderclip.pages.markup import Html, element, joined, visible
from binderclip.pages.telling import sentence

_LISTED = 200
_OPENED = 8
_LONGEST = 300
# What other programs take in by its name, or run.
_CODE = (
    *(".py", ".pyc", ".pyd", ".so", ".dylib", ".dll", ".egg", ".whl", ".zip", ".ipy", ".r", ".jl"),
    *(".js", ".sh", ".pl", ".pm", ".rb", ".lua"),
)
_STATES: Mapping[State, str | None] = {
    "new": None,
    "same": "there already",
    "other": "another is there, and stays",
    "there": "one is there, and stays",
    "blocked": "not placed: a folder above it is a file or a link",
}


def content(offer: Offer) -> Html | None:
    failure, copies = offer.found.content_failure, offer.copies
    if failure is not None:
        return _failure(" ".join(told(failure).lines))
    if copies is None:
        return None
    files = (*copies.files, *(file for file, _ in offer.refused))
    if not files:
        return element("p", "Nothing of its content is placed.")
    origin = files[0].origin
    place = element("bdi", origin.repository.shown, class_="name")
    return joined(
        (
            element("p", "Files of ", place, f" at {origin.ref} ({origin.commit[:12]})"),
            _refused(offer.refused),
            _files(offer),
        )
    )


def _failure(why: str) -> Html:
    return element(
        "div",
        element("p", element("span", "≠", aria_hidden="true"), element("strong", "Not to be had")),
        element("p", "The notebook opens without them. ", sentence(why), class_="why"),
        class_="verdict other",
    )


def _refused(refused: tuple[tuple[File, str], ...]) -> Html | None:
    """All of them, however many."""
    if not refused:
        return None
    rows = [element("li", _path(file), f": {why}") for file, why in refused]
    summary = f"{count(len(refused), 'file')} left out"
    return element("details", element("summary", summary), element("ul", *rows), open_=True)


def _files(offer: Offer) -> Html:
    """Code first, of which the most may come."""
    files = offer.copies.files if offer.copies else ()
    if not files:
        return element("p", "Nothing of it is placed.")
    ordered = sorted(files, key=lambda file: not _is_code(file))
    shown, hidden = ordered[:_LISTED], ordered[_LISTED:]
    rows = [_row(file, offer.states.get(file.path, "new")) for file in shown]
    if hidden:
        code = sum(map(_is_code, hidden))
        more = f", {code} of them code" if code else ""
        rows.append(element("li", f"and {len(hidden)} more that are not shown here{more}"))
    return element(
        "details",
        element("summary", _summary(offer, files)),
        element("ul", *rows),
        open_=len(files) <= _OPENED,
    )


def _summary(offer: Offer, files: tuple[File, ...]) -> str:
    total = size(sum(file.size_bytes for file in files))
    told = f"{count(len(files), 'file')}, {total}, into your home folder"
    there = len(files) - offer.new
    if there == len(files):
        return f"{told}: nothing is written, since {'it is' if there == 1 else 'all are'} there"
    return f"{told}: {offer.new} to be written, and over no other" if there else told


def _row(file: File, state: State) -> Html:
    mark = _STATES[state]
    return element(
        "li",
        _path(file),
        f" · {size(file.size_bytes)}",
        element("span", f" · {mark}", class_=f"state {state}") if mark else None,
    )


def _path(file: File) -> Html:
    return element("bdi", visible(f"$HOME/{file.path}", _LONGEST))


def _is_code(file: File) -> bool:
    return file.path.lower().endswith(_CODE) or file.executable
