"""What a link is made from, and what comes out. Inert data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from binderclip.errors import Refused
from binderclip.spec.model import Binder, Reference

if TYPE_CHECKING:
    from binderclip.servers.pages import UI

Kind: TypeAlias = Literal[
    "gateway",
    "binder",
    "binder-open",
    "binder-pull",
    "hub-open",
    "hub-pull",
    "hub-file",
    "binder-content",
    "binder-empty",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Best first. docs/links.md says what each one does."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a notebook lies: a repository at a ref or commit, and the path in it (POSIX, not
    percent-encoded). ``notes`` are doubts for people.
    """

    repository: Reference
    path: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nowhere:
    """The notebook is in no repository that others can reach: why, as the end of a sentence that
    begins with "the notebook".
    """

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What links are asked for. ``binder`` is None where the notebook names nothing; ``name`` is
    its file name. ``hosts`` are BinderHubs, ``hubs`` JupyterHubs, ``servers`` single Jupyter
    Servers, ``gateways`` services of binderclip's own, each in order of preference and with their
    path prefixes; ``opening`` are those of
    them that have binderclip's extension. ``latest`` goes by refs, not by what was frozen.

    ``ui`` is what shows the notebook, where somebody said it: otherwise JupyterLab, or for links
    that open it by its address what the server shows.

    ``url`` is where the notebook can be fetched (see ``webaddress.fetchable``), where it is known
    and not to be made from ``place``. ``shared``: somebody said it in so many words, for links
    that open it. Otherwise one with a secret in it goes into no link.
    """

    binder: Binder | None
    place: Place | Nowhere
    name: str
    hosts: tuple[str, ...]
    hubs: tuple[str, ...] = ()
    ui: UI | None = None
    latest: bool = False
    servers: tuple[str, ...] = ()
    opening: frozenset[str] = frozenset()
    gateways: tuple[str, ...] = ()
    url: str = field(default="", repr=False)
    shared: bool = False

    @property
    def shown_in(self) -> UI:
        return self.ui or "lab"


@dataclass(frozen=True, slots=True)
class Link:
    """``what`` says in some words what it does, ``notes`` what has to be so for it to work."""

    kind: Kind
    url: str
    host: str
    what: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Links:
    """``links``, best first, never empty; ``refused`` says of other kinds why they cannot be."""

    links: tuple[Link, ...]
    refused: tuple[tuple[Kind, Refused], ...]
