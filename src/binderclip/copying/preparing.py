"""What the metadata's ``config`` and ``content`` would put into a home: fetched, chosen and
described, before anything is put anywhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from binderclip.amounts import count, size
from binderclip.cache import Cache
from binderclip.copying import choice
from binderclip.copying.choice import Choice, Rule
from binderclip.copying.model import Copies, File, Limits, Name, Observe, Origin
from binderclip.copying.together import all_or_none
from binderclip.errors import Refused
from binderclip.events import Progress
from binderclip.repositories import Repository
from binderclip.repositories.cached import cached, resolved
from binderclip.spec.grammar import fits
from binderclip.spec.model import Binder, Fetch
from binderclip.spec.places import DOI, HYDROSHARE, canonical, looks_like_dataset

if TYPE_CHECKING:
    from binderclip.guard import Guard
    from binderclip.repositories.bounds import Bounds


@dataclass(frozen=True, slots=True)
class _Wish:
    """One of the two keys, looked at as far as that goes without its repository."""

    name: Name
    fetch: Fetch
    rules: tuple[Rule, ...]
    repository: Repository


async def prepare(
    binder: Binder,
    *,
    cache: Cache,
    latest: bool = False,
    offline: bool = False,
    anonymous: bool = False,
    guard: Guard | None = None,
    observe: Observe,
    limits: Limits | None = None,
    bounds: Bounds | None = None,
) -> Copies:
    """Fetch the repositories of ``config`` and ``content`` and choose what is to be copied.

    ``latest`` goes by their refs where they have hashes too; ``offline`` uses the cache alone;
    ``anonymous`` leaves the person's credentials out of it: what they open is not for elsewhere.
    ``guard`` says where git may ask, and ``bounds`` how much it may then fetch
    (``repositories.cached``). Nothing that they bring is run, and
    nothing is written outside the cache. Raises ResolveError, Unreachable, Refused, TooLarge and
    CacheError; AddressForbidden with a guard.
    """
    most = limits or Limits()
    keys: tuple[tuple[Name, Fetch | None], ...] = (
        ("config", binder.config),
        ("content", binder.content),
    )

    def repository(url: str) -> Repository:
        return cached(url, cache, offline=offline, anonymous=anonymous, guard=guard, bounds=bounds)

    wishes = [_wish(name, fetch, repository) for name, fetch in keys if fetch]
    with cache.translated():
        found = await all_or_none(
            [_chosen(wish, most, observe, latest=latest) for wish in wishes if wish.rules]
        )
    files = await asyncio.to_thread(choice.merged, found, _same, most)
    idle = (f"{wish.name}: copy names nothing to copy" for wish in wishes if not wish.rules)
    return Copies(
        files=files,
        described=tuple(line for one in found for line in _described(one)),
        digest=_digest(wishes, found),
        remarks=(*idle, *(remark for one in found for remark in one.remarks)),
    )


def _wish(name: Name, fetch: Fetch, repository: Callable[[str], Repository]) -> _Wish:
    place = canonical(fetch)
    dataset = looks_like_dataset(place.host, place.path) and not (place.ref or place.hash)
    if dataset or place.host in {DOI, HYDROSHARE}:
        raise Refused(
            f"binder.{name}: found a deposit, {fetch.url}, expected a Git repository",
            hint="have the notebook's code download it, or name a repository that holds the files",
        )
    folder = unquote(fetch.path.rpartition("/")[2]).removesuffix(".git")
    if fetch.copy is None and (not fits("name", folder) or "/" in folder):
        raise Refused(
            f"binder.{name}: found {folder!r} as the name of the folder to copy {fetch.url} to, "
            "expected the name of a folder",
            hint="say in copy where its files go",
        )
    return _Wish(name, fetch, choice.rules(fetch.copy, folder), repository(fetch.url))


async def _chosen(wish: _Wish, limits: Limits, observe: Observe, *, latest: bool) -> Choice:
    repository, ref = wish.repository, wish.fetch.ref or "HEAD"
    commit = None if latest else wish.fetch.hash
    if commit is None:
        observe(Progress("resolving", f"{wish.name}: {ref} of {repository.shown}"))
        commit, remark = await resolved(repository, ref)
        if remark:
            observe(Progress("resolving", f"{wish.name}: {remark}"))
    if not repository.has(commit):
        observe(Progress("fetching", f"{wish.name}: {repository.shown} at {commit[:12]}"))
    await repository.fetch(commit)
    origin = Origin(wish.name, ref, commit, repository)
    return await asyncio.to_thread(_listed, origin, wish.rules, limits)


def _listed(origin: Origin, rules: Sequence[Rule], limits: Limits) -> Choice:
    entries = origin.repository.entries(origin.commit, limits.listed)
    with origin.repository.tree(origin.commit) as tree:
        return choice.choose(origin, entries, tree.blob, rules, limits)


def _same(one: File, other: File) -> bool:
    if len(one.object) == len(other.object):
        return one.object == other.object
    # A repository of SHA-1 and one of SHA-256 name the same content differently.
    if one.size_bytes != other.size_bytes:
        return False
    contents = []
    for file in (one, other):
        with file.origin.repository.tree(file.origin.commit) as tree:
            contents.append(tree.blob(file.object))
    return contents[0] == contents[1]


def _described(found: Choice) -> Iterator[str]:
    origin = found.origin
    files = {file.path: file for _, taken in found.rules for file in taken}
    total = size(sum(file.size_bytes for file in files.values()))
    at = f"{origin.ref} {origin.commit[:12]}"
    yield f"{origin.name:8} {origin.repository.shown} at {at}: {count(len(files), 'file')}, {total}"
    for rule, taken in found.rules:
        yield f"{'':8} {rule.described}: {count(len(taken), 'file')}"


def _digest(wishes: Sequence[_Wish], found: Sequence[Choice]) -> str:
    commits = {one.origin.name: one.origin.commit for one in found if any(t for _, t in one.rules)}
    stated = []
    for wish in wishes:
        if commit := commits.get(wish.name):
            rules = [[rule.glob and rule.glob.text, rule.folder] for rule in wish.rules]
            stated.append([wish.name, wish.fetch.url, commit, rules])
    return hashlib.sha256(json.dumps(stated).encode()).hexdigest() if stated else ""
