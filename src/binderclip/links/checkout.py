"""A notebook in a git checkout on this machine → the repository that its remote is.

git is asked, and nothing is changed: no hook, filter or file-system monitor runs, and the
network is not used.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from binderclip.links.model import Nowhere, Place
from binderclip.links.quietgit import Git, GitSays, upstream_of
from binderclip.links.remotes import on_the_web
from binderclip.spec.model import Reference
from binderclip.spec.places import canonical, sound

_SECONDS = 10


def in_checkout(file: Path) -> Place | Nowhere:
    """Where others find ``file``, at the branch that is checked out or its upstream."""
    git = Git(file.absolute().parent, _SECONDS)
    try:
        folder = git("rev-parse", "--show-prefix")
    except FileNotFoundError:
        return Nowhere("is on this machine, and git was not found to tell of which repository")
    except (GitSays, OSError, subprocess.TimeoutExpired) as error:
        if isinstance(error, GitSays) and error.no_checkout:
            return Nowhere("is on this machine, and in no git checkout")
        return Nowhere(f"is on this machine, and git does not tell of which repository ({error})")
    try:
        return _place(git, f"{folder}{file.name}")
    except (GitSays, OSError, subprocess.TimeoutExpired) as error:
        return Nowhere(f"is in a git checkout, of which git does not tell more ({error})")


def _place(git: Git, path: str) -> Place | Nowhere:
    branch = git.maybe("symbolic-ref", "-q", "--short", "HEAD")
    remote, upstream = upstream_of(git, branch)
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


def _doubts(git: Git, path: str, remote: str, seen: str | None) -> Iterator[str]:
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
