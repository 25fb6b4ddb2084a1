"""Runs a command, and ends it with everything that came of it when standard input closes: when
whoever started this is gone, by whatever way.

    leash.py LOG COMMAND [WORD…]

Hubs start servers in sessions of their own, and those kernels in theirs, so a process group
would miss most of it. On Linux all orphans come back to us instead.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

_PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with Path(sys.argv[1]).open("ab") as log:
        process = subprocess.Popen(
            sys.argv[2:], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    sys.stdout.write(f"{process.pid}\n")
    sys.stdout.flush()
    sys.stdin.read()
    me = psutil.Process()
    while left := me.children(recursive=True):
        for one in left:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(left, timeout=5)


if __name__ == "__main__":
    main()
