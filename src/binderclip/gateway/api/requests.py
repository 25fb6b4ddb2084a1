"""Bodies of requests, parsed into frozen data."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from binderclip.addresses.link import MAX_CHARACTERS
from binderclip.notebook import MISSING, Missing
from binderclip.rest.bodies import LinkWishes, Metadata, Name, one_of
from binderclip.spec.model import JSON

Address = Annotated[str, Meta(max_length=MAX_CHARACTERS)]


class ResolveAsked(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    url: Address
    place: Name | None = None


class ValidateAsked(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The metadata, the value of ``binder`` in it, or a whole notebook."""

    metadata: Metadata | UnsetType = UNSET
    binder: Any = UNSET
    notebook: msgspec.Raw | UnsetType = UNSET

    def __post_init__(self) -> None:
        one_of(self, "metadata", "binder", "notebook")

    @property
    def value(self) -> JSON | Missing:
        """Of the first two."""
        found: Any = self.binder if self.metadata is UNSET else self.metadata.binder
        return MISSING if found is UNSET else found


class LinksAsked(LinkWishes, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``url`` is the notebook's address; without it ``place`` may say where it lies."""

    url: Address | UnsetType = UNSET

    def __post_init__(self) -> None:
        one_of(self, "url", "metadata", "binder")
        if self.url is not UNSET and self.place is not None:
            raise ValueError("expected either `url` or `place`")


class LaunchAsked(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``url`` is a notebook's address, ``binder`` an environment alone."""

    url: Address | UnsetType = UNSET
    binder: Any = UNSET
    place: Name | None = None
    urlpath: Name | None = None

    def __post_init__(self) -> None:
        one_of(self, "url", "binder")
