"""What git says of the folder that is served: the repository of its remote, the branch there, and
the commit where everybody can get it.

git is asked and nothing is changed: no hook, filter or file-system monitor runs, and the network is
not used.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from binderclip.errors import BinderclipError
from binderclip.filling.words import Word, broken, remark, repository, why
from binderclip.links.quietgit import Git, GitSays, upstream_of
from binderclip.links.remotes import on_the_web
from binderclip.spec.grammar import fits
from binderclip.spec.model import Reference
from binderclip.spec.shown import has_credentials

SOURCE = "git working copy"
_PATIENCE_S = 5.0
"""For all questions together: a server waits for the answers before it starts."""
_SETTINGS = (
    # A folder that came in an image has its files' times and sizes, not the rest.
    ("core.trustctime", "false"),
    ("core.checkStat", "minimal"),
)


class _Untold(Exception):
    """Why nothing is filled in, fit to be shown."""


def of_working_copy(folder: Path) -> Iterator[Word]:
    """What others can get of the checkout that ``folder`` is in."""
    try:
        yield _build(_asking(folder))
    except _Untold as error:
        yield _nothing(str(error))
    except GitSays as error:
        said = "the folder is in no git checkout" if error.no_checkout else f"git says: {error}"
        yield _nothing(said)
    except BinderclipError as error:
        yield _nothing(why(error))
    except FileNotFoundError:
        yield _nothing("the folder or git was not found")
    except subprocess.TimeoutExpired:
        yield _nothing(f"git did not answer within {_PATIENCE_S:g} s")
    except (OSError, ValueError) as error:  # a ValueError for names that no folder can have
        yield _nothing(f"git could not be asked ({type(error).__name__})")


def _nothing(reason: str) -> Word:
    return broken("build", SOURCE, f"{reason}; no build is filled in")


def _build(git: Git) -> Word:
    commit = git.maybe("rev-parse", "-q", "--verify", "HEAD^{commit}")
    if not commit:
        raise _Untold("it has no commit yet")
    checked_out = git.maybe("symbolic-ref", "-q", "HEAD").removeprefix("refs/heads/")
    remote, branch = upstream_of(git, checked_out)
    place = _repository(git, remote)
    if not _is_there(git, remote, branch):
        branch = None
    doubt = _doubt(git, remote, commit)
    if doubt is None:
        found = Reference(place.host, place.path, branch, commit)
        return Word("build", SOURCE, repository(found))
    if branch is None:
        raise _Untold(f"{doubt}, and {remote} has no branch of that name")
    found = repository(Reference(place.host, place.path, branch))
    return Word("build", SOURCE, found, remark(SOURCE, f"{doubt}; the branch alone is filled in"))


def _repository(git: Git, remote: str | None) -> Reference:
    place = on_the_web(git.maybe("remote", "get-url", "--", remote)) if remote else None
    if place is None:
        raise _Untold("it has no remote repository on the web")
    if has_credentials(place.url):
        raise _Untold("the address of its remote holds a token")
    return place


def _is_there(git: Git, remote: str | None, branch: str | None) -> bool:
    """Whether the remote had ``branch`` when it was last fetched, under a name that can be said."""
    if branch is None or not fits("ref", branch) or fits("commit", branch):
        return False
    return bool(git.maybe("rev-parse", "-q", "--verify", f"refs/remotes/{remote}/{branch}"))


def _doubt(git: Git, remote: str | None, commit: str) -> str | None:
    """Why the commit is not what others would get, or not what is here."""
    among = f"refs/remotes/{remote}/"
    if not git("for-each-ref", "--count=1", f"--contains={commit}", among):
        return f"{remote} does not have its commit, as of the last fetch"
    if git("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all"):
        return "it has changes that are not committed"
    return None


def _asking(folder: Path) -> Git:
    """Raises GitSays where there is no checkout."""
    until = time.monotonic() + _PATIENCE_S
    git = Git(folder, _PATIENCE_S, until, _SETTINGS)
    git("rev-parse", "--show-toplevel")
    names = "^filter[.].*[.](clean|process|smudge|required)$"
    filters = git.maybe("config", "--null", "--name-only", "--get-regexp", names)
    off = ((key, "false" if key.endswith(".required") else "") for key in filters.split("\0"))
    return Git(folder, _PATIENCE_S, until, (*_SETTINGS, *(pair for pair in off if pair[0])))
