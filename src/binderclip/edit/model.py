"""What a person may want changed, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from binderclip.notebook import Missing
from binderclip.spec.model import JSON, Dialect, Reference, Text

KEYS = ("host", "image", "build", "files", "config", "content", "frozen", "auto")
"""What can be removed by its name; beside these ``file:NAME``, a reference's part
(``build.hash``) and unknown keys.
"""


@dataclass(frozen=True, slots=True)
class Fetching:
    """What is to change of ``config`` or ``content``: the repository, the map, or both."""

    repository: Reference | None = None
    copy: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to change; what is empty stays as it is.

    ``host`` replaces all hosts. ``ref`` is the build's. ``files`` are added to those there or
    replace those of the same name. ``dialect`` is the form to write, None for the notebook's
    own. ``force`` writes over an opt-out.
    """

    host: tuple[str, ...] = ()
    image: Reference | None = None
    build: Reference | None = None
    ref: str | None = None
    files: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))
    config: Fetching | None = None
    content: Fetching | None = None
    remove: tuple[str, ...] = ()
    opt_out: bool = False
    dialect: Dialect | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Edited:
    """``value`` is the new ``metadata.binder``, MISSING where it is to go. ``changes`` names its
    keys that changed; ``notes`` tells, a line each, what changed beyond what was asked for.
    """

    value: JSON | Missing
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
