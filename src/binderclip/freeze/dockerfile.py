"""Pins the images that a Dockerfile names to digests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from binderclip.dockerfile import From, parse, pinned
from binderclip.errors import (
    BinderclipError,
    LaunchError,
    RateLimited,
    Refused,
    ResolveError,
    Unreachable,
)
from binderclip.freeze.locking import Lockable, Locked
from binderclip.registries import Image, Registries


class DockerfileLocker:
    """A Locker (see ``freeze.locking``). A digest that the file has itself stays, and is asked anew
    for its tag with ``upgrade``; without a tag it stays then too.
    """

    def __init__(self, registries: Registries) -> None:
        self._registries = registries

    async def lock(
        self, wanted: Lockable, *, upgrade: bool, observe: Callable[[str], None]
    ) -> Locked:
        """Raises ResolveError, Unreachable, RateLimited, Refused; one for all images that fail."""
        text = wanted.read()
        froms = parse(text, platform=wanted.platform)
        kept = {} if upgrade else _kept(wanted, froms)
        asked = [one for one in froms if one not in kept and _open(one, upgrade=upgrade)]

        async def ask(one: From) -> str:
            image = Image.parse(one.image).pinned(None)
            digest = await self._registries.digest(image, platform=one.platform or wanted.platform)
            observe(f"{one.image} → {digest}")
            return digest

        answers = await asyncio.gather(*map(ask, asked), return_exceptions=True)
        failed: list[tuple[From, LaunchError | ResolveError]] = []
        found = dict(kept)
        for one, answer in zip(asked, answers, strict=True):
            if isinstance(answer, ResolveError | LaunchError):
                failed.append((one, answer))
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found[one] = answer
        if failed:
            raise _together(wanted.path, failed)
        return Locked(pinned(text, found), tuple(_remarks(wanted.path, found)))

    def holds(self, wanted: Lockable) -> str | None:
        """As ``holds`` below."""
        return holds(wanted)

    async def alive(self, wanted: Lockable) -> str | None:
        """Raises Unreachable, RateLimited, Refused."""
        if wanted.previous is None:
            return None
        froms = parse(wanted.previous, platform=wanted.platform)
        images = [Image.parse(one.image) for one in froms]
        told = await asyncio.gather(*(self._gone(image) for image in images))
        gone = [
            f"{wanted.path}, line {one.line}: {why}"
            for one, why in zip(froms, told, strict=True)
            if why
        ]
        return "\n".join(dict.fromkeys(gone)) or None

    async def _gone(self, image: Image) -> str | None:
        try:
            there = await self._registries.exists(image)
        except ResolveError as error:
            return error.message
        return None if there else f"{image} is not there any more"


def holds(wanted: Lockable) -> str | None:
    """Does ``wanted.previous`` still answer it? Raises Refused."""
    text = wanted.read()
    froms = parse(text, platform=wanted.platform)
    if wanted.previous is None:
        return f"{wanted.path} is not frozen" if froms else None
    before = _digests(wanted, froms)
    for one in froms:
        if one not in before and _open(one, upgrade=False):
            return f"{wanted.path}, line {one.line}: {one.image} is not frozen"
    same = pinned(text, before) == wanted.previous
    return None if same else f"{wanted.path} was changed since it was frozen"


def _open(one: From, *, upgrade: bool) -> bool:
    """Is its digest to be asked for?"""
    image = Image.parse(one.image)
    return image.digest is None or (upgrade and image.tag is not None)


def _kept(wanted: Lockable, froms: tuple[From, ...]) -> Mapping[From, str]:
    """What the images were frozen to before and may stay at, wherever in the file they stand. An
    image whose own digest was written by a person has that one.
    """
    before: dict[tuple[Image, str | None], str] = {}
    if wanted.previous is not None:
        for one in _parsed_before(wanted):
            image = Image.parse(one.image)
            if image.digest:
                before.setdefault((image.pinned(None), one.platform), image.digest)
    found = {}
    for one in froms:
        image = Image.parse(one.image)
        digest = before.get((image, one.platform)) if image.digest is None else None
        if digest:
            found[one] = digest
    return found


def _digests(wanted: Lockable, froms: tuple[From, ...]) -> Mapping[From, str]:
    """The digests of the frozen text, for the same images at the same places that have none of
    their own.
    """
    found = {}
    for one, then in zip(froms, _parsed_before(wanted), strict=False):
        image, was = Image.parse(one.image), Image.parse(then.image)
        if was.digest and was.pinned(None) == image:
            found[one] = was.digest
    return found


def _parsed_before(wanted: Lockable) -> tuple[From, ...]:
    """Nothing for a frozen text that no builder takes: it was not written by us."""
    try:
        return parse(wanted.previous or "", platform=wanted.platform)
    except Refused:
        return ()


def _remarks(path: str, found: Mapping[From, str]) -> list[str]:
    remarks = []
    for one, digest in sorted(found.items(), key=lambda item: item[0].span):
        own = Image.parse(one.image).digest
        if one.argued:
            remarks.append(
                f"{path}, line {one.line}: its variables were filled in, which gives {one.image}; "
                "build arguments no longer change it"
            )
        if own and own != digest:
            remarks.append(
                f"{path}, line {one.line}: the file itself has an older digest, which counts again "
                f"when you next freeze without upgrading; put {digest} there"
            )
    return remarks


def _together(path: str, failed: list[tuple[From, LaunchError | ResolveError]]) -> BinderclipError:
    """One error that names all of them. What is not there outweighs what did not answer."""
    lines = [f"{path}, line {one.line}: {error.message}" for one, error in failed]
    message = "\n".join(dict.fromkeys(lines))
    errors = [error for _, error in failed]
    hint = next((error.hint for error in errors if error.hint), None)
    if any(isinstance(error, ResolveError) for error in errors):
        return ResolveError(message, hint=hint)
    waits = [error for error in errors if isinstance(error, RateLimited)]
    if len(waits) == len(errors):
        longest_s = max((error.retry_after_s or 0 for error in waits), default=0)
        return RateLimited(message, hint=hint, retry_after_s=longest_s or None)
    return Unreachable(message, hint=hint)
