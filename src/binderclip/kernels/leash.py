"""A process group that ends when we do, even by ``kill -9``."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

# Waits for a word or for the other end of the pipe to close, which only our own end does. It
# works for every language and behind wrapper scripts, where the kernel's own watch on its parent
# (JPY_PARENT_PID, Python only) sees the wrapper and not us, and it takes the kernel's children.
_SCRIPT = """
read -r word
[ "$word" = done ] && exit 0
kill -s TERM -- "-$1"
sleep 1
kill -s KILL -- "-$1"
"""


class Leash:
    """Holds the process group ``group``; ``release`` it once the group has ended."""

    def __init__(self, group: int) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "leash", str(group)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},
            cwd="/",
            start_new_session=True,
        )

    def release(self) -> None:
        """Let go without a signal. It is safe to call this again."""
        if self._process.returncode is None:
            with suppress(BrokenPipeError):
                self._process.communicate(b"done\n")
