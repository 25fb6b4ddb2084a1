"""Each part of an environment → what is to be said of it. Every thing is asked once, however many
notebooks name it.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from binderclip import rees
from binderclip.errors import BinderclipError, RateLimited, ResolveError, Unreachable
from binderclip.freeze.interpreter import python_for
from binderclip.freeze.locking import Lockable, Locker
from binderclip.freeze.parts import LOCKABLE, is_deposit, loose
from binderclip.liveness import places
from binderclip.liveness.model import Sign
from binderclip.once import Once
from binderclip.platforms import this_platform
from binderclip.spec.model import Binder, Reference, joined

if TYPE_CHECKING:
    from binderclip.freeze.material import Materials
    from binderclip.registries import Registries
    from binderclip.repositories import Repository
    from binderclip.web import Web


class Looking:
    """Asks for many notebooks at once. ``repository`` opens the one at an address; ``locker`` gives
    what pins files of a name.
    """

    def __init__(
        self,
        *,
        web: Web,
        registries: Registries,
        repository: Callable[[str], Repository],
        locker: Callable[[str], Locker],
        materials: Materials,
        once: Once,
    ) -> None:
        self._web, self._registries, self._repository = web, registries, repository
        self._locker, self._materials, self._answers = locker, materials, once

    async def signs(self, binder: Binder) -> tuple[Sign, ...]:
        """In the order of the specification's keys; what cannot be asked is a sign too."""
        asked: list[Coroutine[Any, Any, Sign]] = [self._host(url) for url in binder.host]
        if binder.image:
            asked.append(self._image(binder.image))
        asked += [
            self._git(key, one)
            for key in ("build", "config", "content")
            if (one := getattr(binder, key))
        ]
        frozen = binder.frozen.files if binder.frozen else {}
        asked += [self._lock(binder, name) for name in frozen if _kind(name) in LOCKABLE]
        bare = [
            Sign(name, name, "loose", "it is not pinned")
            for name in loose(binder)
            if name in LOCKABLE
        ]
        return (*await asyncio.gather(*asked), *bare)

    async def _host(self, url: str) -> Sign:
        return await self._sign(("host", url), "host", url, lambda: places.host(self._web, url))

    async def _image(self, image: Reference) -> Sign:
        key = ("image", image.url, image.ref, image.hash)
        what = f"{image.url}:{image.ref or 'latest'}"
        return await self._sign(key, "image", what, lambda: places.image(self._registries, image))

    async def _git(self, part: str, place: Reference) -> Sign:
        key = (part, place.url, place.ref, place.hash)

        async def ask() -> Sign:
            if is_deposit(place):
                return await places.deposit(self._web, part, place)
            return await places.git(self._repository(place.url), part, place)

        return await self._sign(key, part, place.url, ask)

    async def _lock(self, binder: Binder, name: str) -> Sign:
        part = f"frozen.{name}"
        platform = binder.frozen.platform if binder.frozen else None
        files = {path: joined(text) for path, text in binder.files.items()}
        frozen = {p: joined(t) for p, t in binder.frozen.files.items()} if binder.frozen else {}
        try:  # not within what is asked once: this is asked once itself
            wanted = await self._lockable(files, frozen, name, platform or this_platform())
        except BinderclipError as error:
            return Sign(part, name, "silent", error.message)
        locker = self._locker(_kind(name))

        async def ask() -> Sign:
            if gone := await locker.alive(wanted):
                return Sign(part, name, "gone", gone)
            if name in files and (why := locker.holds(wanted)):
                return Sign(part, name, "loose", f"pinned, and no longer right: {why}")
            return Sign(part, name, "well", "everything that it pins is there")

        # What else is frozen decides too: runtime.txt the Python, say.
        key = (part, platform, tuple(files.items()), tuple(frozen.items()))
        return await self._sign(key, part, name, ask)

    async def _lockable(
        self, files: Mapping[str, str], frozen: Mapping[str, str], name: str, platform: str
    ) -> Lockable:
        # What was pinned in a repository's stead has no file of the notebook's beside it.
        material = await self._materials.made({name: frozen[name], **files})
        found = python_for(rees.Embedded({**files, **frozen}), asked=None, before=None)
        root: Path = material.root
        return Lockable(root, name, found.version, platform, frozen[name])

    async def _sign(
        self, key: tuple[object, ...], part: str, what: str, ask: Callable[[], Awaitable[Sign]]
    ) -> Sign:
        """Errors are signs: silence where nobody could be asked, else what is gone."""
        try:
            return await self._answers.get(key, ask)
        except (Unreachable, RateLimited) as error:
            return Sign(part, what, "silent", error.message)
        except ResolveError as error:
            return Sign(part, what, "gone", error.message)
        except BinderclipError as error:
            return Sign(part, what, "silent", error.message)


def _kind(name: str) -> str:
    """Which file it is, whatever configuration folder it lies in."""
    return posixpath.basename(name)
