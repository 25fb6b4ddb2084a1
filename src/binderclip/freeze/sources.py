"""Where what is to be pinned is looked up: git, registries, and what locks files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from binderclip.cache import Cache
from binderclip.freeze.locking import Locker
from binderclip.guard import Guard
from binderclip.spec.model import Reference

if TYPE_CHECKING:
    from binderclip.registries import Registries
    from binderclip.repositories import Repository


class Sources(Protocol):
    """Raise ResolveError for what is not there, Unreachable, RateLimited, Refused."""

    def locker(self, name: str) -> Locker:
        """What pins files of that name, one of ``parts.LOCKABLE``."""
        ...

    async def commit(self, repository: Reference) -> str:
        """The commit that its ref is now."""
        ...

    async def digest(self, image: Reference, platform: str | None) -> str:
        """The digest that its tag is now, which offers ``platform`` where one is given."""
        ...

    async def check_out(
        self, repository: Reference, commit: str, into: Path, run: Path
    ) -> Sequence[str]:
        """Make ``into`` a working copy; nothing of it runs. Remarks for people."""
        ...


class NetworkSources:
    """The real ones; an async context manager. Repositories are fetched into ``cache``; where
    ``guard`` is not a person's own, only from where it lets us go (``repositories.cached``), as uv
    and py-rattler do then, without anybody's logins. Nothing may be built then.
    """

    def __init__(self, cache: Cache, guard: Guard, *, allow_builds: bool = False) -> None:
        if allow_builds and not guard.personal:
            raise ValueError("nothing is built for strangers")
        self.cache, self.allow_builds = cache, allow_builds
        self._guard = guard
        self._closing = AsyncExitStack()
        self._registries: Registries | None = None
        self._lockers: dict[str, Locker] = {}

    @property
    def closed(self) -> Guard | None:
        """The guard, where it is not a person's own."""
        return None if self._guard.personal else self._guard

    async def __aenter__(self) -> Self:
        from binderclip.registries import Registries  # noqa: PLC0415 - needed now, not before

        self._registries = await self._closing.enter_async_context(Registries(self._guard))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._closing.aclose()

    @property
    def registries(self) -> Registries:
        if self._registries is None:
            raise RuntimeError("the sources were not entered")
        return self._registries

    def locker(self, name: str) -> Locker:
        if name not in self._lockers:
            self._lockers[name] = LOCKERS[name](self)
        return self._lockers[name]

    async def commit(self, repository: Reference) -> str:
        return await self._at(repository).resolve(repository.ref or "HEAD")

    async def digest(self, image: Reference, platform: str | None) -> str:
        from binderclip.registries import Image  # noqa: PLC0415 - as in __aenter__

        return await self.registries.digest(Image.of(image), platform=platform)

    async def check_out(
        self, repository: Reference, commit: str, into: Path, run: Path
    ) -> Sequence[str]:
        found = self._at(repository)
        with self.cache.translated():
            await found.fetch(commit)
            return await found.check_out(commit, into, run)

    def _at(self, repository: Reference) -> Repository:
        from binderclip.repositories.cached import cached  # noqa: PLC0415 - not without any

        return cached(repository.url, self.cache, guard=self._guard)


def _requirements(sources: NetworkSources) -> Locker:
    from binderclip.freeze.requirements import RequirementsLocker  # noqa: PLC0415 - as in commit

    return RequirementsLocker(allow_builds=sources.allow_builds, guard=sources.closed)


def _conda(sources: NetworkSources) -> Locker:
    from binderclip.freeze.conda import CondaLocker  # noqa: PLC0415 - as in commit

    return CondaLocker(sources.cache.root / "conda", _requirements(sources), sources.closed)


def _dockerfile(sources: NetworkSources) -> Locker:
    from binderclip.freeze.dockerfile import DockerfileLocker  # noqa: PLC0415 - as in commit

    return DockerfileLocker(sources.registries)


LOCKERS: Mapping[str, Callable[[NetworkSources], Locker]] = {
    "requirements.txt": _requirements,
    "pyproject.toml": _requirements,
    "environment.yml": _conda,
    "environment.yaml": _conda,
    "Dockerfile": _dockerfile,
}
"""By the names of ``parts.LOCKABLE``."""
