"""Repositories as the cache keeps them, for whoever fetches some."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from binderclip.cache import Cache
from binderclip.cache.waiting import holding
from binderclip.errors import Unreachable
from binderclip.repositories import Repository

if TYPE_CHECKING:
    from binderclip.guard import Guard
    from binderclip.repositories.bounds import Bounds


def cached(
    url: str,
    cache: Cache,
    *,
    offline: bool = False,
    anonymous: bool = False,
    guard: Guard | None = None,
    bounds: Bounds | None = None,
) -> Repository:
    """The repository at ``url``, fetched into ``cache``; ``anonymous`` as Repository has it. Raises
    Refused for an address that git must not be given.

    With a ``guard`` that is not personal it is a ``Guarded`` one: always anonymous, within
    ``bounds``, in a part of the cache that only such ones use.
    """
    root, lock = cache.root / "repositories", partial(holding, cache)
    if guard is None or guard.personal:
        return Repository(url, root, lock, offline=offline, anonymous=anonymous)
    from binderclip.repositories.guarded import Guarded  # noqa: PLC0415 - brings sockets

    return Guarded(url, root, lock, guard, offline=offline, bounds=bounds)


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
