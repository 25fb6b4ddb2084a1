"""What has to be so for a link to work, and what it leaves out: notes for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from binderclip.environment import Environment
from binderclip.links.model import Asked, Nowhere
from binderclip.links.webaddress import private_host, secret
from binderclip.spec.model import Reference
from binderclip.spec.places import HEAD

_SHORT = 12
_LOST = r"[#?]|%[0-9A-Fa-f]{2}"
_LOST_IN_ADDRESS = r"[#&+]|%(?!20)[0-7][0-9A-Fa-f]"


def on_a_binderhub(asked: Asked) -> Iterator[str]:
    binder = asked.binder
    if binder and binder.frozen and binder.frozen.files:
        yield "the files that freezing pinned are not in the link: the repository's own are built"
    if binder and binder.image and binder.build:
        yield "a BinderHub builds the repository: the image that the notebook names is not used"
    if binder and binder.build and binder.auto and not binder.host:
        yield (
            "where the notebook was saved, no BinderHub was named: this one has to be able to get "
            f"{binder.build.url}"
        )


def on_a_jupyterhub(asked: Asked, *, what: str = "hub") -> Iterator[str]:
    if asked.binder and not Environment.of(asked.binder).bare:
        yield f"the {what}'s own environment stands in for the one that the notebook names"


def left_out(asked: Asked, *, pulled: Reference | None = None) -> Iterator[str]:
    """The repositories that a session would have and the link does not bring."""
    binder = asked.binder
    parts = {"content": binder.content, "config": binder.config} if binder else {}
    for key, part in parts.items():
        if part is not None and part is not pulled:
            yield f"{part.url}, which the notebook names as {key}, does not come with it"


def not_opened(asked: Asked) -> Iterator[str]:
    """What would make a link that opens the notebook, where it is nowhere."""
    if isinstance(asked.place, Nowhere):
        yield (
            f"the notebook {asked.place.why}: for a link that opens it, push it to a repository, "
            "or say with --repo and --path where it is"
        )


def fetched(asked: Asked) -> Iterator[str]:
    """What comes with a notebook that is opened by its address, and what does not."""
    content = asked.binder.content if asked.binder else None
    if content:
        yield f"{content.url}, which the notebook names as content, is fetched too"
    yield from left_out(asked, pulled=content)


def published(url: str) -> Iterator[str]:
    """What to mind where a link shows ``url`` to everybody and has a server fetch it."""
    if secret(url):
        yield "the address holds what looks like a secret, and whoever sees the link has it too"
    if host := private_host(url):
        yield f"{host} is in a network of yours: the server has to get in there"


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
        yield _unquoted_twice(found[0], "a name or branch")


def address_unquoted_twice(url: str) -> Iterator[str]:
    """The same for an address inside: an escape survives where quoting brings it back."""
    found = re.search(_LOST_IN_ADDRESS, url)
    if not found and "\ufffd" in unquote(url):  # not UTF-8
        found = re.search("%[89A-Fa-f][0-9A-Fa-f]", url)
    if found:
        yield _unquoted_twice(found[0], "the address")


def _unquoted_twice(found: str, where: str) -> str:
    return (
        f"newer BinderHubs unquote links twice, so that {found!r} in {where} may get lost on the "
        "way"
    )
