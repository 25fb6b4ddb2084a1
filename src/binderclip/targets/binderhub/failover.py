"""Which of several hubs launches it: the first that is well and does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from binderclip.addresses.masking import masked
from binderclip.errors import (
    AddressForbidden,
    BinderclipError,
    BuildFailed,
    LaunchError,
    TooLarge,
    Unreachable,
)
from binderclip.events import Event, Progress
from binderclip.hubs.probe import Probe, probes
from binderclip.records import Ledger
from binderclip.targets.binderhub.build import Hub
from binderclip.targets.binderhub.deadlines import Deadlines
from binderclip.targets.binderhub.failures import combined
from binderclip.targets.binderhub.launch import Launch
from binderclip.web import Web

if TYPE_CHECKING:
    from binderclip.tokens import Tokens

# What the next hub may do better. A ref that is not there (ResolveError) is nowhere.
_PASSED_OVER = (LaunchError, AddressForbidden, TooLarge)


@dataclass(frozen=True, slots=True)
class Hosts:
    """Hubs in order of preference, as people wrote their addresses."""

    web: Web
    urls: tuple[str, ...]
    tokens: Tokens | None
    ledger: Ledger
    deadlines: Deadlines

    async def launch(self, path: str) -> AsyncGenerator[Event, None]:
        """Progress, Log and Ready of the hub that launches ``path``, and a line for each that does
        not. Raises its error where only one was asked, else one that names them all.
        """
        until = asyncio.get_running_loop().time() + self.deadlines.overall_s
        failed: dict[str, BinderclipError] = {}
        probed = probes(self.web, self.urls, kind="binderhub", timeout_s=self.deadlines.probe_s)
        async with aclosing(probed):
            async for _, found in probed:
                hub = Hub(found.url, self.tokens.of(found.url) if self.tokens else None)
                if hub.place in failed:
                    continue
                attempt = _Attempt(_unfit(hub, found))
                if attempt.error is None:
                    yield Progress("resolving", f"on {hub.place}: {self._why(found, failed)}")
                    launch = Launch(
                        self.web, hub, path, self.ledger, self.deadlines, until, self.tokens
                    )
                    async with aclosing(attempt.events(launch)) as events:
                        async for event in events:
                            yield event
                if attempt.error is None:
                    return
                failed[hub.place] = attempt.error
                if len(self.urls) > 1:
                    yield Progress("resolving", f"not on {hub.place}: {_short(hub, attempt.error)}")
        raise combined(failed)

    def _why(self, found: Probe, failed: Mapping[str, BinderclipError]) -> str:
        if len(self.urls) == 1:
            return found.why
        nth = "the next of the hubs named" if failed else "the first of the hubs named"
        return f"{nth} ({found.why})"


@dataclass
class _Attempt:
    """``error`` is why this hub was passed over, or None."""

    error: BinderclipError | None

    async def events(self, launch: Launch) -> AsyncGenerator[Event, None]:
        """Those of ``launch``. Raises what would fail on any hub, and what came of time."""
        try:
            async with aclosing(launch.events()) as events:
                async for event in events:
                    yield event
        except BuildFailed:
            raise
        except _PASSED_OVER as error:
            if asyncio.get_running_loop().time() >= launch.until:
                raise
            self.error = error


def _unfit(hub: Hub, found: Probe) -> LaunchError | None:
    """Why nothing is launched there, before it was tried."""
    if found.healthy:
        return None
    if found.kind is None:
        return Unreachable(
            f"{hub.place}: {found.why.removeprefix(f'{masked(found.url)}versions: ')}",
            hint="check the address; a JupyterHub or a Jupyter Server is no BinderHub",
        )
    return LaunchError(
        f"{hub.place} {found.why}", hint="try again in some minutes, or name another hub with --on"
    )


def _short(hub: Hub, error: BinderclipError) -> str:
    message = error.message.partition("\n")[0]
    return message.removeprefix(hub.place).lstrip(": ")
