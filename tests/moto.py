"""A server of moto's: S3 that takes any signature."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LEASH = Path(__file__).parent / "hubs" / "leash.py"


@contextmanager
def s3_server(program: Path, log: Path) -> Iterator[str]:
    """Its address. It ends with the tests, however they end."""
    with subprocess.Popen(
        [sys.executable, str(_LEASH), str(log), str(program), "-H", "127.0.0.1", "-p", "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as leash:
        try:
            yield _listening(log)
        finally:
            leash.communicate()


def _listening(log: Path) -> str:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        said = log.read_text() if log.exists() else ""
        if found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", said):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(log.read_text())
