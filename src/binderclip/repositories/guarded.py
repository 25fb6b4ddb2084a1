"""Repositories that strangers named, asked where a guard lets git and nowhere else.

What git is made to do without, and why, is docs/adr/0010-git-under-a-guard.md.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NoReturn

from binderclip import processes
from binderclip.errors import (
    AddressForbidden,
    Refused,
    ResolveError,
    SourceError,
    TooLarge,
    Unreachable,
)
from binderclip.gates.proof import passed_by
from binderclip.guard import Endpoint, Guard
from binderclip.repositories import Lock, Repository, git
from binderclip.repositories.address import endpoint, public
from binderclip.repositories.bounds import Bounds, out_of_bounds
from binderclip.repositories.gate import Gate
from binderclip.repositories.listing import Entry, entries
from binderclip.repositories.refs import REF
from binderclip.repositories.tree import Tree

if TYPE_CHECKING:
    from binderclip.addresses.link import Link

_REFS = "/info/refs?service=git-upload-pack"
_REDIRECTED = re.compile(r"returned error: 30[12378]\b")
# A server that gives its objects as plain files (dumb http) cannot give a part of the history, and
# git gives up rather than ask for one: so a depth is always stated, here "all" (git-fetch(1)).
_WHOLE = "--depth=2147483647"
_STORE = re.compile(r"[0-9a-f]{40,64}\.git")
_NO_STORE = frozenset({"known.json", "run"})
_OPEN = "what is fetched here must be open to everybody, without a password"


def holds_guarded(folder: Path) -> bool:
    """Is what lies in ``folder``, of one repository, such as a Guarded one keeps? One that was
    never fetched has no store: only the refs that were asked for.
    """
    names = {inner.name for inner in folder.iterdir()}
    return names <= _NO_STORE or any(_STORE.fullmatch(name) for name in names)


class Once:
    """A guard that asks another once about each server, so that all that is done for one
    repository goes to the addresses that were looked at.
    """

    personal = False

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._known: dict[Endpoint, tuple[Endpoint, ...]] = {}

    async def endpoints(self, host: str, port: int) -> tuple[Endpoint, ...]:
        if (host, port) not in self._known:
            self._known[host, port] = await self._guard.endpoints(host, port)
        return self._known[host, port]


class Guarded(Repository):
    """A repository as anybody gets it, over http(s) alone, from where ``guard`` allows, within
    ``bounds``. Its store is shared with no other kind, and every commit has one of its own.

    Methods raise AddressForbidden and TooLarge beside what a Repository raises.
    """

    realm: ClassVar[str] = "guarded"

    def __init__(
        self,
        url: str,
        root: Path,
        lock: Lock,
        guard: Guard,
        *,
        offline: bool = False,
        bounds: Bounds | None = None,
    ) -> None:
        self._at = public(url)
        super().__init__(self._at.url, root, lock, offline=offline, anonymous=True)
        self._guard = Once(guard)
        self._bounds = bounds or Bounds()

    async def fetch(self, commit: str) -> None:
        if not self.offline:
            # What lies in the cache is for those whom the guard lets to where it came from.
            with suppress(Unreachable):
                await self._endpoints(self._at)
        await super().fetch(commit)

    def tree(self, commit: str) -> Tree:
        return Tree(self._store(commit), commit, self._bounds)

    def entries(self, commit: str, max_entries: int) -> tuple[Entry, ...]:
        return entries(self._store(commit), commit, self.shown, max_entries, self._bounds)

    async def check_out(self, commit: str, into: Path, run: Path) -> Sequence[str]:
        found = await asyncio.to_thread(self.entries, commit, self._bounds.entries)
        if sum(entry.size_bytes for entry in found) > self._bounds.unfolded_bytes:
            raise TooLarge(
                f"{self.shown}: found more than {self._bounds.unfolded_bytes} bytes in its files, "
                "expected at most that many"
            )
        return await super().check_out(commit, into, run)

    async def asked(self, words: Sequence[str], folder: Path) -> processes.Finished:
        await self._prove_git(folder)
        done = await self._through_gate(words, folder)
        if done.code and _REDIRECTED.search(done.stderr):
            await self._follow()
            done = await self._through_gate(words, folder)
        return done

    async def local(self, words: Sequence[str], folder: Path) -> processes.Finished:
        limits = self._bounds
        done = await git.run_closed(
            words, folder, called=limits.reading(), proxy=None, max_bytes=limits.advertised_bytes
        )
        self._refuse_overrun(done)
        return done

    async def everything(self) -> Sequence[str]:
        """By name: a pattern would let the server say how many files the store gets."""
        refs = await self._advertised("refs/heads/*", "refs/tags/*")
        names = [name for name in refs.commits if REF.fullmatch(name) and ".." not in name]
        if len(names) > self._bounds.named:
            raise TooLarge(
                f"{self.shown}: its server gives commits by branches and tags alone, and has "
                f"{len(names)}; expected at most {self._bounds.named}"
            )
        return [_WHOLE, *names]

    def failed(self, stderr: str) -> NoReturn:
        said = git.said(stderr)
        if git.is_not_there(stderr):
            raise ResolveError(
                f"{self.shown}: no such repository, or it is private ({said})", hint=_OPEN
            )
        if git.is_network(stderr):
            raise Unreachable(f"{self.shown}: could not be reached ({said})")
        raise ResolveError(f"{self.shown}: git can do nothing with what its server sends ({said})")

    @contextmanager
    def _asking(self) -> Iterator[Path]:
        """Elsewhere than in the cache, where every address that somebody tries would stay."""
        with tempfile.TemporaryDirectory(prefix="binderclip-asking-") as folder:
            yield Path(folder)

    async def _fetch(self, commit: str) -> None:
        store = self._store(commit)
        await asyncio.to_thread(shutil.rmtree, store, ignore_errors=True)  # what a kill left
        try:
            await super()._fetch(commit)
        except BaseException:
            shutil.rmtree(store, ignore_errors=True)
            for folder in (self.folder / "run", self.folder):
                with suppress(OSError):  # other commits are in it
                    folder.rmdir()
            raise

    async def _submodules(self, into: Path, run: Path) -> str:  # noqa: ARG002 - as in Repository
        return "its submodules were left out: they may lie anywhere"

    def _store_name(self, commit: str) -> str:
        """One of its own: nothing that a server sends later is added to what is there."""
        return f"{commit}.git"

    async def _through_gate(self, words: Sequence[str], folder: Path) -> processes.Finished:
        limits, listing = self._bounds, "ls-remote" in words
        words = [self._at.url if word == self.url else word for word in words]
        max_bytes = limits.advertised_bytes if listing else limits.fetched_bytes
        seconds = limits.ask_s if listing else limits.fetch_s
        server = endpoint(self._at)
        endpoints = await self._endpoints(self._at)
        async with Gate(server, endpoints, max_bytes) as gate:
            clock = asyncio.timeout(seconds)
            try:
                async with clock:
                    done = await git.run_closed(
                        words,
                        folder,
                        called=limits.fetching(),
                        proxy=gate.proxy,
                        max_bytes=limits.advertised_bytes,
                    )
            except TimeoutError as error:
                if not clock.expired():
                    raise
                raise Unreachable(f"{self.shown}: took longer than {seconds:g} seconds") from error
        self._refuse_strangers(gate)
        if gate.full:
            raise TooLarge(f"{self.shown}: sends more than {max_bytes} bytes")
        self._refuse_overrun(done)
        if listing and done.stdout.count(b"\n") > limits.refs:
            raise TooLarge(f"{self.shown}: has more than {limits.refs} branches and tags")
        return done

    def _refuse_strangers(self, gate: Gate) -> None:
        if gate.strangers:
            place = processes.printable(gate.strangers[0])[:100]
            raise AddressForbidden(
                f"{self.shown}: sends git on to {place}, where nobody said to look"
            )

    def _refuse_overrun(self, done: processes.Finished) -> None:
        if out_of_bounds(done.code, done.stderr):
            raise TooLarge(f"{self.shown}: takes more time or memory to unpack than it may")

    async def _endpoints(self, link: Link) -> tuple[Endpoint, ...]:
        try:
            return await self._guard.endpoints(*endpoint(link))
        except AddressForbidden:
            raise
        except SourceError as error:
            raise Unreachable(f"{self.shown}: {error.message}", hint=error.hint) from error

    async def _follow(self) -> None:
        """Go to where the server says that the repository is now. Raises what Web.ask raises."""
        from binderclip._version import __version__  # noqa: PLC0415 - for redirects alone
        from binderclip.web import Web  # noqa: PLC0415 - imports httpx

        # Forges tell git from browsers by its name (GitHub: https://github.com/jelmer/dulwich/issues/562).
        headers = {
            "User-Agent": f"git/2 (binderclip/{__version__})",
            "Accept": "*/*",
            "Git-Protocol": "version=2",
        }
        async with Web(self._guard, timeout_s=self._bounds.ask_s) as web:
            answer = await web.ask(
                "GET",
                self._at.url.rstrip("/") + _REFS,
                headers=headers,
                max_bytes=self._bounds.advertised_bytes,
            )
        if not answer.ok or not answer.url.endswith(_REFS):
            raise ResolveError(
                f"{self.shown}: redirects to what is no repository, or a private one "
                f"(status {answer.status})",
                hint=_OPEN,
            )
        self._at = public(answer.url.removesuffix(_REFS))

    async def _prove_git(self, folder: Path) -> None:
        """See that this machine's git goes through a gate, before it is given an address: one
        whose libcurl knows no proxies would connect by itself. Raises Refused.
        """
        binary = shutil.which("git")
        if binary is None:
            raise git.no_git()

        async def ask(proxy: str, url: str) -> None:
            await git.run_closed(
                ["ls-remote", "--", url],
                folder,
                called=self._bounds.fetching(),
                proxy=proxy,
                max_bytes=self._bounds.advertised_bytes,
            )

        # Not as freezing has it, whose git is called by uv.
        if await passed_by(f"{binary} as it is called here", "socks", ask, schemes=("http",)):
            raise Refused(
                f"found a git that does not use SOCKS proxies ({binary}), which fetching what "
                "others name needs here",
                hint="install another git, such as the one of your system or of conda-forge",
            )
