"""Git repositories: refs resolved, single commits fetched, read and checked out. With the git
binary, since the person's credential helpers, keys and proxies are its to use.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from pathlib import Path
from typing import ClassVar, NoReturn, Protocol

import msgspec

from binderclip import processes
from binderclip.errors import ResolveError, Unreachable
from binderclip.repositories import git, listing
from binderclip.repositories.listing import Entry
from binderclip.repositories.refs import COMMIT, REF, Refs, advertised
from binderclip.repositories.tree import Tree

_LARGEST_ATTRIBUTES = 1 << 20


class Lock(Protocol):
    """Gives a context that holds the lock of that name."""

    def __call__(self, name: str) -> AbstractAsyncContextManager[None]: ...


class Repository:
    """A remote repository and what was fetched of it, in a bare store under ``root``.

    ``lock`` serialises processes that fetch into one store. An ``anonymous`` one is asked without
    the person's credentials, and has a store of its own: what these opened is not in it.
    ``realm`` tells stores apart whose contents were opened by other means still.
    """

    realm: ClassVar[str] = ""

    def __init__(
        self, url: str, root: Path, lock: Lock, *, offline: bool = False, anonymous: bool = False
    ) -> None:
        self.url = git.checked(url)
        self.offline, self.anonymous = offline, anonymous
        realm = self.realm or ("anonymous" if anonymous else "")
        known = f"{realm} {self.url}" if realm else self.url
        self.name = hashlib.sha256(known.encode()).hexdigest()[:24]
        self.folder = root / self.name
        self._lock = lock

    @property
    def shown(self) -> str:
        """The address as it may be printed."""
        return git.shown(self.url)

    def known(self, ref: str) -> str | None:
        """The commit that ``ref`` was when it was last resolved, or None."""
        commit = self._known().get(ref)
        return commit if commit and COMMIT.fullmatch(commit) else None

    async def resolve(self, ref: str) -> str:
        """The commit that ``ref`` is now. Raises ResolveError or Unreachable."""
        if COMMIT.fullmatch(ref):
            return ref
        if not REF.fullmatch(ref) or ".." in ref:
            raise ResolveError(f"{ref!r} cannot be the name of a branch or tag")
        self._need_network(f"resolve {ref!r}")
        patterns = [ref] if ref == "HEAD" or ref.startswith("refs/") else []
        patterns = patterns or [f"refs/heads/{ref}", f"refs/tags/{ref}"]
        peeled = [f"{name}^{{}}" for name in patterns if name != "HEAD"]
        refs = await self._advertised(*patterns, *peeled)
        if not refs.commits:
            refs = await self._advertised("HEAD", "refs/heads/*", "refs/tags/*")
        commit = refs.commit(ref)
        self._remember({**self._known(), ref: commit})
        return commit

    def has(self, commit: str) -> bool:
        """Is ``commit`` fetched, whole?"""
        return self._kept(commit).is_file()

    async def fetch(self, commit: str) -> None:
        """Get one commit, as shallow as the server allows. Raises ResolveError, Unreachable."""
        if self.has(commit):
            with suppress(OSError):
                os.utime(self.folder)
            return
        self._need_network(f"fetch commit {commit[:12]}")
        async with self._lock(self.name):
            if not self.has(commit):
                await self._fetch(commit)

    def tree(self, commit: str) -> Tree:
        """The files of a fetched commit, read without checking them out."""
        return Tree(self._store(commit), commit)

    def entries(self, commit: str, max_entries: int) -> tuple[Entry, ...]:
        """All files, links and submodules of a fetched commit. Raises TooLarge, ResolveError."""
        return listing.entries(self._store(commit), commit, self.shown, max_entries)

    async def check_out(self, commit: str, into: Path, run: Path) -> Sequence[str]:
        """Make ``into`` a working copy of a fetched commit, with its submodules; return remarks
        for people. Raises ResolveError, Unreachable.
        """
        store = self._store(commit)
        form = ["--object-format=sha256"] if _kind(commit) == "sha256" else []
        await self._local(["init", "-q", "--template=", *form, str(into)], run)
        inside = ["-C", str(into)]
        ref = f"refs/binderclip/{commit}"
        fetched = ["fetch", "-q", "--depth=1", "--no-tags", store.as_uri(), ref]
        await self._local([*inside, *fetched], run)
        await self._local([*inside, "checkout", "-q", "--detach", "FETCH_HEAD"], run)
        await self._local([*inside, "remote", "add", "origin", self.url], run)
        remarks = []
        if (into / ".gitmodules").is_file():
            remarks.append(await self._submodules(into, run))
        attributes = into / ".gitattributes"
        small = attributes.is_file() and attributes.stat().st_size <= _LARGEST_ATTRIBUTES
        if small and b"filter=lfs" in attributes.read_bytes():
            remarks.append("files kept in Git LFS are left as pointers")
        return remarks

    async def asked(self, words: Sequence[str], folder: Path) -> processes.Finished:
        """Run git in ``folder`` with what it needs to reach the remote."""
        return await git.run(words, self.url, folder, anonymous=self.anonymous)

    async def local(self, words: Sequence[str], folder: Path) -> processes.Finished:
        """Run git in ``folder`` on what was fetched."""
        return await git.run(words, self.url, folder, network=False)

    async def everything(self) -> Sequence[str]:
        """What to say to `git fetch` for all branches and tags: options and refs."""
        return [f"+refs/{kind}/*:refs/all/{kind}/*" for kind in ("heads", "tags")]

    def failed(self, stderr: str) -> NoReturn:
        """Raise what git's words about the remote stand for."""
        git.fail(self.url, stderr)

    @contextmanager
    def _asking(self) -> Iterator[Path]:
        """A folder to ask from."""
        asking = self.folder / "asking"
        asking.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield asking

    async def _advertised(self, *patterns: str) -> Refs:
        with self._asking() as folder:
            done = await self.asked(["ls-remote", "--", self.url, *patterns], folder)
        if done.code:
            self.failed(done.stderr)
        found = advertised(done.stdout.decode("utf-8", "replace"), patterns)
        return Refs(self.shown, found)

    async def _fetch(self, commit: str) -> None:
        """A server of protocol version 2 gives any commit by its name; others only what a ref
        names, so that all branches and tags are fetched there.
        """
        store, run = self._store(commit, make=True), self.folder / "run"
        processes.stop_all(run, 0)  # what a killed fetch may have left
        for stale in store.rglob("*.lock"):
            stale.unlink(missing_ok=True)
        inside = [f"--git-dir={store}"]
        fetch = [*inside, "fetch", "-q", "--no-tags", "--no-write-fetch-head"]
        one = [*fetch, "--depth=1", "--", self.url, f"+{commit}:refs/binderclip/{commit}"]
        done = await self.asked(one, run)
        if not done.code:
            return
        if not git.is_absent(done.stderr):
            if git.is_network(done.stderr):
                self.failed(done.stderr)
            await self._fetch_all(fetch, store, run)
            name = f"refs/binderclip/{commit}"
            keep = [*inside, "update-ref", name, f"{commit}^{{commit}}"]
            done = await self.local(keep, run)
        if done.code:
            raise ResolveError(
                f"commit {commit} is not in {self.shown}",
                hint="it may have been removed by a forced push; freeze the notebook again",
            )

    async def _fetch_all(self, fetch: Sequence[str], store: Path, run: Path) -> None:
        options, refs = _parted(await self.everything())
        if (store / "shallow").exists():
            options = options or ["--unshallow"]
        done = await self.asked([*fetch, *options, "--", self.url, *refs], run)
        if done.code:
            self.failed(done.stderr)

    async def _submodules(self, into: Path, run: Path) -> str:
        """Fetch them; a remark for people."""
        self._need_network("fetch the submodules")
        update = ["-C", str(into), "submodule", "--quiet", "update", "--init", "--recursive"]
        done = await self.asked([*update, "--depth=1"], run)
        if done.code:
            done = await self.asked(update, run)
        if done.code:
            why = git.said(done.stderr)
            raise ResolveError(f"the submodules of {self.shown} could not be fetched: {why}")
        return "its submodules were fetched too"

    def _store(self, commit: str, *, make: bool = False) -> Path:
        """Commits of SHA-1 and of SHA-256 cannot lie in one store."""
        kind = _kind(commit)
        store = self.folder / self._store_name(commit)
        if make and not (store / "HEAD").is_file():
            for part in (store / "refs", store / "objects", self.folder / "run"):
                part.mkdir(parents=True, exist_ok=True, mode=0o700)
            extension = "[extensions]\n\tobjectFormat = sha256\n" if kind == "sha256" else ""
            version = 1 if extension else 0
            text = f"[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n{extension}"
            (store / "config").write_text(text)
            (store / "HEAD").write_text("ref: refs/heads/none\n")
        return store

    def _store_name(self, commit: str) -> str:
        return f"{_kind(commit)}.git"

    def _kept(self, commit: str) -> Path:
        return self._store(commit) / "refs" / "binderclip" / commit

    def _known(self) -> dict[str, str]:
        with suppress(OSError, msgspec.MsgspecError):
            text = (self.folder / "known.json").read_bytes()
            return msgspec.json.decode(text, type=dict[str, str])
        return {}

    def _remember(self, known: Mapping[str, str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.folder / f"known.{secrets.token_hex(4)}.tmp"
        fresh.write_bytes(msgspec.json.encode(known))
        fresh.replace(self.folder / "known.json")

    def _need_network(self, purpose: str) -> None:
        if self.offline:
            raise Unreachable(
                f"cannot {purpose} of {self.shown} without the network",
                hint="run once without --offline: what was fetched is kept",
            )

    async def _local(self, words: Sequence[str], run: Path) -> None:
        done = await self.local(words, run)
        if done.code:
            raise ResolveError(
                f"git could not check out {self.shown}: {git.said(done.stderr)}",
                hint="try it with `git clone`",
            )


def _parted(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The options of ``words``, and the others."""
    options = [word for word in words if word.startswith("--")]
    return options, [word for word in words if not word.startswith("--")]


def _kind(commit: str) -> str:
    return "sha256" if len(commit) == 64 else "sha1"  # noqa: PLR2004 - hex digits of SHA-256
