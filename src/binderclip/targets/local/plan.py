"""What a launch will do to this machine, said before any of it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from binderclip.cache.published import Published
from binderclip.environment import Environment

if TYPE_CHECKING:
    from binderclip.targets.local.recipe import Recipe  # a warm launch needs none


@dataclass(frozen=True, slots=True)
class Plan:
    """All that ``launch`` will do. ``key``: 64 hex digits, of the resolved ``environment`` (its
    refs are commits). ``python``: "3.11". ``texts``: every configuration file that is read, by
    its path. ``commands``: one line each, quoted for a shell. ``scripts``: the paths in ``texts``
    that are executed. ``cached``: it is built; only ``start`` and the notebook will run.
    """

    key: str
    environment: Environment
    python: str
    texts: Mapping[str, str]
    commands: tuple[str, ...]
    scripts: tuple[str, ...]
    cached: bool

    @classmethod
    def of(
        cls, key: str, environment: Environment, recipe: Recipe | None, built: Published | None
    ) -> Plan:
        """What ``recipe`` will do; or what was done to make ``built``."""
        source = built if recipe is None else recipe
        if source is None:
            raise ValueError("neither a recipe nor a built environment")
        return cls(
            key=key,
            environment=environment,
            python=source.python,
            texts=source.texts,
            commands=tuple(source.commands),
            scripts=source.scripts,
            cached=recipe is None,
        )


class Approve(Protocol):
    """Asked once per launch, before anything of the environment runs."""

    def __call__(self, plan: Plan) -> None:
        """Return when ``plan`` may run; raise NotTrusted otherwise."""
        ...
