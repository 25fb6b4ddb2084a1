"""What registries know of an image."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Self

from binderclip.addresses.link import quoted
from binderclip.errors import BinderclipError
from binderclip.guard import Guard
from binderclip.once import Once
from binderclip.platforms import oci_platform
from binderclip.registries import manifests, pages
from binderclip.registries.credentials import Credentials, NoCredentials, StoredCredentials
from binderclip.registries.images import Image
from binderclip.registries.line import Line
from binderclip.registries.refusals import made_for_others, missing, strange
from binderclip.spec.grammar import fits

if TYPE_CHECKING:
    from binderclip.web import Answer

_PAGES = 200
_PAGES_FOR_A_HINT = 5
_MAX_TAGS = 50_000
_DIGEST = "docker-content-digest"
_NO_HEAD = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)


@dataclass(frozen=True, slots=True)
class _Found:
    """``data`` is the manifest where it had to be read to know its digest."""

    digest: str
    data: bytes | None = None


class Registries:
    """One command's dealings with registries; an async context manager.

    Tokens are kept as long as it lives, and each thing is asked once however many want to know
    it, at the same time or later. ``credentials`` are by default the person's own where the guard
    is personal, and none elsewhere. A registry on this machine may speak plain http, as Docker
    allows; others only where their address says so.

    All of it raises ResolveError, Unreachable, RateLimited, ConfigError (for logins that cannot be
    read) and AddressForbidden.
    """

    def __init__(self, guard: Guard, *, credentials: Credentials | None = None) -> None:
        own = StoredCredentials() if guard.personal else NoCredentials()
        self._line = Line(guard, own if credentials is None else credentials)
        self._known = Once()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._known.aclose()
        await self._line.close()

    async def digest(self, image: Image, *, platform: str | None = None) -> str:
        """What the image's tag leads to now, ``latest`` without one: of an image for several
        platforms the index's digest. An image that has a digest and no tag is looked up by it.

        With ``platform``, as conda ("linux-64") or registries ("linux/arm64") name it, the image
        has to offer it, as far as it says what it offers. A platform that no image is made for is
        not looked at.
        """
        reference = image.tag or image.digest or image.shown_tag
        place = (image.registry, image.name)
        found = await self._known.get(
            ("manifest", *place, reference), lambda: self._looked_up(image, reference)
        )
        wanted = oci_platform(platform) if platform else None
        if wanted:
            offers = await self._known.get(
                ("offers", *place, found.digest), lambda: self._offers(image, found)
            )
            if offers and not manifests.fits(wanted, offers):
                raise made_for_others(image, wanted, offers)
        return found.digest

    async def exists(self, image: Image) -> bool:
        """Can the image be had, by its digest, or by its tag where it has no digest? False where
        the registry says that it has none such; ResolveError where it only says that we may not
        look, as many do for a repository that is gone.
        """
        reference = image.digest or image.shown_tag
        answer = await self._known.get(
            ("there", image.registry, image.name, reference),
            lambda: self._glance(image, reference),
        )
        return _is_there(image, answer)

    async def tags(self, image: Image) -> tuple[str, ...]:
        """The tags of the image's repository in the registry's order, at most fifty thousand; what
        is no tag is left out.
        """
        return await self._known.get(
            ("tags", image.registry, image.name), lambda: self._listed(image, _PAGES)
        )

    async def _looked_up(self, image: Image, reference: str) -> _Found:
        answer = await self._glance(image, reference)
        if not _is_there(image, answer):
            raise await self._missing(image)
        stated = answer.headers.get(_DIGEST, "")
        known = manifests.is_manifest(answer.headers.get("content-type", ""))
        if answer.data or not known or not fits("digest", stated):
            return await self._read(image, reference)
        if fits("digest", reference) and stated != reference:
            raise strange(image, "another image than the one asked for")
        return _Found(stated)

    async def _glance(self, image: Image, reference: str) -> Answer:
        """By HEAD, which counts towards nobody's limits; by GET where a registry knows no HEAD."""
        path = f"manifests/{quoted(reference)}"
        answer = await self._line.ask(image, "HEAD", path, manifests.MAX_BYTES, "a manifest")
        if answer.status in _NO_HEAD:
            return await self._line.ask(image, "GET", path, manifests.MAX_BYTES, "a manifest")
        return answer

    async def _read(self, image: Image, reference: str) -> _Found:
        """Get the manifest itself, and reckon its digest."""
        path = f"manifests/{quoted(reference)}"
        answer = await self._line.ask(image, "GET", path, manifests.MAX_BYTES, "a manifest")
        if not _is_there(image, answer):
            raise await self._missing(image)
        kind = manifests.kind_in(answer.data)
        if kind is None:
            raise strange(image, "something that is no manifest")
        if kind == "old":
            raise strange(image, "a manifest of Docker's first format, which has no lasting digest")
        digest = f"sha256:{hashlib.sha256(answer.data).hexdigest()}"
        stated = {answer.headers.get(_DIGEST, ""), reference}
        if any(fits("digest", one) and one != digest for one in stated):
            raise strange(image, "a manifest that is not what its digest says")
        return _Found(digest, answer.data)

    async def _offers(self, image: Image, found: _Found) -> tuple[str, ...]:
        """The platforms of an image; empty where they are not said."""
        data = found.data or (await self._read(image, found.digest)).data or b""
        if manifests.kind_in(data) == "index":
            return manifests.offered(data)
        digest = manifests.config_of(data)
        if digest is None or not fits("digest", digest):
            return ()
        # An image is not refused because what it says of itself cannot be read just now.
        with suppress(BinderclipError):
            most = manifests.MAX_CONFIG_BYTES
            answer = await self._line.ask(image, "GET", f"blobs/{digest}", most, "a configuration")
            if answer.ok and f"sha256:{hashlib.sha256(answer.data).hexdigest()}" == digest:
                return manifests.made_for(answer.data)
        return ()

    async def _listed(self, image: Image, most_pages: int) -> tuple[str, ...]:
        found: dict[str, None] = {}
        path: str | None = "tags/list?n=1000"
        for _ in range(most_pages):
            if path is None or len(found) >= _MAX_TAGS:
                break
            answer = await self._line.ask(image, "GET", path, pages.MAX_BYTES, "a list of tags")
            if not _is_there(image, answer):
                raise missing(image, ())
            found.update(dict.fromkeys(pages.tags_of(image, answer)))
            path = pages.next_page(answer)
        return tuple(found)[:_MAX_TAGS]

    async def _missing(self, image: Image) -> BinderclipError:
        tags: tuple[str, ...] = ()
        if image.tag or not image.digest:
            with suppress(BinderclipError):
                tags = await self._listed(image, _PAGES_FOR_A_HINT)
        return missing(image, tags)


def _is_there(image: Image, answer: Answer) -> bool:
    """False for a 404. Raises ResolveError for what is neither that nor an answer."""
    if answer.ok:
        return True
    if answer.status == HTTPStatus.NOT_FOUND:
        return False
    raise strange(image, f"the status {answer.status}")
