"""Dockerfiles frozen against a real registry."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.registries.asking import asked
from tests.registries.rig import Registry

from binderclip.errors import Refused, ResolveError, Unreachable
from binderclip.freeze.dockerfile import DockerfileLocker
from binderclip.freeze.locking import Lockable, Locked, Locker
from binderclip.registries import Registries

if TYPE_CHECKING:
    from tests.registries.conftest import NewRegistry


class Case:
    """A Dockerfile in a folder, and a registry."""

    def __init__(self, there: Registry, root: Path) -> None:
        self.there, self.root = there, root
        self.previous: str | None = None
        self.seen: list[str] = []

    def write(self, text: str) -> str:
        text = text.replace("HOST", self.there.host)
        (self.root / "Dockerfile").write_bytes(text.encode())
        return text

    @property
    def wanted(self) -> Lockable:
        return Lockable(self.root, "Dockerfile", "3.12", "linux-64", self.previous)

    def lock(self, *, upgrade: bool = False) -> Locked:
        async def go(registries: Registries) -> Locked:
            locker: Locker = DockerfileLocker(registries)
            return await locker.lock(self.wanted, upgrade=upgrade, observe=self.seen.append)

        locked = asked(go)
        self.previous = locked.text
        return locked

    def holds(self) -> str | None:
        async def go(registries: Registries) -> str | None:
            return DockerfileLocker(registries).holds(self.wanted)

        return asked(go)

    def alive(self) -> str | None:
        return asked(lambda registries: DockerfileLocker(registries).alive(self.wanted))


@pytest.fixture
def case(new_registry: NewRegistry, tmp_path: Path) -> Case:
    root = tmp_path / "root"
    root.mkdir()
    return Case(new_registry(), root)


def test_frozen_and_frozen_again(case: Case) -> None:
    one = case.there.push_index("a/b", "1")
    two = case.there.push("c", "latest", platform="linux/arm64")
    case.write(
        "ARG V=1\r\nFROM HOST/a/b:${V} AS x\r\nFROM --platform=linux/arm64 HOST/c\r\nFROM x\r\n"
    )
    assert "not frozen" in str(case.holds())
    locked = case.lock()
    host = case.there.host
    assert locked.text == (
        f"ARG V=1\r\nFROM {host}/a/b:1@{one} AS x\r\n"
        f"FROM --platform=linux/arm64 {host}/c@{two}\r\nFROM x\r\n"
    )
    assert len(locked.remarks) == 1
    assert f"{host}/a/b:1 → {one}" in case.seen
    assert case.holds() is None
    assert case.alive() is None
    case.there.push_index("a/b", "1", content="moved")
    assert case.lock().text == locked.text
    moved = case.lock(upgrade=True).text
    assert moved != locked.text
    assert case.lock(upgrade=True).text == moved


def test_a_changed_file_keeps_the_digests_of_the_same_images(case: Case) -> None:
    one = case.there.push("a", "1")
    case.write("FROM HOST/a:1\nRUN x\n")
    case.lock()
    case.there.push("a", "1", content="moved")
    two = case.there.push("b", "1")
    case.write("FROM HOST/b:1 AS b\nFROM HOST/a:1\nRUN y\n")
    assert "is not frozen" in str(case.holds())
    host = case.there.host
    assert case.lock().text == f"FROM {host}/b:1@{two} AS b\nFROM {host}/a:1@{one}\nRUN y\n"
    case.write("FROM HOST/b:1 AS b\nFROM HOST/a:1\nRUN z\n")
    assert "was changed" in str(case.holds())


def test_a_digest_in_the_file_stays(case: Case) -> None:
    old = case.there.push("a", "1")
    new = case.there.push("a", "1", content="moved")
    text = case.write(f"FROM HOST/a:1@{old}\nFROM HOST/a@{old}\n")
    assert case.lock().text == text
    assert case.holds() is None
    upgraded = case.lock(upgrade=True)
    assert upgraded.text == text.replace(f"a:1@{old}", f"a:1@{new}")
    assert "older digest" in upgraded.remarks[0]
    assert case.lock().text == text


def test_all_that_fails_is_named(case: Case) -> None:
    case.there.push("a", "1", platform="linux/arm64")
    case.write("FROM HOST/a:2\nFROM HOST/no:1\nFROM HOST/a:1\n")
    with pytest.raises(ResolveError) as error:
        case.lock()
    first, second, third = error.value.message.splitlines()
    assert first.startswith("Dockerfile, line 1: ")
    assert "no tag '2'" in first
    assert "no such image" in second
    assert "made for linux/arm64, not for linux/amd64" in third
    assert case.previous is None


def test_a_registry_that_is_away(case: Case) -> None:
    case.write("FROM 127.0.0.1:9/a\n")
    with pytest.raises(Unreachable, match="Dockerfile, line 1"):
        case.lock()


def test_a_withdrawn_image(case: Case) -> None:
    one = case.there.push("a", "1")
    case.write("FROM scratch\nFROM HOST/a:1\n")
    case.lock()
    case.there.remove("a", one)
    assert f"line 2: {case.there.host}/a:1@{one} is not there any more" in str(case.alive())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe", "byte 1 is not UTF-8"),
        (b"#" * (2 << 20), "expected at most 1,048,576"),
        (b"FROM $X", "depends on"),
    ],
)
def test_files_that_are_refused(case: Case, data: bytes, message: str) -> None:
    (case.root / "Dockerfile").write_bytes(data)
    with pytest.raises(Refused, match=message):
        case.lock()


def test_a_link_out_of_the_folder_is_not_followed(case: Case, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("FROM a")
    (case.root / "Dockerfile").symlink_to(tmp_path / "outside")
    with pytest.raises(Refused, match="leads out of"):
        case.lock()


def test_nothing_to_pin(case: Case) -> None:
    text = case.write("FROM scratch\nCOPY x y\n")
    assert case.holds() is None
    assert case.lock().text == text
    assert case.holds() is None
    assert case.alive() is None


def test_a_frozen_text_that_is_no_dockerfile_is_no_help(case: Case) -> None:
    case.there.push("a", "1")
    case.write("FROM HOST/a:1\n")
    case.previous = "FROM ${"
    assert "is not frozen" in str(case.holds())
    assert "@sha256:" in case.lock().text


def test_the_seam(case: Case) -> None:
    """Two notebooks with one image ask once."""
    case.there.push("a", "1")
    case.write("FROM HOST/a:1\n")

    async def both(registries: Registries) -> list[Locked]:
        locker = DockerfileLocker(registries)
        wanted = [case.wanted, replace(case.wanted, python="3.11")]
        return await asyncio.gather(
            *(locker.lock(one, upgrade=False, observe=case.seen.append) for one in wanted)
        )

    first, second = asked(both)
    assert first == second
