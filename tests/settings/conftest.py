"""Keyrings as backends of the ``keyring`` package, which is how it takes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event

import keyring
import keyring.backend
import keyring.errors
import pytest


@dataclass
class MemoryRing(keyring.backend.KeyringBackend):
    """``fault`` is raised by every call; ``silent``: it keeps nothing and says so to nobody."""

    entries: dict[tuple[str, str], str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fault: Exception | None = None
    silent: bool = False
    stuck: Event | None = None

    priority = 1
    name = "Test Keyring"

    def _begin(self, username: str) -> None:
        self.asked.append(username)
        if self.stuck is not None:
            self.stuck.wait()
        if self.fault is not None:
            raise self.fault

    def get_password(self, service: str, username: str) -> str | None:
        self._begin(username)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._begin(username)
        if not self.silent:
            self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._begin(username)
        del self.entries[service, username]


@pytest.fixture
def memory_ring() -> Iterator[MemoryRing]:
    """The keyring of this process, for one test."""
    before = keyring.get_keyring()
    ring = MemoryRing()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)
