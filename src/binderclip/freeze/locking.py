"""The seam between freezing and each kind of environment file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from binderclip.errors import Refused
from binderclip.rees import FolderListing


@dataclass(frozen=True, slots=True)
class Lockable:
    """A file that is to be pinned, where it lies with all that it names.

    ``root`` is a working copy (a temporary folder; nothing in it was run), and ``path`` the
    file's place in it, relative, with slashes. ``python`` ("3.11") and ``platform`` ("linux-64")
    are what it is pinned for. ``previous`` is the text it was frozen to before, or None.
    """

    root: Path
    path: str
    python: str
    platform: str
    previous: str | None = None

    def read(self) -> str:
        """The file's text, line ends and all. Raises Refused, also where it is not UTF-8."""
        data = FolderListing(self.root).content(self.path)
        if data is None:
            raise Refused(f"{self.path}: is not there")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise Refused(
                f"{self.path}: byte {error.start + 1} is not UTF-8", hint="save it as UTF-8"
            ) from error


@dataclass(frozen=True, slots=True)
class Locked:
    """``text`` is what the file is frozen to. ``remarks`` are for people, a line each."""

    text: str
    remarks: tuple[str, ...] = field(default=())


class Locker(Protocol):
    """Pins one kind of file. All of it is safe on files of strangers: nothing of theirs runs."""

    async def lock(
        self, wanted: Lockable, *, upgrade: bool, observe: Callable[[str], None]
    ) -> Locked:
        """Pin everything that ``wanted`` leaves open. Versions of ``wanted.previous`` stay where
        they still answer the file, unless ``upgrade``: then the newest are taken. ``observe``
        gets lines for people as things go on. Raises ResolveError, Unreachable, Refused.
        """
        ...

    def holds(self, wanted: Lockable) -> str | None:
        """Does ``wanted.previous`` still answer the file? None if so, else why not, in words.
        Asks nothing of the network, and is quick.
        """
        ...

    async def alive(self, wanted: Lockable) -> str | None:
        """Is everything that ``wanted.previous`` pins still to be had? None if so, else what is
        gone, in words. Raises Unreachable where that cannot be told now.
        """
        ...
