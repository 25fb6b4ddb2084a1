"""A notebook in a git checkout on this machine → the repository that its remote is.

git is asked, and nothing is changed: no hook, filter or file-system monitor runs, and the
network is not used.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from binderclip.links.model import Nowhere, Place
from binderclip.links.remotes import on_the_web
from binderclip.spec.model import Reference
from binderclip.spec.places import canonical, sound

_SECONDS = 10
_STILL = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "core.pager=cat")


class _GitSays(Exception):
    """git ended with an error; the message is what it printed, fit to be shown."""


def in_checkout(file: Path) -> Place | Nowhere:
    """Where others find ``file``, at the branch that is checked out or its upstream."""
    git = _Git(file.absolute().parent)
    try:
        folder = git("rev-parse", "--show-prefix")
    except FileNotFoundError:
        return Nowhere("is on this machine, and git was not found to tell of which repository")
    except (_GitSays, OSError, subprocess.TimeoutExpired) as error:
        said = str(error)
        if "not a git repository" in said or "must be run in a work tree" in said:
            return Nowhere("is on this machine, and in no git checkout")
        return Nowhere(f"is on this machine, and git does not tell of which repository ({said})")
    try:
        return _place(git, f"{folder}{file.name}")
    except (_GitSays, OSError, subprocess.TimeoutExpired) as error:
        return Nowhere(f"is in a git checkout, of which git does not tell more ({error})")


def _place(git: _Git, path: str) -> Place | Nowhere:
    branch = git.maybe("symbolic-ref", "-q", "--short", "HEAD")
    remote, upstream = _upstream(git, branch)
    if remote is None:
        return Nowhere("is in a git checkout without a remote repository")
    address = git.maybe("remote", "get-url", "--", remote)
    repository = on_the_web(address)
    if repository is None:
        return Nowhere(f"is in a git checkout whose {remote} is not on the web")
    commit = None if upstream else git.maybe("rev-parse", "-q", "--verify", "HEAD") or None
    reference = canonical(Reference(repository.host, repository.path, upstream, commit))
    if not sound(reference):
        return Nowhere(f"is on the branch {upstream!r}, whose name cannot stand in a link")
    seen = f"refs/remotes/{remote}/{upstream}" if upstream else None
    return Place(reference, path, tuple(_doubts(git, path, remote, seen)))


def _upstream(git: _Git, branch: str) -> tuple[str | None, str | None]:
    """The remote, and the branch there: that which the local branch follows, else the one of the
    same name at origin.
    """
    remotes = git.maybe("remote").splitlines()
    if branch:
        followed = git.maybe("config", "--get", f"branch.{branch}.remote")
        there = git.maybe("config", "--get", f"branch.{branch}.merge")
        if followed in remotes and there:
            return followed, there.removeprefix("refs/heads/")
    remote = "origin" if "origin" in remotes else next(iter(remotes), None)
    return remote, branch or None


def _doubts(git: _Git, path: str, remote: str, seen: str | None) -> Iterator[str]:
    """What keeps the link from showing the notebook as it is here, as far as was last fetched."""
    here = git.maybe("rev-parse", "-q", "--verify", f"HEAD:{path}")
    if not here:
        yield "the notebook is not committed yet: push it before the link is of use"
    elif seen is None:
        yield f"no branch is checked out: the link names the commit, which {remote} must have"
    elif not (there := git.maybe("rev-parse", "-q", "--verify", f"{seen}:{path}")):
        yield f"{remote} does not have the notebook, as of the last fetch: push it first"
    elif there != here:
        yield f"{remote} has another version of the notebook, as of the last fetch"


@dataclass(frozen=True, slots=True)
class _Git:
    folder: Path

    def __call__(self, *words: str) -> str:
        """The one answer, without its line end. Raises _GitSays, OSError, TimeoutExpired."""
        from binderclip.repositories import git  # noqa: PLC0415 - not needed for addresses

        # Objects that a partial clone lacks would be fetched.
        alone = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": ""}
        done = subprocess.run(
            ["git", *(part for one in _STILL for part in ("-c", one)), *words],
            cwd=self.folder,
            env=git.environ("", network=True) | alone,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode:
            raise _GitSays(git.said(done.stderr.decode("utf-8", "replace")))
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def maybe(self, *words: str) -> str:
        """As a call, but an empty answer where git has none."""
        try:
            return self(*words)
        except _GitSays:
            return ""
