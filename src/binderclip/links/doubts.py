"""What has to be so for a link to work, and what it leaves out: notes for people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from binderclip.environment import Environment
from binderclip.links.model import Asked
from binderclip.spec.model import Reference
from binderclip.spec.places import HEAD

_SHORT = 12
_LOST = r"[#?]|%[0-9A-Fa-f]{2}"


def on_a_binderhub(asked: Asked) -> Iterator[str]:
    binder = asked.binder
    if binder and binder.frozen and binder.frozen.files:
        yield "the files that freezing pinned are not in the link: the repository's own are built"


def on_a_jupyterhub(asked: Asked) -> Iterator[str]:
    if asked.binder and not Environment.of(asked.binder).bare:
        yield "the hub's own environment stands in for the one that the notebook names"


def left_out(asked: Asked, *, pulled: Reference | None = None) -> Iterator[str]:
    """The repositories that a session would have and the link does not bring."""
    binder = asked.binder
    parts = {"content": binder.content, "config": binder.config} if binder else {}
    for key, part in parts.items():
        if part is not None and part is not pulled:
            yield f"{part.url}, which the notebook names as {key}, does not come with it"


def other_version(build: Reference, seen: Reference) -> Iterator[str]:
    """Where the link opens another version of the notebook than the one that was read."""
    word, wanted = build.hash or build.ref or HEAD, seen.hash or seen.ref
    if wanted and word not in {wanted, HEAD if seen.ref else wanted}:
        yield f"the notebook opens as it is at {word[:_SHORT]}, not at {wanted[:_SHORT]}"


def unquoted_twice(path: str, *, pulled: Reference | None = None) -> Iterator[str]:
    """BinderHub's page since it is made with React reads the query with wouter's ``useSearch``,
    which applies decodeURI before URLSearchParams unquotes it. What is quoted again inside (all of
    a pull) bears the loss, but for these.
    """
    found = re.search(_LOST, path)
    if pulled and not found:
        found = re.search(rf"[&+]|{_LOST}", f"{pulled.url}{pulled.ref or ''}")
    if found:
        yield (
            f"newer BinderHubs unquote links twice, so that {found[0]!r} in a name or branch may "
            "get lost on the way"
        )
