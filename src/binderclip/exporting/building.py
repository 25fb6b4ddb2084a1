"""The repository of ``binder.build``, fetched to be read."""

from __future__ import annotations

from collections.abc import Callable

from binderclip.cache import Cache
from binderclip.errors import Refused
from binderclip.exporting.model import Wanted
from binderclip.repositories.cached import cached
from binderclip.repositories.tree import Tree
from binderclip.spec.providers import GIT_PROVIDERS, provider_of


def wants_repository(wanted: Wanted) -> bool:
    """Has the repository to be read before a Dockerfile can be written?"""
    image = wanted.binder.image is not None and wanted.base is None
    return wanted.binder.build is not None and not image and "Dockerfile" not in wanted.files


async def fetched(
    wanted: Wanted, cache: Cache, observe: Callable[[str], None], *, anonymous: bool
) -> tuple[str, Tree]:
    """The commit that it was frozen to, else the one that its ref is now; and its files, which the
    caller closes. ``anonymous``: as anybody gets them, without the person's git credentials. Raises
    Refused for what is no git repository, ResolveError, Unreachable.
    """
    build = wanted.binder.build
    if build is None or provider_of(build)[0] not in GIT_PROVIDERS:
        raise Refused(
            f"a Dockerfile clones git repositories, and {build.url if build else 'this'} is none",
            hint="`jupyter-repo2docker` builds from datasets",
        )
    repository = cached(build.url, cache, anonymous=anonymous)
    observe(f"reading {repository.shown}")
    pin = build.hash if wanted.frozen else None
    commit = pin or await repository.resolve(build.ref or build.hash or "HEAD")
    await repository.fetch(commit)
    return commit, repository.tree(commit)
