"""The one protocol between an environment and the places where it can come up."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final, Literal, Protocol, TypeAlias

from binderclip.environment import Environment
from binderclip.events import Event
from binderclip.session import Session

TargetName: TypeAlias = Literal["local", "binderhub", "jupyterhub", "server", "gateway"]

HERE: Final[frozenset[TargetName]] = frozenset({"local"})
"""Those that run on this machine: they have no address, and their sessions end with the process."""


class Target(Protocol):
    """A place where environments come up.

    ``launch`` yields any number of Progress and Log events, then exactly one Ready, and ends;
    it raises a LaunchError otherwise. Closing the iterator early cleans up what was begun.
    """

    @property
    def name(self) -> TargetName: ...

    def refusal(self, env: Environment) -> str | None:
        """Why this target cannot take ``env``, in words that name one that could; or None."""
        ...

    def launch(self, env: Environment) -> AsyncGenerator[Event, None]: ...

    async def stop(self, session: Session) -> None:
        """End the session: its processes are gone and its home is removed on return."""
        ...
