"""From a notebook's address to the one commit that its environment is now."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from binderclip.addresses.source import Source
from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.envrepo import part
from binderclip.errors import Refused, TimedOut
from binderclip.flow.bringing import CONTENT
from binderclip.gateway.context import Gateway
from binderclip.gateway.envs.remembered import Base, Built, Remembered
from binderclip.gateway.launches.preparing import prepared
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.repositories.cached import cached
from binderclip.spec.model import Reference
from binderclip.spec.providers import GIT_PROVIDERS, Provider, provider_of

AT_ONCE = 4
_MOST_S = 600.0
_ANY_HUB = PlaceSettings(name="hub", kind="binderhub", title="the hub")


@dataclass(frozen=True, slots=True)
class Resolved:
    """``origin`` is the notebook's address as it was fetched, without secrets. BinderHub launches
    its environment by ``provider`` and ``spec``, which names the commit; ``url`` is the repository
    to clone, ``own`` where it is one of this service, which was made ``on`` another or an image.
    """

    commit: str
    url: str
    provider: Provider
    spec: str
    own: bool
    origin: str
    on: Base | None = None
    remarks: tuple[str, ...] = ()


class Resolver:
    """One of a process."""

    def __init__(self, cache: Cache | None = None) -> None:
        self._cache = cache or Cache()
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def resolve(
        self, gateway: Gateway, source: Source, *, named: str, client: str
    ) -> Resolved:
        """Fetches the notebook and what its environment names, under the guard, and remembers what
        came of it by how it was ``named``. Raises the tree of errors.
        """
        try:
            async with asyncio.timeout(_MOST_S), self._turn:
                return await self._resolved(gateway, source, named, client)
        except TimeoutError as exc:
            raise TimedOut(
                f"the environment was not there within {_MOST_S / 60:.0f} minutes",
                hint="try again in some minutes",
            ) from exc

    async def _resolved(
        self, gateway: Gateway, source: Source, named: str, client: str
    ) -> Resolved:
        remarks: list[str] = []
        look = await gateway.looker.look(source, _silent, client=client)
        remarks += look.remarks
        build = await self._build(gateway, look.opened.environment, remarks)
        built = _built(gateway, build, look.opened.environment)
        await asyncio.to_thread(remembered(gateway).add, named, built)
        return described(gateway, built, look.source.origin, tuple(remarks))

    async def _build(self, gateway: Gateway, env: Environment, remarks: list[str]) -> Reference:
        """The repository at its commit."""
        ready = await prepared(
            env,
            gateway.settings,
            _ANY_HUB,
            shelf=gateway.envs,
            cache=self._cache,
            guard=gateway.guard,
            tell=remarks.append,
        )
        build = ready.build
        if build is None:
            raise Refused(
                "the notebook names no environment, expected files, an image or a repository",
                hint="`binderclip guess` or `binderclip set` write one into it",
            )
        if provider_of(build)[0] not in GIT_PROVIDERS:
            raise Refused(
                f"the notebook's environment is a deposit, {build.url}, and no git repository",
                hint="launch that by its own link",
            )
        if build.hash is not None:
            return build
        # Its refs are asked for, and nothing of it is fetched.
        repository = cached(
            build.url, self._cache, anonymous=True, guard=gateway.guard, bounds=CONTENT
        )
        with self._cache.translated():
            commit = await repository.resolve(build.ref or "HEAD")
        return Reference(build.host, build.path, hash=commit)


def described(
    gateway: Gateway, built: Built, origin: str, remarks: tuple[str, ...] = ()
) -> Resolved:
    url = clone_url(gateway, built)
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    provider, spec = provider_of(Reference(f"{scheme}://{host}", path, hash=built.commit))
    own = built.key is not None
    return Resolved(built.commit, url, provider, spec, own, origin, built.on, remarks)


def clone_url(gateway: Gateway, built: Built) -> str:
    """Of the repository that has the commit."""
    return f"{_own(gateway)}{built.key}.git" if built.key is not None else built.url or ""


def remembered(gateway: Gateway) -> Remembered:
    return Remembered(gateway.settings.storage / "notebooks")


def _built(gateway: Gateway, build: Reference, env: Environment) -> Built:
    key = build.url.removeprefix(_own(gateway)).removesuffix(".git")
    built = Built(build.hash or "", key=key, on=_base(env))
    if not built.sound:
        built = Built(build.hash or "", url=build.url)
    if not built.sound:
        raise Refused(
            f"the notebook's environment is a commit of {build.url} that BinderHub cannot build, "
            "expected one with a name of 40 hex digits",
        )
    return built


def _base(env: Environment) -> Base | None:
    """What is laid over, or stood upon, in a repository that is made of ``env``."""
    made = part(env)
    if made.image is not None:
        return Base(image=made.image.url)
    if made.build is None:
        return None
    provider, spec = provider_of(made.build)
    return Base(provider, spec)


def _own(gateway: Gateway) -> str:
    return f"{gateway.settings.public_url}env/"


def _silent(line: str) -> None:
    pass
