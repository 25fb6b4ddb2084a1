"""Repositories as the cache keeps them, for whoever fetches some."""

from __future__ import annotations

from functools import partial

from binderclip.cache import Cache
from binderclip.cache.waiting import holding
from binderclip.errors import Unreachable
from binderclip.repositories import Repository


def cached(url: str, cache: Cache, *, offline: bool = False, anonymous: bool = False) -> Repository:
    """The repository at ``url``, fetched into ``cache``; ``anonymous`` as Repository has it. Raises
    Refused for an address that git must not be given.
    """
    root = cache.root / "repositories"
    return Repository(url, root, partial(holding, cache), offline=offline, anonymous=anonymous)


async def resolved(repository: Repository, ref: str) -> tuple[str, str | None]:
    """The commit that ``ref`` is now; or was when it was last resolved, where the repository
    cannot be reached, with a remark that says so. Raises ResolveError, Unreachable.
    """
    try:
        return await repository.resolve(ref), None
    except Unreachable as error:
        known = repository.known(ref)
        if known is None:
            raise
        why = "offline" if repository.offline else error.message
        return known, f"{why}; going on with {ref} as it was last time, {known[:12]}"
