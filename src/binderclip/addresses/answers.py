"""What a rule may answer, and the refusals that several rules share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from binderclip.addresses.link import Link
from binderclip.addresses.masking import masked
from binderclip.addresses.source import Lookup
from binderclip.errors import SourceError


@dataclass(frozen=True, slots=True)
class Found:
    """The request to make. ``name`` is the file's, where the URL does not end with it; ``origin``
    stands for it where the URL holds a secret that masking cannot see.
    """

    url: str
    how: str
    name: str | None = None
    lookup: Lookup | None = None
    pick: str | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Hop:
    """Another web address, to go through the rules in its turn."""

    url: str
    how: str
    launch: str | None = None
    pick: str | None = None


Rule: TypeAlias = Callable[[Link], Found | Hop | None]
"""None: not mine. Raises SourceError for an address of its host that can lead to no notebook."""


def repository(address: str) -> SourceError:
    return SourceError(
        f"{masked(address)} is a repository or a folder, expected a notebook in one",
        hint="name a notebook in it, as in https://github.com/OWNER/NAME/blob/REF/PATH.ipynb",
    )


def folder(address: str, service: str) -> SourceError:
    return SourceError(
        f"{masked(address)} is a folder on {service}, expected one file",
        hint="open the notebook there and copy the link to it alone",
    )
