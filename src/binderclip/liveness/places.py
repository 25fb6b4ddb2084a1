"""What is asked of each kind of place. ResolveError says that something is gone, Unreachable that
it could not be asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from binderclip.errors import RateLimited, ResolveError, Unreachable
from binderclip.liveness.model import Sign, State
from binderclip.spec.model import Reference
from binderclip.spec.places import DOI, canonical

if TYPE_CHECKING:
    from binderclip.registries import Registries
    from binderclip.repositories import Repository, history
    from binderclip.web import Web

_NOT_FOUND = (404, 410)
_SHORT = 12


async def host(web: Web, url: str) -> Sign:
    """A hub to launch on: silent too where it is ill, or its quota is full; gone where something
    else answers in its place.
    """
    from binderclip.hubs.probe import probe  # noqa: PLC0415 - many notebooks name no host

    found = await probe(web, url)
    if found.kind is None and found.version == "":
        return Sign("host", url, "gone", found.why)
    state: State = "well" if found.kind and found.healthy else "silent"
    return Sign("host", url, state, found.why)


async def deposit(web: Web, part: str, place: Reference) -> Sign:
    """A DOI is asked for at its resolver; https://www.doi.org/the-identifier/resources/handbook/."""
    found = canonical(place)
    url = f"{DOI}/api/handles/{quote(found.path)}" if found.host == DOI else place.url
    answer = await web.ask("GET", url)
    if answer.status in _NOT_FOUND:
        return Sign(part, place.url, "gone", "nothing is there any more")
    if not answer.ok:
        return Sign(part, place.url, "silent", f"answered {answer.status}")
    return Sign(part, place.url, "well", "the deposit is there")


async def git(repository: Repository, part: str, place: Reference) -> Sign:
    """A commit, and the ref that it was frozen from. Raises ResolveError, Unreachable, Refused."""
    from binderclip.repositories import history  # noqa: PLC0415 - many notebooks name none

    ref, what = place.ref or "HEAD", place.url
    if place.hash is None:
        now = await repository.resolve(ref)
        said = f"{ref} is there, at {now[:_SHORT]}; it is not frozen"
        return Sign(part, what, "loose", said, now=now)
    short = place.hash[:_SHORT]
    try:
        found = await history.standing(repository, place.hash, ref)
    except ResolveError as error:
        if not await history.exists(repository, place.hash):
            raise
        return Sign(part, what, "moved", f"commit {short} is there; {error.message}")
    if not found.exists:
        said = f"commit {short} is not there any more; {ref} is at {found.now[:_SHORT]}"
        return Sign(part, what, "gone", said, now=found.now)
    if found.now == place.hash:
        said = f"commit {short} is there, and is what {ref} is now"
        return Sign(part, what, "well", said, now=found.now, ahead=0)
    return _moved(part, place, found)


def _moved(part: str, place: Reference, found: history.Standing) -> Sign:
    ref, short = place.ref or "HEAD", (place.hash or "")[:_SHORT]
    said = f"commit {short} is there; {ref} has moved on to {found.now[:_SHORT]}"
    if found.rewritten:
        said = f"commit {short} is there; {ref} was rewritten since, and does not hold it"
    elif found.ahead:
        commits = "1 commit" if found.ahead == 1 else f"{found.ahead} commits"
        said = f"{said}, {commits} ahead"
    return Sign(part, place.url, "moved", said, now=found.now, ahead=found.ahead)


async def image(registries: Registries, place: Reference) -> Sign:
    """A digest, the tag that it was frozen from, and newer tags. Raises ResolveError,
    Unreachable, RateLimited.
    """
    from binderclip.registries import Image, newer  # noqa: PLC0415 - many notebooks name none

    named = Image.of(place)
    what = str(named.pinned(None))
    there = not place.hash or await registries.exists(named)
    try:
        now: str | None = await registries.digest(named.pinned(None))
    except ResolveError:
        if not place.hash:
            raise
        now = None
    if not there:
        tag = f"the tag {place.ref or 'latest'} is " + ("another image" if now else "gone too")
        said = f"{(place.hash or '')[:19]} is not there any more; {tag}"
        return Sign("image", what, "gone", said, now=now)
    try:
        fresh = newer(place.ref or "latest", await registries.tags(named))
    except (ResolveError, Unreachable, RateLimited):  # some registries list tags to nobody
        fresh = ()
    return _image_sign(place, what, now, fresh)


def _image_sign(place: Reference, what: str, now: str | None, fresh: tuple[str, ...]) -> Sign:
    tag = place.ref or "latest"
    latest = f"; {fresh[-1]} is newer" if fresh else ""
    if place.hash is None:
        said = f"{tag} is there; it is not frozen{latest}"
        return Sign("image", what, "loose", said, now=now, newer=fresh)
    if now is None:
        said = f"the digest is there; the tag {tag} is gone{latest}"
        return Sign("image", what, "moved", said, newer=fresh)
    if now != place.hash:
        said = f"the digest is there; {tag} is another image now{latest}"
        return Sign("image", what, "moved", said, now=now, newer=fresh)
    if fresh:
        return Sign("image", what, "newer", f"it is there{latest}", now=now, newer=fresh)
    return Sign("image", what, "well", f"it is there, and is what {tag} is now", now=now)
