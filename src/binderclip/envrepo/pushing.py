"""Pushes one commit to a branch of its own, with the person's own git: their credentials, keys and
proxies. Nothing is ever forced, and no other branch is touched.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Self

from binderclip import cloneable
from binderclip.addresses.masking import masked
from binderclip.envrepo.model import Packed
from binderclip.envrepo.objects import pack_file
from binderclip.errors import BinderclipError, Problem, Refused, SpecError, Unreachable
from binderclip.links.remotes import on_the_web
from binderclip.repositories import git
from binderclip.repositories.refs import advertised
from binderclip.spec.grammar import fits
from binderclip.spec.model import Reference

_ADDRESS = re.compile(r"(?:https?|ssh|git)://.*|[\w.-]+@[\w.-]+:.*", re.ASCII | re.DOTALL)
_DENIED = re.compile(
    r"permission (?:to .{0,200} )?denied|returned error: 40[13]|not allowed|read[- ]only|"
    r"authentication failed|could not read (?:username|password)|access (?:denied|rights)|"
    r"write access|insufficient permission",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Remote:
    """``url`` is as git takes it; ``web`` the same repository for those who have no keys, None for
    a folder and for what only this machine's ssh knows.
    """

    url: str = field(repr=False)
    web: Reference | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """An http(s) or ssh address, a folder with a repository, or ``OWNER/NAME`` and what else
        ``set --build`` takes. Raises SpecError, and Refused for an address with a password.
        """
        text = text.strip()
        if not _ADDRESS.fullmatch(text):
            try:
                text = cloneable.repository(text).url
            except SpecError as error:
                shown = repr(masked(text))
                expected = "a repository that git can push to: an address, a folder, OWNER/NAME"
                hint = "`git remote get-url NAME` tells the address of a remote"
                raise SpecError((Problem("--to", shown, expected, hint),)) from error
        if re.match(r"https?:[^?#]*[?#]", text):
            expected = "one without a query: what opens it, git's credential helpers know"
            raise SpecError((Problem("--to", repr(masked(text)), expected),))
        url = git.checked(text)
        return cls(url, on_the_web(url))

    @property
    def shown(self) -> str:
        """As it may be printed."""
        return git.shown(masked(self.url))


@dataclass(frozen=True, slots=True)
class Pushed:
    """``new`` is False where the branch had the commit before."""

    branch: str
    new: bool


def default_branch(packed: Packed) -> str:
    """Named after what is in the commit, so that nothing else comes to lie there."""
    return f"binderclip/{packed.key[:12]}"


async def push(packed: Packed, remote: Remote, branch: str | None = None) -> Pushed:
    """Make ``branch`` of ``remote`` the commit; by default one named after the environment's key.

    Raises Refused where that branch is something else, where it may not be written to, and without
    git; ResolveError, Unreachable.
    """
    name = branch or default_branch(packed)
    if not fits("ref", name) or name.startswith("refs/") or name == "HEAD":
        raise SpecError((Problem("--branch", repr(name), "the name of a branch"),))
    try:
        with tempfile.TemporaryDirectory(prefix="binderclip-") as folder:
            return await _pushed(packed, remote, name, Path(folder))
    except OSError as error:
        raise BinderclipError(
            f"{error.filename or tempfile.gettempdir()}: cannot be written ({error.strerror})",
            hint="see that there is room for temporary files",
        ) from error


async def _pushed(packed: Packed, remote: Remote, branch: str, folder: Path) -> Pushed:
    ref = f"refs/heads/{branch}"
    there = await git.run(["ls-remote", "--", remote.url, ref], remote.url, folder)
    if there.code:
        git.fail(remote.url, there.stderr)
    known = advertised(there.stdout.decode("utf-8", "replace"), [ref]).get(ref)
    if known == packed.commit:
        return Pushed(branch, new=False)
    if known:
        _refuse_taken(remote, branch, f"it is at {known[:12]}")
    store = await _stored(packed, folder)
    words = [f"--git-dir={store}", "push", "--porcelain", "--no-verify", "--no-follow-tags"]
    refspec = f"{packed.commit}:{ref}"
    done = await git.run([*words, "--", remote.url, refspec], remote.url, folder)
    if done.code:
        _fail(remote, branch, done.stdout.decode("utf-8", "replace"), done.stderr)
    return Pushed(branch, new=True)


async def _stored(packed: Packed, folder: Path) -> Path:
    """A bare repository with the commit, which git has found to be sound."""
    store = folder / "environment.git"
    packs = store / "objects" / "pack"
    packs.mkdir(parents=True)
    (store / "refs").mkdir()
    (store / "config").write_text("[core]\n\trepositoryFormatVersion = 0\n\tbare = true\n")
    (store / "HEAD").write_text("ref: refs/heads/none\n")
    pack = packs / "pack-environment.pack"
    pack.write_bytes(pack_file(packed.objects))
    check = ["index-pack", "--strict", str(pack)]
    done = await git.run([f"--git-dir={store}", *check], "", folder, network=False)
    if done.code:
        raise Refused(f"git does not take the commit: {git.said(done.stderr)}")
    return store


def _fail(remote: Remote, branch: str, told: str, stderr: str) -> NoReturn:
    """What git's words about a push mean. https://git-scm.com/docs/git-push#_output"""
    rejected = next((line for line in told.splitlines() if line.startswith("!\t")), "")
    why = git.said(stderr)
    if rejected:
        why = git.shown(rejected.rpartition("\t")[2])
        if "(" in why and why.endswith(")"):
            why = why[:-1].rpartition("(")[2]
        if rejected.endswith(("(non-fast-forward)", "(fetch first)", "(already exists)")):
            _refuse_taken(remote, branch, "it was made meanwhile")
        raise Refused(
            f"{remote.shown}: does not take the branch {branch!r} ({why[:200]})",
            hint="look at its rules for branches; --branch names another",
        )
    if _DENIED.search(stderr):
        raise Refused(
            f"{remote.shown}: you may not push there ({why})",
            hint="git has to know a login that may, without asking: try it with `git push`",
        )
    raise Unreachable(
        f"{remote.shown}: could not be pushed to ({why})",
        hint="try it again, or with `git push`",
    )


def _refuse_taken(remote: Remote, branch: str, found: str) -> NoReturn:
    raise Refused(
        f"{remote.shown}: has a branch {branch!r} with something else ({found}); nothing was "
        "pushed, and nothing is ever written over",
        hint="name another with --branch",
    )
