"""Where an environment's parts are looked up before they are packed."""

from __future__ import annotations

from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from binderclip.cache import Cache
from binderclip.errors import Refused
from binderclip.guard import Guard
from binderclip.spec.model import Reference
from binderclip.spec.providers import GIT_PROVIDERS, provider_of

if TYPE_CHECKING:
    from binderclip.registries import Registries
    from binderclip.repositories import Repository
    from binderclip.repositories.bounds import Bounds


class Sources(Protocol):
    """Raise ResolveError for what is not there, Unreachable, RateLimited, Refused."""

    async def digest(self, image: Reference, platform: str) -> str:
        """What its tag leads to now, which offers ``platform``."""
        ...

    async def fetched(self, build: Reference) -> tuple[Repository, str]:
        """The repository, and the commit that is fetched of it."""
        ...


class NetworkSources:
    """The real ones; an async context manager. Repositories are fetched into ``cache``, and where
    they are ``anonymous`` as anybody gets them, without the person's git credentials. ``bounds``
    are for those that ``guard`` stands before.
    """

    def __init__(
        self, cache: Cache, guard: Guard, *, anonymous: bool = True, bounds: Bounds | None = None
    ) -> None:
        self._cache, self._guard, self._anonymous = cache, guard, anonymous
        self._bounds = bounds
        self._closing = AsyncExitStack()
        self._registries: Registries | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._closing.aclose()

    async def digest(self, image: Reference, platform: str) -> str:
        """See Sources. A digest that is there is not asked for."""
        if image.hash:
            return image.hash
        from binderclip.registries import Image, Registries  # noqa: PLC0415 - for tags alone

        if self._registries is None:
            self._registries = await self._closing.enter_async_context(Registries(self._guard))
        return await self._registries.digest(Image.of(image), platform=platform)

    async def fetched(self, build: Reference) -> tuple[Repository, str]:
        """See Sources. A commit that is named is not asked for."""
        if provider_of(build)[0] not in GIT_PROVIDERS:
            raise Refused(
                f"binder.build: files can be laid over git repositories, and {build.url} is none",
                hint="put what it holds into a repository",
            )
        from binderclip.repositories.cached import cached  # noqa: PLC0415 - not without any

        found = cached(
            build.url,
            self._cache,
            anonymous=self._anonymous,
            guard=self._guard,
            bounds=self._bounds,
        )
        with self._cache.translated():
            commit = build.hash or await found.resolve(build.ref or "HEAD")
            await found.fetch(commit)
        return found, commit
