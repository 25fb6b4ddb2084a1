"""Where shared notebooks lie: claims, expiry, room, and what other stores do."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from binderclip.errors import CacheError, ConfigError
from binderclip.gateway.share.shelf import NOTEBOOK, Full, Shelf

ONE, OTHER = b'{"cells": []}', b'{"cells": [1]}'
DAY = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "file":
        return f"file://{tmp_path}/shared"
    return f"memory://{secrets.token_hex(8)}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf(url: str, clock: Clock) -> Shelf:
    return Shelf(url, total_bytes=100_000, clock=clock)


def test_what_is_kept_is_read_until_it_expires(shelf: Shelf, clock: Clock) -> None:
    kept = shelf.keep(ONE, DAY)
    assert kept.digest == sha256(ONE).hexdigest()
    assert kept.until == clock.now + DAY
    assert shelf.read(kept.digest) == ONE
    clock.now += DAY - 1
    assert shelf.read(kept.digest) == ONE
    clock.now += 1
    assert shelf.read(kept.digest) is None
    assert not shelf.there(kept.digest)


def test_another_process_finds_it(shelf: Shelf, url: str, clock: Clock) -> None:
    kept = shelf.keep(ONE, DAY)
    other = Shelf(url, total_bytes=100_000, clock=clock)
    assert other.read(kept.digest) == ONE
    assert other.give_up(kept.digest, kept.deletion) == 0
    assert shelf.read(kept.digest) is None


def test_each_claim_is_given_up_by_its_own_token(shelf: Shelf) -> None:
    first, second = shelf.keep(ONE, DAY), shelf.keep(ONE, 2 * DAY)
    assert first.digest == second.digest
    assert first.deletion != second.deletion
    assert shelf.give_up(first.digest, "guessed") is None
    assert shelf.give_up(first.digest, first.deletion) == second.until
    assert shelf.read(first.digest) == ONE, "somebody else shares it, too"
    assert shelf.give_up(first.digest, first.deletion) is None
    assert shelf.give_up(second.digest, second.deletion) == 0
    assert shelf.read(first.digest) is None


def test_a_token_is_for_one_notebook(shelf: Shelf) -> None:
    one, other = shelf.keep(ONE, DAY), shelf.keep(OTHER, DAY)
    assert shelf.give_up(other.digest, one.deletion) is None
    assert shelf.read(other.digest) == OTHER


def test_the_token_is_not_among_what_is_kept(tmp_path: Path) -> None:
    shelf = Shelf(f"file://{tmp_path}/shared", total_bytes=100_000)
    kept = shelf.keep(ONE, DAY)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert not [path for path in files if kept.deletion in str(path)]
    assert not [path for path in files if kept.deletion.encode() in path.read_bytes()]
    assert kept.deletion not in repr(kept)
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o700


def test_expired_claims_go_and_make_room(shelf: Shelf, url: str, clock: Clock) -> None:
    big = b"x" * 60_000
    shelf.keep(big, DAY)
    with pytest.raises(Full):
        shelf.keep(b"y" * 60_000, DAY)
    clock.now += DAY
    kept = shelf.keep(b"y" * 60_000, DAY)
    assert shelf.read(kept.digest)
    fresh = Shelf(url, total_bytes=100_000, clock=clock)
    with pytest.raises(Full):
        fresh.keep(b"z" * 60_000, DAY)


def test_claims_on_one_notebook_are_bounded_too(shelf: Shelf) -> None:
    kept: list[object] = []
    with contextlib.suppress(Full):
        while len(kept) < 200:
            kept.append(shelf.keep(ONE, DAY))
    assert 50 < len(kept) < 100


def test_sweeping_removes_all_of_what_has_expired(tmp_path: Path, clock: Clock) -> None:
    shelf = Shelf(f"file://{tmp_path}/shared", total_bytes=100_000, clock=clock)
    shelf.keep(ONE, DAY)
    shelf.keep(OTHER, DAY)
    stays = shelf.keep(OTHER, 3 * DAY)
    clock.now += 2 * DAY
    shelf.sweep()
    left = sorted(
        p.relative_to(tmp_path / "shared") for p in (tmp_path / "shared").rglob("*.ipynb")
    )
    assert left == [Path(stays.digest) / NOTEBOOK]
    assert len(list((tmp_path / "shared" / stays.digest).iterdir())) == 2


def test_a_write_that_was_cut_off_is_not_given_out_and_mended(tmp_path: Path) -> None:
    shelf = Shelf(f"file://{tmp_path}/shared", total_bytes=100_000)
    kept = shelf.keep(ONE, DAY)
    (tmp_path / "shared" / kept.digest / NOTEBOOK).write_bytes(ONE[:5])
    assert shelf.read(kept.digest) is None
    shelf.keep(ONE, DAY)
    assert shelf.read(kept.digest) == ONE


@pytest.mark.parametrize(
    "digest", ["", "..", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n", "a" * 64]
)
def test_what_is_no_digest_leads_nowhere(shelf: Shelf, digest: str) -> None:
    assert shelf.read(digest) is None
    assert shelf.give_up(digest, "token") is None


def test_what_else_lies_there_is_left_alone(tmp_path: Path, clock: Clock) -> None:
    shelf = Shelf(f"file://{tmp_path}/shared", total_bytes=100_000, clock=clock)
    kept = shelf.keep(ONE, DAY)
    for name in ("README", f"{kept.digest}/README", "lost+found/x", f"{'b' * 64}/other"):
        (tmp_path / "shared" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "shared" / name).write_text("not ours")
    shelf.sweep()
    assert shelf.read(kept.digest) == ONE
    assert (tmp_path / "shared" / "README").exists()
    assert (tmp_path / "shared" / f"{'b' * 64}" / "other").exists()


def test_many_at_once(shelf: Shelf) -> None:
    """As from the threads of the service: the same notebook, shared and given up."""

    def work(_number: int) -> bool:
        kept = shelf.keep(ONE, DAY)
        return (
            shelf.read(kept.digest) == ONE and shelf.give_up(kept.digest, kept.deletion) is not None
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(40)))
    assert shelf.read(sha256(ONE).hexdigest()) is None


def test_a_store_that_fails_is_an_error_without_secrets(tmp_path: Path) -> None:
    shelf = Shelf(f"file://{tmp_path}/shared", total_bytes=100_000)
    kept = shelf.keep(ONE, DAY)
    folder = tmp_path / "shared" / kept.digest
    (folder / NOTEBOOK).unlink()
    (folder / NOTEBOOK).mkdir()
    with pytest.raises(CacheError, match="does not answer as it should"):
        shelf.read(kept.digest)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: f"file://{path}/file/below", "cannot be used"),
        (lambda _: "nonsense://x", "cannot be used"),
        (lambda _: "s3://key:secret-4711@bucket/x", "driver of fsspec"),
    ],
)
def test_an_address_that_cannot_be_used(
    tmp_path: Path, make: Callable[[Path], str], said: str
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=said) as caught:
        Shelf(make(tmp_path), total_bytes=1)
    assert caught.value.hint
    assert "secret-4711" not in f"{caught.value.message}{caught.value.hint}"
