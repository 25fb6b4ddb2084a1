"""``requirements.txt`` and ``pyproject.toml`` → a requirements file with versions and hashes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from binderclip.errors import Refused, Unreachable
from binderclip.freeze.locking import Lockable, Locked
from binderclip.freeze.python import asked as inputs
from binderclip.freeze.python import closed, compiling, holding, living
from binderclip.guard import Guard


@dataclass(frozen=True, slots=True)
class RequirementsLocker:
    """Pins for one Python and one platform, with uv (``freeze.locking.Locker``).

    Whatever ``Lockable.path`` is, "requirements.txt" or "pyproject.toml", the text is that of a
    requirements file, for pip and for uv. A package in the root is left out, what it needs is
    not. Code of packages runs only where ``allow_builds`` says that it may. With a ``guard``,
    where strangers say what is asked for, uv gets through to where it allows, without anybody's
    settings and logins; nothing is built then.

    Methods raise AddressForbidden, TooLarge and TimedOut then, too.
    """

    allow_builds: bool = False
    guard: Guard | None = None

    async def lock(
        self, wanted: Lockable, *, upgrade: bool, observe: Callable[[str], None]
    ) -> Locked:
        asked = inputs.read(wanted, allow_builds=self.allow_builds)
        if self.guard is not None:
            closed.check(wanted.path, (*asked.requirements, *asked.constraints))
        return await compiling.lock(
            wanted,
            asked,
            upgrade=upgrade,
            builds=self.allow_builds,
            guard=self.guard,
            observe=observe,
        )

    def holds(self, wanted: Lockable) -> str | None:
        try:
            return holding.holds(wanted, inputs.read(wanted, allow_builds=self.allow_builds))
        except Refused as error:
            return error.message

    async def alive(self, wanted: Lockable) -> str | None:
        try:
            return await living.alive(wanted, self.guard)
        except Refused as error:  # not a lock that anybody could be asked about
            raise Unreachable(f"{wanted.path}: {error.message}", hint=error.hint) from error
