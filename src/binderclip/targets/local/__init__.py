"""The local target: an environment realised on this machine with uv or from conda packages, and no
container.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from binderclip.cache import Cache, waiting
from binderclip.cache.leases import Lease
from binderclip.cache.published import Published
from binderclip.environment import Environment
from binderclip.errors import Refused
from binderclip.events import Event, Progress, Ready
from binderclip.platforms import this_platform
from binderclip.session import Session
from binderclip.targets.local.plan import Approve, Plan

if TYPE_CHECKING:
    from binderclip.guard import Guard
    from binderclip.repositories import Repository
    from binderclip.repositories.bounds import Bounds
    from binderclip.targets.local.recipe import Recipe

__all__ = ["Approve", "LocalTarget", "Plan"]


@dataclass(frozen=True, slots=True)
class _Job:
    """One launch, its refs resolved. ``files``: those of the notebook, as they are realised."""

    env: Environment
    key: str
    files: Mapping[str, str]
    repository: Repository | None


class LocalTarget:
    """Environments as folders of this machine, kept in ``cache``.

    ``approve`` is asked once a launch, before anything of the environment runs. With ``own_home``
    the session's HOME is its own folder, with a copy of the repository in it. ``offline`` uses the
    caches alone. ``python`` ("3.12") is for environments that name none; by default it is the one
    that runs binderclip. ``anonymous``: it is for strangers, so repositories are fetched without
    the person's credentials, and what is built and run gets few of the variables here. With a
    ``guard`` that is not personal they are fetched where that allows, within ``bounds``; it does
    not stand before what installs packages, which connects by itself.
    """

    name: Literal["local"] = "local"

    def __init__(
        self,
        cache: Cache,
        approve: Approve,
        *,
        own_home: bool = False,
        offline: bool = False,
        python: str | None = None,
        anonymous: bool = False,
        guard: Guard | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        if python is not None and not re.fullmatch(r"3\.\d{1,2}(\.\d{1,2})?", python):
            raise Refused(f"found the Python version {python!r}, expected one like '3.12'")
        self._cache = cache
        self._approve = approve
        self._own_home = own_home
        self._offline, self._anonymous = offline, anonymous
        self._guard, self._bounds = guard, bounds
        self._python = python or f"{sys.version_info.major}.{sys.version_info.minor}"
        self._leases: dict[str, Lease] = {}

    def refusal(self, env: Environment) -> str | None:
        """Why not, as far as it can be said before a repository was fetched."""
        from binderclip.rees import Embedded  # noqa: PLC0415 - a warm launch does not ask
        from binderclip.targets.local import recipe  # noqa: PLC0415 - as above

        files = _files(env)
        if env.image is not None and env.build is None and not files:
            return recipe.image_alone()
        if env.build is not None:
            return recipe.refused_by_name(files)
        try:
            recipe.recipe(Embedded(files), self._python)
        except Refused as error:
            return f"{error.message}; {error.hint}" if error.hint else error.message
        return None

    def built(self, env: Environment) -> bool:
        """Whether it is here already; False for a ref, which would have to be resolved first."""
        pinned = env.build is None or env.build.hash is not None
        return pinned and self._cache.find(env.key, self._python) is not None

    async def launch(self, env: Environment) -> AsyncGenerator[Event, None]:
        """See Target. Raises Refused, ResolveError, Unreachable, NotTrusted, BuildFailed,
        CacheError, with a guard AddressForbidden and TooLarge; and ConfigError where the person's
        own conda settings cannot be read.
        """
        # What is built was not refused, and reading all of it again would take longer than to look.
        built = env.build is None and self._cache.find(env.key, self._python) is not None
        if not built and (reason := self.refusal(env)):
            raise Refused(reason)
        if remark := _thawed(env):
            yield Progress("resolving", remark)
        repository = self._repository(env)
        if repository and env.build and not env.build.hash:
            from binderclip.repositories.cached import resolved  # noqa: PLC0415 - see _repository

            ref = env.build.ref or "HEAD"
            yield Progress("resolving", f"{ref} of {repository.shown}")
            commit, remark = await resolved(repository, ref)
            if remark:
                yield Progress("resolving", remark)
            env = replace(env, build=replace(env.build, hash=commit))
        job = _Job(env, env.key, _files(env), repository)
        found = self._cache.find(job.key, self._python)
        recipe = None
        if found is None:
            if repository:
                yield Progress("fetching", repository.shown)
            recipe = await self._recipe(job)
        self._approve(Plan.of(job.key, job.env, recipe, found))
        while found is None or (lease := self._cache.take(job.key, found)) is None:
            recipe = recipe or await self._recipe(job)
            async with aclosing(self._built(job, recipe)) as events:
                async for event in events:
                    yield event
            found = self._cache.find(job.key, self._python)
        yield Progress("launching", f"environment {job.key[:12]}")
        yield Ready(await self._opened(job, found, lease))

    async def stop(self, session: Session) -> None:
        """See Target. A session that was stopped before is fine. Raises SessionError."""
        if lease := self._leases.pop(session.id, None):
            from binderclip.targets.local import sessions  # noqa: PLC0415 - see _opened

            with self._cache.translated():
                await asyncio.to_thread(sessions.ended, lease)

    async def _opened(self, job: _Job, found: Published, lease: Lease) -> Session:
        from binderclip.targets.local import sessions  # noqa: PLC0415 - not for `refusal`

        folder = self._cache.folder(job.key, found.token)
        try:
            with self._cache.translated():
                if self._own_home:
                    session = await sessions.to_its_end(
                        sessions.opened,
                        lease,
                        folder,
                        found,
                        own_home=True,
                        anonymous=self._anonymous,
                    )
                else:
                    session = sessions.opened(
                        lease, folder, found, own_home=False, anonymous=self._anonymous
                    )
        except BaseException:
            sessions.ended(lease)
            raise
        self._leases[session.id] = lease
        return session

    def _repository(self, env: Environment) -> Repository | None:
        if env.build is None:
            return None
        from binderclip.repositories.cached import cached  # noqa: PLC0415 - not for embedded files

        return cached(
            env.build.url,
            self._cache,
            offline=self._offline,
            anonymous=self._anonymous,
            guard=self._guard,
            bounds=self._bounds,
        )

    async def _recipe(self, job: _Job) -> Recipe:
        """Fetch what is not here yet, and read the configuration."""
        from binderclip.rees import Embedded  # noqa: PLC0415 - a warm launch reads none
        from binderclip.targets.local.recipe import recipe  # noqa: PLC0415 - as above

        if job.repository is None or job.env.build is None or job.env.build.hash is None:
            return recipe(Embedded(job.files), self._python)
        with self._cache.translated():
            await job.repository.fetch(job.env.build.hash)
        return await asyncio.to_thread(self._recipe_of, job, job.repository, job.env.build.hash)

    def _recipe_of(self, job: _Job, repository: Repository, commit: str) -> Recipe:
        from binderclip.rees import Overlaid, config_folder  # noqa: PLC0415 - as in _recipe
        from binderclip.targets.local.recipe import recipe  # noqa: PLC0415 - as in _recipe

        with repository.tree(commit) as tree:
            at = config_folder(tree)
            return recipe(Overlaid(tree, job.files, at), self._python, at=at)

    async def _built(self, job: _Job, recipe: Recipe) -> AsyncGenerator[Event, None]:
        """Build the environment, or wait until another process has."""
        lock = self._cache.lock(job.key)
        if not waiting.got(self._cache, lock):
            yield Progress("waiting", "another process is building this environment")
            await waiting.taken(self._cache, lock)
        try:
            if self._cache.find(job.key, self._python) is None:
                async with aclosing(self._build(job, recipe)) as events:
                    async for event in events:
                        yield event
        finally:
            lock.release()

    async def _build(self, job: _Job, recipe: Recipe) -> AsyncGenerator[Event, None]:
        from binderclip.targets.local import realise  # noqa: PLC0415 - a warm launch builds none
        from binderclip.targets.local.build import Build  # noqa: PLC0415 - as above

        build = Build(
            folder=self._cache.begin(job.key),
            recipe=recipe,
            files=job.files,
            repository=job.repository,
            commit=job.env.build.hash if job.env.build else None,
            offline=self._offline,
            cache=self._cache,
            anonymous=self._anonymous,
        )
        try:
            with self._cache.translated():
                async with aclosing(realise.realise(build)) as events:
                    async for event in events:
                        yield event
                record = await asyncio.to_thread(realise.record, build)
            default = None if recipe.stated else self._python
            self._cache.publish(job.key, record, default_python=default)
        except BaseException:
            self._cache.discard(build.folder)
            raise


def _files(env: Environment) -> Mapping[str, str]:
    return env.realised_files(this_platform())


def _thawed(env: Environment) -> str | None:
    """A remark where what was frozen is for another platform."""
    platform = env.frozen.platform if env.frozen and env.frozen.files else None
    if platform in {None, this_platform()}:
        return None
    return f"frozen for {platform}, and this is {this_platform()}: going by the files as written"
