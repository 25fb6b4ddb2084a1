"""What a server knows of its environment: inert data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from binderclip.spec.model import JSON, Binder, Reference
from binderclip.spec.parse import problems
from binderclip.spec.write import as_v1

Policy: TypeAlias = Literal["missing", "managed", "never"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
"""``missing`` writes where nothing is; ``managed`` also rewrites what a hook wrote elsewhere;
``never`` writes nothing.
"""

Part: TypeAlias = Literal["host", "image", "build"]
PARTS: tuple[Part, ...] = get_args(Part)
"""What of ``metadata.binder`` a server may know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A server's configuration, in its own words: None or empty where it says nothing. ``image``
    and ``build`` are as people write them (``quay.io/a/b:tag``, ``https://github.com/o/r@main``).
    ``known_hosts`` are BinderHubs that may say who they are; ``git`` lets the working copy speak.
    """

    policy: str = ""
    # Nobody has looked at them yet: there may be passwords in them.
    hosts: tuple[str, ...] = field(default=(), repr=False)
    image: str = field(default="", repr=False)
    build: str = field(default="", repr=False)
    known_hosts: tuple[str, ...] = field(default=(), repr=False)
    git: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What goes into a notebook. ``host`` are BinderHubs, in order of preference. ``sources`` says
    of each part where it was found (``JUPYTER_IMAGE_SPEC``, ``/etc/binderclip.json``). ``remarks``
    are a line each about what was not believed or not understood.

    ``value`` is the object of ``metadata.binder`` that they make, worked out once; None where there
    is neither image nor build, or where version 1 does not allow it. It is not to be changed.
    """

    policy: Policy = "missing"
    host: tuple[str, ...] = ()
    image: Reference | None = None
    build: Reference | None = None
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    remarks: tuple[str, ...] = ()
    value: Mapping[str, JSON] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", self._worked_out())

    def _worked_out(self) -> Mapping[str, JSON] | None:
        if self.image is None and self.build is None:
            return None
        binder = Binder(host=self.host, image=self.image, build=self.build, auto=True)
        value = as_v1(binder)
        return None if problems(value) else MappingProxyType(value)
