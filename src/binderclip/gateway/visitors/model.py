"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

LOGGED_OUT = "logged_out"
"""In the front page's query, once somebody has logged out."""
Proof: TypeAlias = Literal["cookie", "token", "ticket", "nothing"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """``owner`` is whose launches and sessions somebody's are: it cannot be guessed, and is for no
    page or log. ``client`` is whom limits count: a user's name, a token's, or an address (of IPv6
    the network of 64 bits). ``user`` is set for somebody who is logged in at the JupyterHub, and
    ``hub_token`` is theirs. ``proof`` is how they showed who they are: machines with a ``token`` of
    the settings, or a signed and expiring ``ticket``, may launch where people would be asked.
    """

    owner: str = field(repr=False)
    client: str
    proof: Proof
    user: str | None = None
    hub_token: str | None = field(default=None, repr=False)

    @property
    def trusted(self) -> bool:
        """A machine that the operator gave a token of the settings."""
        return self.proof == "token" and self.user is None

    @property
    def machine(self) -> bool:
        return self.proof in {"token", "ticket"}
