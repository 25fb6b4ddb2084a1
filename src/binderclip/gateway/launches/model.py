"""What is looked at, what is ordered, and where it lands: plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote

from binderclip.addresses.source import Source
from binderclip.environment import Environment
from binderclip.flow import Opened
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.pages.excerpt import Excerpt
from binderclip.portrait import Row
from binderclip.session import Session


@dataclass(frozen=True, slots=True)
class Look:
    """A notebook that was fetched and read; nothing of it ran. ``opened`` has the environment that
    it would run in: its own, or the settings' (``lent``). ``rows`` are what it says, for people,
    and ``remarks`` what they should know besides. ``digest`` names the bytes that were read.
    """

    source: Source
    opened: Opened = field(repr=False)
    excerpt: Excerpt
    rows: tuple[Row, ...]
    remarks: tuple[str, ...]
    digest: str
    lent: bool = False

    @property
    def held_bytes(self) -> int:
        return len(self.opened.notebook.data)


@dataclass(frozen=True, slots=True)
class Order:
    """One launch that somebody asked for: of a notebook (``look``, or ``source`` where it is not
    fetched yet), or of an ``environment`` alone. ``urlpath`` is the page to land on, relative to
    the server; else it is the notebook. ``hub_token`` is the person's, where the place takes that.
    ``ref`` stands in for the one of the notebook's repository (with ``source``). Unless ``fixed``,
    ``place`` gives way to one that the notebook names, once that is fetched; never to one that asks
    where ``place`` does not. ``trusted``: a machine with a token of the settings asked.
    """

    place: PlaceSettings
    owner: str = field(repr=False)
    client: str
    look: Look | None = None
    source: Source | None = None
    environment: Environment | None = None
    urlpath: str | None = None
    hub_token: str | None = field(default=None, repr=False)
    ref: str | None = None
    fixed: bool = True
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a launch leads. ``url`` is the page, without a token; ``server`` the Jupyter Server's
    address, which ends in ``/``. A browser is sent to ``url`` with the ``token`` where
    ``sends_token``: it opens what was made for this launch, and nothing else. Elsewhere the hub or
    the server knows its people. ``remarks`` are what went not quite right.
    """

    url: str
    server: str
    token: str | None = field(default=None, repr=False)
    sends_token: bool = True
    session: Session | None = field(default=None, repr=False)
    remarks: tuple[str, ...] = ()

    @property
    def browsers_url(self) -> str:
        """Where a browser is sent: with the token, if that is to be. For no page and no log."""
        if not self.sends_token or not self.token:
            return self.url
        place, mark, fragment = self.url.partition("#")
        join = "&" if "?" in place else "?"
        return f"{place}{join}token={quote(self.token, safe='')}{mark}{fragment}"
