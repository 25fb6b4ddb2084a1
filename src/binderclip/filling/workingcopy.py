"""What git says of the folder that is served: the repository of its remote, the branch there, and
the commit where everybody can get it.

git is asked and nothing is changed: no hook, filter or file-system monitor runs, and the network is
not used.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from binderclip.errors import BinderclipError
from binderclip.filling.words import Word, broken, remark, repository, why
from binderclip.links.remotes import on_the_web
from binderclip.spec.grammar import fits
from binderclip.spec.model import Reference
from binderclip.spec.shown import has_credentials

SOURCE = "git working copy"
_PATIENCE_S = 5.0
"""For all questions together: a server waits for the answers before it starts."""
_SETTINGS = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.pager", "cat"),
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


def _build(git: _Git) -> Word:
    commit = git.maybe("rev-parse", "-q", "--verify", "HEAD^{commit}")
    if not commit:
        raise _Untold("it has no commit yet")
    remote, branch = _upstream(git)
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


def _repository(git: _Git, remote: str | None) -> Reference:
    place = on_the_web(git.maybe("remote", "get-url", "--", remote)) if remote else None
    if place is None:
        raise _Untold("it has no remote repository on the web")
    if has_credentials(place.url):
        raise _Untold("the address of its remote holds a token")
    return place


def _upstream(git: _Git) -> tuple[str | None, str | None]:
    """The remote, and the branch there: that which the local one follows, else of the same name."""
    remotes = git.maybe("remote").splitlines()
    branch = git.maybe("symbolic-ref", "-q", "HEAD").removeprefix("refs/heads/")
    if branch:
        followed = git.maybe("config", "--get", f"branch.{branch}.remote")
        there = git.maybe("config", "--get", f"branch.{branch}.merge")
        if followed in remotes and there:
            return followed, there.removeprefix("refs/heads/")
    remote = "origin" if "origin" in remotes else next(iter(remotes), None)
    return remote, branch or None


def _is_there(git: _Git, remote: str | None, branch: str | None) -> bool:
    """Whether the remote had ``branch`` when it was last fetched, under a name that can be said."""
    if branch is None or not fits("ref", branch) or fits("commit", branch):
        return False
    return bool(git.maybe("rev-parse", "-q", "--verify", f"refs/remotes/{remote}/{branch}"))


def _doubt(git: _Git, remote: str | None, commit: str) -> str | None:
    """Why the commit is not what others would get, or not what is here."""
    among = f"refs/remotes/{remote}/"
    if not git("for-each-ref", "--count=1", f"--contains={commit}", among):
        return f"{remote} does not have its commit, as of the last fetch"
    if git("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all"):
        return "it has changes that are not committed"
    return None


def _asking(folder: Path) -> _Git:
    """Raises _Untold where there is no checkout."""
    until = time.monotonic() + _PATIENCE_S
    git = _Git(folder, until, _SETTINGS)
    git("rev-parse", "--show-toplevel")
    names = "^filter[.].*[.](clean|process|smudge|required)$"
    filters = git.maybe("config", "--null", "--name-only", "--get-regexp", names)
    off = ((key, "false" if key.endswith(".required") else "") for key in filters.split("\0"))
    return _Git(folder, until, (*_SETTINGS, *(pair for pair in off if pair[0])))


@dataclass(frozen=True, slots=True)
class _Git:
    """``until`` is on the clock of ``time.monotonic``; ``settings`` go before all others."""

    folder: Path
    until: float
    settings: tuple[tuple[str, str], ...]

    def __call__(self, *words: str) -> str:
        """The answer without its line end. Raises _Untold where git fails, OSError, ValueError,
        TimeoutExpired.
        """
        done = self._asked(words)
        if done.returncode:
            from binderclip.repositories import git  # noqa: PLC0415 - seldom needed

            said = git.said(done.stderr.decode("utf-8", "replace"))
            if "not a git repository" in said or "must be run in a work tree" in said:
                raise _Untold("the folder is in no git checkout")
            raise _Untold(f"git says: {said}")
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def maybe(self, *words: str) -> str:
        """As a call, but an empty answer where git has none."""
        done = self._asked(words)
        text = done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")
        return "" if done.returncode else text

    def _asked(self, words: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", *words],
            cwd=self.folder,
            env=self._environ(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(self.until - time.monotonic(), 0.01),
            check=False,
        )

    def _environ(self) -> dict[str, str]:
        from binderclip.repositories import git  # noqa: PLC0415 - seldom needed

        # Objects that a partial clone lacks would be fetched.
        around = git.environ("", network=True) | {"GIT_NO_LAZY_FETCH": "1"}
        around["GIT_ALLOW_PROTOCOL"] = ""
        # Not -c, which a filter's name with "=" in it would escape.
        stated = around.get("GIT_CONFIG_COUNT", "")
        first = int(stated) if stated.isdecimal() else 0
        for number, (key, value) in enumerate(self.settings, first):
            around |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return around | {"GIT_CONFIG_COUNT": str(first + len(self.settings))}
