"""What an environment.yml says, and what it was solved to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rattler import RepoDataRecord

NO_DEFAULTS = "nodefaults"
FALLBACK_CHANNEL = "conda-forge"
"""The channel that repo2docker's own configuration appends to those of every file."""


@dataclass(frozen=True, slots=True)
class CondaFile:
    """An ``environment.yml``. ``where`` names it in messages.

    ``channels`` are those that are asked, in order, as the person wrote them: without
    ``nodefaults``, and with conda-forge at the end where repo2docker would have it there.
    ``specs``: conda's match specs; ``pip``: the lines of the ``pip:`` list, as they stand.
    ``python``: "3.11" where repo2docker reads a version from the file, else None. ``extra``: keys
    that nobody reads.
    """

    where: str
    name: str | None
    channels: tuple[str, ...]
    specs: tuple[str, ...]
    pip: tuple[str, ...] = ()
    python: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pinned:
    """One package, exactly. ``channel``: as the person wrote it. ``channel_url`` and ``url`` are
    where it was found here, which may be a mirror of the person's: they are not for notebooks, and
    not to be shown. ``sha256`` and ``md5``: hex digits, "" where the channel states none.
    """

    name: str
    version: str
    build: str
    subdir: str
    channel: str
    channel_url: str = field(repr=False)
    url: str = field(repr=False)
    sha256: str = ""
    md5: str = ""


@dataclass(frozen=True, slots=True)
class Solution:
    """``records`` are py-rattler's, for ``install``; ``pinned`` says the same, sorted by name.
    ``of_python``: the names of the packages that depend on a Python.
    """

    platform: str
    records: tuple[RepoDataRecord, ...] = field(repr=False)
    pinned: tuple[Pinned, ...]
    of_python: frozenset[str] = frozenset()

    def version(self, name: str) -> str | None:
        """The version of the package ``name`` ("python"), None where it is not there."""
        return next((one.version for one in self.pinned if one.name == name), None)
