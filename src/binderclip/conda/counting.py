"""How far an installation is. Imported only where one runs: py-rattler is slow to import."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from rattler.install import InstallerReporter

_EVERY_S = 2.0


class Counting(InstallerReporter):
    """Counts what is done, and says so every other second. py-rattler calls it from threads of
    its own; ``observe`` is called in the loop's.
    """

    def __init__(self, observe: Callable[[str], None], total: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._observe = observe
        self._total = total
        self._linked = self._fetched = 0
        self._last = time.monotonic()

    def on_download_completed(self, download_idx: int) -> None:  # noqa: ARG002 - py-rattler's own signature
        self._fetched += 1
        self._tell()

    def on_link_complete(self, index: int) -> None:  # noqa: ARG002 - py-rattler's own signature
        self._linked += 1
        self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._last >= _EVERY_S and not self._loop.is_closed():
            self._last = now
            line = f"{self._fetched} packages fetched, {self._linked} of {self._total} installed"
            self._loop.call_soon_threadsafe(self._observe, line)
