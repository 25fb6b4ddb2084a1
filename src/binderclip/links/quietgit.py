"""git, asked about a checkout on this machine. Nothing is changed: no hook or file-system monitor
runs, and the network is not used.
"""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_STILL = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "core.pager=cat")


class GitSays(Exception):
    """git ended with an error; the message is what it printed, fit to be shown."""

    @property
    def no_checkout(self) -> bool:
        said = str(self)
        return "not a git repository" in said or "must be run in a work tree" in said


@dataclass(frozen=True, slots=True)
class Git:
    """Each question may take ``seconds``, and none goes on after ``until``, on the clock of
    ``time.monotonic``. ``settings`` go before all others.
    """

    folder: Path
    seconds: float
    until: float | None = None
    settings: tuple[tuple[str, str], ...] = ()

    def __call__(self, *words: str) -> str:
        """The answer without its line end. Raises GitSays, OSError, ValueError, TimeoutExpired."""
        done = self._asked(words)
        if done.returncode:
            from binderclip.repositories import git  # noqa: PLC0415 - seldom needed

            raise GitSays(git.said(done.stderr.decode("utf-8", "replace")))
        return _text(done)

    def maybe(self, *words: str) -> str:
        """As a call, but an empty answer where git has none."""
        done = self._asked(words)
        return "" if done.returncode else _text(done)

    def _asked(self, words: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
        left = self.seconds if self.until is None else self.until - time.monotonic()
        return subprocess.run(
            ["git", *(part for one in _STILL for part in ("-c", one)), *words],
            cwd=self.folder,
            env=self._environ(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(min(self.seconds, left), 0.01),
            check=False,
        )

    def _environ(self) -> dict[str, str]:
        from binderclip.repositories import git  # noqa: PLC0415 - not needed for addresses

        # Objects that a partial clone lacks would be fetched.
        around = git.environ("", network=True) | {"GIT_NO_LAZY_FETCH": "1"}
        around["GIT_ALLOW_PROTOCOL"] = ""
        # Not -c, which a filter's name with "=" in it would escape.
        stated = around.get("GIT_CONFIG_COUNT", "")
        first = int(stated) if stated.isdecimal() else 0
        for number, (key, value) in enumerate(self.settings, first):
            around |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return around | {"GIT_CONFIG_COUNT": str(first + len(self.settings))}


def upstream_of(git: Git, branch: str) -> tuple[str | None, str | None]:
    """The remote, and the branch there: that which the local ``branch`` follows, else the one of
    the same name at origin. ``branch`` is empty where none is checked out.
    """
    remotes = git.maybe("remote").splitlines()
    if branch:
        followed = git.maybe("config", "--get", f"branch.{branch}.remote")
        there = git.maybe("config", "--get", f"branch.{branch}.merge")
        if followed in remotes and there:
            return followed, there.removeprefix("refs/heads/")
    remote = "origin" if "origin" in remotes else next(iter(remotes), None)
    return remote, branch or None


def _text(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")
