"""What a configuration says: frozen data. ``parse`` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from binderclip.errors import SourceError
from binderclip.spec.model import JSON, NOTHING

if TYPE_CHECKING:
    from binderclip.addresses.link import Link

HubKind: TypeAlias = Literal["binderhub", "jupyterhub", "server", "gateway"]

ON: Final = ("auto", "local", "binderhub", "jupyterhub", "server", "gateway")
"""What ``on`` may say besides the name of a hub and an address."""


@dataclass(frozen=True, slots=True)
class HubEntry:
    """A hub or server that a person named. ``url`` ends in ``/``. ``kind`` is found out where it is
    None. ``server`` is the name of a named server, or of a gateway's place; ``options`` what a
    JupyterHub's spawner takes. At most one of the three about tokens says where it is. ``open``:
    its servers have binderclip's extension, so that links may open notebooks there by their
    addresses.
    """

    url: str
    kind: HubKind | None = None
    server: str = ""
    options: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)
    token_env: str | None = None
    token_file: Path | None = None
    token: str | None = field(default=None, repr=False)
    open: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """``hosts``: BinderHubs to try after the notebook's own, each ending in ``/``. ``on``: where
    notebooks run unless something else is asked for. ``hubs``: by name, or by address.
    """

    hosts: tuple[str, ...] = ()
    on: str = "local"
    hubs: Mapping[str, HubEntry] = field(default_factory=lambda: MappingProxyType({}))

    def hub(self, word: str) -> HubEntry | None:
        """The hub of that name, or the one with the longest address that ``word`` lies under."""
        if word in self.hubs:
            return self.hubs[word]
        from binderclip.addresses.link import parse  # noqa: PLC0415 - as in base

        try:
            link = parse(word)
        except SourceError:
            return None
        fitting = [entry for entry in self.hubs.values() if covers(entry.url, link)]
        return max(fitting, key=lambda entry: len(entry.url), default=None)


def base(url: str) -> str:
    """An address in the one form that is compared: lower case, IDNA, ending in ``/``.

    Raises SourceError for what is none, and for one with a user, a query or a fragment.
    """
    from binderclip.addresses.link import parse  # noqa: PLC0415 - a run here needs no addresses

    link = parse(url)
    if link.userinfo is not None or link.query or link.fragment:
        raise SourceError("found a user, a query or a fragment, expected an address without them")
    return link.url.rstrip("/") + "/"


def covers(prefix: str, link: Link) -> bool:
    """Whether ``link`` lies under ``prefix``: same scheme, host and port, and the path below by
    whole segments. ``prefix`` is as ``base`` makes it.
    """
    return f"{link.origin}{link.path.rstrip('/')}/".startswith(prefix)
