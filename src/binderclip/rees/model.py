"""What a report says."""

from __future__ import annotations

from dataclasses import dataclass

from binderclip.rees.table import Buildpack


@dataclass(frozen=True, slots=True)
class Ignored:
    """A configuration file that the build does not read, and why not."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Trap:
    """``what`` may surprise about the file at ``path``, or about all where it is None; ``instead``
    is what to write.
    """

    path: str | None
    what: str
    instead: str


@dataclass(frozen=True, slots=True)
class Report:
    """How repo2docker would build some files, on ``linux-64``.

    ``buildpack`` is None where it fails before one is chosen. ``folder`` is "", "binder" or
    ".binder"; ``trigger`` the file that decided, None where nothing did. ``uses``: what the build
    reads, and what that includes. ``python``: the version it would take ("3.11"), None where the
    buildpack takes none, or where it fails over it. ``fails``: why the build would fail, None
    where nothing is known against it; ``mend`` what to do about that.
    """

    buildpack: Buildpack | None
    folder: str
    trigger: str | None
    uses: tuple[str, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    traps: tuple[Trap, ...] = ()
    python: str | None = None
    fails: str | None = None
    mend: str | None = None
