"""Programs behind a gate: ended at their bounds, and kept from all that is somebody's."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.gates.test_httpproxy import gate

from binderclip import processes
from binderclip.errors import AddressForbidden, BinderclipError, Refused, TimedOut, TooLarge
from binderclip.gates.guarded import Bounds, GuardedGate, kept_to
from binderclip.gates.proof import prove
from binderclip.gates.room import Room

SMALL = Bounds(kept_bytes=1 << 20, kept_files=50, seconds=60, memory_bytes=256 << 20)


async def shell(folder: Path, script: str) -> processes.Finished:
    (folder / "run").mkdir(exist_ok=True)
    around = {"PATH": "/usr/bin:/bin", "F": str(folder)}
    argv = ["/bin/sh", "-c", script]
    return await processes.output(argv, cwd=folder, environ=around, run=folder / "run")


def ended(folder: Path, script: str, bounds: Bounds = SMALL, *, refused: bool = False) -> Any:
    async def run() -> Any:
        async with asyncio.timeout(50), gate() as one:
            if refused:
                one.refusal = AddressForbidden("x.test does not lead anywhere")
            return await kept_to(one, shell(folder, script), "it", folder=folder, bounds=bounds)

    return asyncio.run(run())


def test_what_it_gives(tmp_path: Path) -> None:
    assert ended(tmp_path, "echo $F").stdout.decode() == f"{tmp_path}\n"


@pytest.mark.parametrize(
    ("script", "bounds", "expected", "why"),
    [
        ("dd if=/dev/zero of=$F/x bs=1M count=3; sleep 60", SMALL, TooLarge, "1 MiB"),
        ("for n in $(seq 60); do : > $F/$n; done; sleep 60", SMALL, TooLarge, "files"),
        ("sleep 60", replace(SMALL, seconds=0.2), TimedOut, "0.2 seconds"),
    ],
)
def test_it_is_ended(
    tmp_path: Path, script: str, bounds: Bounds, expected: type[BinderclipError], why: str
) -> None:
    with pytest.raises(expected, match=rf"^it: .*{why}"):
        ended(tmp_path, script, bounds)
    assert not list((tmp_path / "run").iterdir())


def test_a_refusal_counts_even_if_all_went_well(tmp_path: Path) -> None:
    with pytest.raises(AddressForbidden, match=r"^it: x\.test does not lead") as caught:
        ended(tmp_path, "true", refused=True)
    assert caught.value.hint


def test_a_refusal_ends_it(tmp_path: Path) -> None:
    async def run() -> None:
        async with asyncio.timeout(50), gate() as one:
            asyncio.get_running_loop().call_later(0.1, _refuse, one)
            await kept_to(one, shell(tmp_path, "sleep 60"), "it", folder=tmp_path, bounds=SMALL)

    with pytest.raises(AddressForbidden):
        asyncio.run(run())


def _refuse(one: GuardedGate) -> None:
    one.refusal = AddressForbidden("x.test does not lead anywhere")
    one.over.set()


def test_who_gives_up_ends_it(tmp_path: Path) -> None:
    async def run() -> None:
        async with gate() as one, asyncio.timeout(0.3):
            await kept_to(one, shell(tmp_path, "sleep 60"), "it", folder=tmp_path, bounds=SMALL)

    with pytest.raises(TimeoutError):
        asyncio.run(run())
    assert not list((tmp_path / "run").iterdir())


def test_what_it_raises(tmp_path: Path) -> None:
    async def fails() -> None:
        raise Refused("no")

    async def run() -> None:
        async with gate() as one:
            await kept_to(one, fails(), "it", folder=tmp_path, bounds=SMALL)

    with pytest.raises(Refused, match=r"^no$"):
        asyncio.run(run())


def ran(room: Room, *argv: str, memory_bytes: int = 1 << 30) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        room.limited(argv, memory_bytes),
        cwd=room.folder,
        env=room.environ("http://proxy.test:1"),
        capture_output=True,
        text=True,
        check=False,
    )


def test_its_environment_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somebody")
    names = "TOKEN UV_INDEX_URL PIP_INDEX_URL CONDA_TOKEN NETRC SSH_AUTH_SOCK GIT_ASKPASS NO_PROXY"
    for name in (*names.split(), "no_proxy", "SSL_CLIENT_CERT", "XDG_CONFIG_HOME", "GIT_SSH"):
        monkeypatch.setenv(name, "hunter2")
    said = ran(Room.made(tmp_path), "env").stdout
    assert "hunter2" not in said
    assert "/somebody" not in said
    for line in ("GIT_TERMINAL_PROMPT=0", "NETRC=/dev/null", "all_proxy=http://proxy.test:1"):
        assert line in said.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits it")
def test_its_memory_is_limited(tmp_path: Path) -> None:
    room = Room.made(tmp_path)
    argv = (sys.executable, "-S", "-E", "-c", "print(len(bytearray(300 << 20)))")
    assert ran(room, *argv).returncode == 0
    assert ran(room, *argv, memory_bytes=200 << 20).returncode != 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["ls-remote", "file:///tmp"], "not allowed"),
        (["ls-remote", "ssh://git@127.0.0.1/x"], "not allowed"),
        (["ls-remote", "git://127.0.0.1/x"], "not allowed"),
        (["clone", "http://127.0.0.1:1/x", "y"], "not allowed"),
    ],
)
def test_git_fetches_over_http_alone(tmp_path: Path, words: list[str], why: str) -> None:
    done = ran(Room.made(tmp_path), "git", *words)
    assert done.returncode
    assert why in done.stderr


def test_submodules_are_left_out(tmp_path: Path) -> None:
    assert ran(Room.made(tmp_path), "git", "submodule", "update").returncode == 0


def test_a_program_that_goes_by_itself_is_refused() -> None:
    async def by_itself(proxy: str, url: str) -> None:
        assert proxy
        assert url

    async def never(proxy: str, url: str) -> None:
        raise TimeoutError(f"{proxy} {url}")

    for ask in (by_itself, never):
        with pytest.raises(Refused, match=r"does not use proxies for http \(odd\)") as caught:
            asyncio.run(prove("odd", "http", ask, schemes=("http", "https")))
        assert caught.value.hint


def test_what_goes_through_a_gate_is_asked_once(tmp_path: Path) -> None:
    asked: list[str] = []

    async def urllib(proxy: str, url: str) -> None:
        asked.append(url)
        await _urllib(tmp_path, proxy, url)

    for _ in range(2):
        asyncio.run(prove("urllib", "http", urllib, schemes=("http", "https")))
    assert asked == ["http://binderclip.invalid/", "https://binderclip.invalid/"]


def _urllib(folder: Path, proxy: str, url: str) -> Awaitable[object]:
    """A program that uses proxies."""
    script = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])"
    (folder / "run").mkdir(exist_ok=True)
    return processes.output(
        [sys.executable, "-c", script, url],
        cwd=folder,
        environ=Room.made(folder).environ(proxy),
        run=folder / "run",
    )
