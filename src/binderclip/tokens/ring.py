"""The keyring of the operating system, where the package ``keyring`` is installed.

https://keyring.readthedocs.io. Its backends talk to other programs, which may wait for somebody to
unlock them: every call is bounded, and none holds up the end of the process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

__all__ = ["SERVICE", "Ring", "RingFailed"]

SERVICE: Final = "binderclip"
_TIMEOUT_S = 20.0

T = TypeVar("T")


class RingFailed(Exception):
    """The message is one line for people, without secrets."""


class Ring:
    """Passwords by address, under the service ``binderclip``.

    Raises RingFailed where a keyring is there and fails; after a call that took too long it is not
    asked again. Without the package, or without a keyring on this machine, it is just empty.
    """

    def __init__(self, timeout_s: float = _TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._absent = find_spec("keyring") is None
        self._stuck = False

    def get(self, address: str) -> str | None:
        """The token kept for exactly this address."""

        def ask() -> str | None:
            import keyring  # noqa: PLC0415 - an extra, slow to import

            return keyring.get_password(SERVICE, address)

        return self._bounded(ask)

    def put(self, address: str, token: str) -> str | None:
        """Keep ``token``; the name of the keyring that did, or None where there is none."""

        def ask() -> str | None:
            import keyring  # noqa: PLC0415 - an extra, slow to import

            keyring.set_password(SERVICE, address, token)
            # Some accept everything and keep nothing.
            kept = keyring.get_password(SERVICE, address) == token
            return str(keyring.get_keyring().name) if kept else None

        return self._bounded(ask)

    def remove(self, address: str) -> bool:
        """Whether there was one."""

        def ask() -> bool:
            import keyring  # noqa: PLC0415 - an extra, slow to import

            if keyring.get_password(SERVICE, address) is None:
                return False
            keyring.delete_password(SERVICE, address)
            return True

        return bool(self._bounded(ask))

    def _bounded(self, ask: Callable[[], T]) -> T | None:
        if self._absent or self._stuck:
            return None
        answers: SimpleQueue[T | Exception] = SimpleQueue()

        def work() -> None:
            try:
                answers.put(ask())
            except Exception as error:  # noqa: BLE001 - backends raise what they like
                answers.put(error)

        # A daemon: one that is stuck must not hold up our end.
        threading.Thread(target=work, name="keyring", daemon=True).start()
        try:
            answer = answers.get(timeout=self._timeout_s)
        except Empty:
            self._stuck = True
            raise RingFailed(f"the keyring did not answer within {self._timeout_s:.0f} s") from None
        if not isinstance(answer, Exception):
            return answer
        if type(answer).__name__ == "NoKeyringError":
            self._absent = True
            return None
        # The name alone: nobody knows what a backend puts into its messages.
        raise RingFailed(f"the keyring failed ({type(answer).__name__})") from answer
