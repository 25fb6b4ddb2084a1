"""Is a commit still there, and how far has its branch moved on? Asked without fetching files."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from binderclip import processes
from binderclip.repositories import git

if TYPE_CHECKING:
    from binderclip.repositories import Repository


@dataclass(frozen=True, slots=True)
class Standing:
    """A frozen commit beside what its ref is now. ``exists``: the remote still gives it. ``now``:
    the ref's commit. ``ahead``: how many commits ``now`` has that it lacks, counted from its date
    on; None where that cannot be told, as when the branch was rewritten (``rewritten``).
    """

    exists: bool
    now: str
    ahead: int | None
    rewritten: bool = False


async def standing(repository: Repository, commit: str, ref: str) -> Standing:
    """Raises ResolveError where the repository or the ref is gone, Unreachable."""
    now = await repository.resolve(ref)
    if now == commit:
        return Standing(exists=True, now=now, ahead=0)
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="binderclip-history-"))
    try:
        return await _compared(_Asked(repository, folder), commit, now)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def exists(repository: Repository, commit: str) -> bool:
    """Does the remote still give ``commit``? Raises ResolveError, Unreachable."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="binderclip-history-"))
    try:
        asked = _Asked(repository, folder)
        await asked.begin(commit)
        return await asked.has(commit)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _compared(asked: _Asked, commit: str, now: str) -> Standing:
    await asked.begin(commit)
    if not await asked.has(commit):
        return Standing(exists=False, now=now, ahead=None)
    date = await asked.local("log", "-1", "--format=%ct", commit)
    since = f"--shallow-since=@{date.strip()}"
    if not date.strip().isdecimal() or not await asked.fetched(since, now):
        return Standing(exists=True, now=now, ahead=None)
    # A shallow history begins somewhere: who is nobody's ancestor in it may be one further down.
    await asked.fetched("--deepen=1", now)
    if await asked.local("merge-base", commit, now) != f"{commit}\n":
        return Standing(exists=True, now=now, ahead=None, rewritten=True)
    count = await asked.local("rev-list", "--count", now, f"^{commit}")
    return Standing(exists=True, now=now, ahead=int(count) if count.strip().isdecimal() else None)


class _Asked:
    """A bare store for one question."""

    def __init__(self, repository: Repository, folder: Path) -> None:
        self._repository, self._folder = repository, folder
        self._store = folder / "store.git"

    async def begin(self, commit: str) -> None:
        form = ["--object-format=sha256"] if len(commit) == 64 else []  # noqa: PLR2004 - SHA-256
        words = ["init", "-q", "--bare", "--template=", *form, str(self._store)]
        await git.run(words, self._repository.url, self._folder, network=False)

    async def has(self, commit: str) -> bool:
        """Raises ResolveError, Unreachable where it could not be asked."""
        done = await self._fetch("--depth=1", commit)
        if done.code and git.is_network(done.stderr) and not git.is_absent(done.stderr):
            self._repository.failed(done.stderr)
        if not done.code:
            return True
        # A server that gives no commits by name: all that it names is fetched, without files.
        if git.is_absent(done.stderr):
            return False
        if (await self._fetch(*await self._repository.everything())).code:
            return False
        return bool(await self.local("cat-file", "-t", commit))

    async def fetched(self, how: str, what: str) -> bool:
        return not (await self._fetch(how, what)).code

    async def local(self, *words: str) -> str:
        """What git prints; empty where it fails."""
        argv = [f"--git-dir={self._store}", *words]
        done = await self._repository.local(argv, self._folder)
        return "" if done.code else done.stdout.decode("ascii", "replace")

    async def _fetch(self, *words: str) -> processes.Finished:
        options = [word for word in words if word.startswith("--")]
        wanted = [word for word in words if not word.startswith("--")]
        argv = [
            f"--git-dir={self._store}",
            *("fetch", "-q", "--no-tags", "--no-write-fetch-head", "--filter=tree:0"),
            *options,
            *("--", self._repository.url, *wanted),
        ]
        return await self._repository.asked(argv, self._folder)
