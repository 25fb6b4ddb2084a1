"""Shared notebooks in an object store: s3fs against a server of moto, beside which both are."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.moto import s3_server

pytestmark = pytest.mark.slow

_WORK = """
import s3fs

from binderclip.errors import CacheError
from binderclip.gateway.share.shelf import Full, Shelf

s3fs.S3FileSystem().mkdir("bucket")
now = [1_800_000_000.0]
shelf = Shelf("s3://bucket/shared", total_bytes=100_000, clock=lambda: now[0])
one = shelf.keep(b'{"cells": []}', 60)
two = shelf.keep(b'{"cells": []}', 120)
big = shelf.keep(b"x" * 50_000, 60)
assert shelf.read(one.digest) == b'{"cells": []}'
other = Shelf("s3://bucket/shared", total_bytes=100_000, clock=lambda: now[0])
assert other.read(one.digest) == b'{"cells": []}'
try:
    other.keep(b"y" * 60_000, 60)
except Full:
    pass
else:
    raise AssertionError("more than there is room for")
assert other.give_up(one.digest, "guessed") is None
assert other.give_up(one.digest, one.deletion) is not None
assert shelf.there(one.digest)
now[0] += 61
shelf.sweep()
assert shelf.read(big.digest) is None
assert shelf.read(two.digest) == b'{"cells": []}'
assert len(s3fs.S3FileSystem(use_listings_cache=False).find("bucket")) == 2
assert shelf.give_up(two.digest, two.deletion) == 0
assert s3fs.S3FileSystem(use_listings_cache=False).find("bucket") == []
try:
    Shelf("s3://no-such-bucket-here/x", total_bytes=1).sweep()
    Shelf("s3://no-such-bucket-here/x", total_bytes=10_000).keep(b"{}", 60)
except CacheError as error:
    print(error.message)
"""


@pytest.fixture(scope="module")
def s3(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that takes any signature."""
    log = tmp_path_factory.mktemp("moto") / "log"
    with s3_server(tool("managers/bin/moto_server"), log) as url:
        yield url


def test_an_object_store(s3: str, tool: Callable[[str], Path], tmp_path: Path) -> None:
    """As operators configure it: an address, and credentials in the environment."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "NO_PROXY": "127.0.0.1",
        "AWS_ENDPOINT_URL": s3,
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-bucket",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    done = subprocess.run(
        [str(tool("managers/bin/python")), "-c", _WORK],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "secret-of-the-bucket" not in done.stdout + done.stderr
    assert done.stdout.startswith("s3://no-such-bucket-here/x: shared notebooks are kept there")
