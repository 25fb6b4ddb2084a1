"""A commit's files, read without checking them out."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from binderclip.errors import CacheError, Refused, TooLarge
from binderclip.repositories import git
from binderclip.repositories.bounds import Bounds

_LARGEST_FILE = 1 << 20


class Tree:
    """A commit's files as a ``rees.Listing``; links are followed within the repository only.
    With ``bounds`` reading raises TooLarge too.
    """

    def __init__(self, store: Path, commit: str, bounds: Bounds | None = None) -> None:
        self._commit, self._bounds = commit, bounds
        called = bounds.reading() if bounds else ["git"]
        argv = [*called, f"--git-dir={store}", "cat-file", "--batch", "--follow-symlinks"]
        try:
            self._process = subprocess.Popen(
                argv,
                env=git.closed(None) if bounds else git.environ("", network=False),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise git.no_git() from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def folder(self, path: str) -> bool:
        return self._ask(path)[0] == "tree"

    def read(self, path: str) -> str | None:
        """Raises Refused for a file over 1 MiB and for a link that leads out of the repository."""
        kind, content = self._ask(path)
        return content.decode("utf-8", "replace") if kind == "blob" else None

    def blob(self, name: str) -> bytes:
        """The content of a file by its object's name, whole: look at its size before. Raises
        CacheError for one that is not there, since what was fetched has been removed.
        """
        try:
            kind, content = self._object(name, name, limited=False)
        except BrokenPipeError:
            kind = "missing"
        if kind != "blob":
            raise CacheError(
                f"object {name[:12]} is no longer among what was fetched",
                hint="run it again: the repository is then fetched anew",
            )
        return content

    def _ask(self, path: str) -> tuple[str, bytes]:
        if "\n" in path:
            return "missing", b""
        return self._object(f"{self._commit}:{path}", path, limited=True)

    def _object(self, words: str, shown: str, *, limited: bool) -> tuple[str, bytes]:
        """The kind of object and its content. The answers: git-cat-file(1), BATCH OUTPUT."""
        asked, answers = _pipes(self._process)
        try:
            asked.write(f"{words}\n".encode())
            asked.flush()
        except BrokenPipeError:
            self._check(shown)
            raise
        first = answers.readline().decode("utf-8", "replace").rstrip("\n")
        if not first:
            self._check(shown)
        if not first or first.endswith((" missing", " ambiguous")):
            return "missing", b""
        facts = first.split(" ")
        if facts[0] in {"symlink", "dangling", "loop", "notdir"}:
            answers.read(int(facts[1]) + 1)
            if facts[0] == "symlink":
                raise Refused(f"{shown}: is a link that leads out of the repository")
            return "missing", b""
        _, kind, size = facts
        if kind == "blob" and limited and int(size) > _LARGEST_FILE:
            raise Refused(f"{shown}: is {int(size)} bytes long, expected at most 1 MiB")
        content = answers.read(int(size) + 1)
        if len(content) <= int(size):
            self._check(shown)
        return kind, content[:-1]

    def _check(self, shown: str) -> None:
        """Raise TooLarge where git ended by itself: what was fetched is whole, so that it can
        only have gone out of its bounds.
        """
        if self._bounds and self._process.wait():
            raise TooLarge(f"{shown}: takes more time or memory to read than it may")


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise ValueError("the process was started without pipes")
    return process.stdin, process.stdout
