"""What an address becomes. Inert data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["path", "stdin", "url"]
Lookup: TypeAlias = Literal["gist", "doi", "zenodo", "figshare", "dataverse"]


@dataclass(frozen=True, slots=True, repr=False)
class Source:
    """An address, before any network.

    ``address`` is what was given and ``url`` the request to make: either may hold a secret, so
    neither is in the repr; show ``shown``. With ``lookup``, ``url`` asks that service where the
    notebook is, and ``pick`` names one of several files. ``name`` is a plain file name.
    ``origin`` is stable and without secrets: "path:/abs/x.ipynb", "stdin" or a URL.
    ``launch`` is the launch link that the address was: an environment for a notebook that names
    none. ``how`` says in one line which rule applied.
    """

    address: str
    kind: Kind
    path: Path | None
    url: str | None
    name: str
    origin: str
    launch: str | None
    how: str
    lookup: Lookup | None = None
    pick: str | None = None

    @property
    def shown(self) -> str:
        """The address without its secrets, on one line."""
        from binderclip.addresses.masking import masked  # noqa: PLC0415 - not for plain paths

        return masked(self.address)

    def __repr__(self) -> str:
        return f"Source({self.shown!r}, kind={self.kind!r}, name={self.name!r})"
