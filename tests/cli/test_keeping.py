"""``trust``, ``cache`` and ``schema``."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from binderclip.cache import Cache
from binderclip.cache.published import Published, machine
from binderclip.trust import TrustStore

Run: TypeAlias = Callable[..., Any]

KEYS = ("aa" * 32, "ab" * 32, "cd" * 32)


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    store = TrustStore(tmp_path / ".state")
    store.grant(KEYS[0], "https://example.org/a.ipynb")
    store.grant(KEYS[1], "https://example.org/\x1b[2Jb.ipynb")
    return store


@pytest.mark.usefixtures("store")
def test_trust_list(run: Run) -> None:
    out = run("trust", "list").out
    assert "https://example.org/a.ipynb" in out
    assert KEYS[0] in out
    assert "\x1b" not in out
    grants = run("trust", "list", "--json").answer["grants"]
    assert [grant["key"] for grant in grants] == list(KEYS[:2])
    assert all(grant["at"].startswith("20") for grant in grants)


def test_trust_of_nothing(run: Run) -> None:
    assert "asked about everything" in run("trust", "list").out
    assert run("trust", "list", "--json").answer == {"grants": []}


def test_revoke(store: TrustStore, run: Run) -> None:
    assert run("trust", "revoke", KEYS[0][:7]).code == 1
    done = run("trust", "revoke", KEYS[0][:8], "nobody", "--json")
    assert done.code == 1
    assert [grant["key"] for grant in done.answer["revoked"]] == [KEYS[0]]
    assert done.answer["unknown"] == ["nobody"]
    assert not store.trusts(KEYS[0], "https://example.org/a.ipynb")
    done = run("trust", "revoke", "https://example.org/\x1b[2Jb.ipynb")
    assert done.code == 0
    assert "1 grant revoked" in done.out
    assert store.grants() == ()


def test_clear(store: TrustStore, run: Run) -> None:
    assert run("trust", "clear").out == "2 grants revoked.\n"
    assert store.grants() == ()
    assert run("trust", "clear", "--json").answer == {"revoked": []}


def test_a_broken_trust_store_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state/trust.json").write_text("nonsense")
    done = run("trust", "list")
    assert done.code == 31
    assert "trust.json" in done.err
    assert run("trust", "list", "--json").answer["error"]["code"] == "cache"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Three environments, as if they had been built: 10, 20 and 30 MB, used 1, 2 and 3 days ago."""
    cache = Cache(tmp_path / ".cache")
    for number, key in enumerate(KEYS, 1):
        (cache.folder(key, "t") / "prefix").mkdir(parents=True)
        record = Published(
            token="t",
            python="3.12.4",
            interpreter=sys.executable,
            size_bytes=number * 10_000_000,
            made_at=1.0,
            summary="requirements.txt\x1b[2J",
            cloned=False,
            wrapper=None,
            texts={},
            commands=(),
            scripts=(),
            machine=machine(),
        )
        cache.publish(key, record, default_python=None)
        path = cache.root / "envs" / key / "ready.json"
        then = path.stat().st_mtime - number * 86400
        os.utime(path, (then, then))
    return cache


def test_cache_ls(cache: Cache, run: Run) -> None:
    out = run("cache", "ls").out
    for words in (KEYS[2][:12], "30.0 MB", "3.12.4", "ago", "3 environments, 60.0 MB"):
        assert words in out
    assert "\x1b" not in out
    answer = run("cache", "ls", "--json").answer
    assert answer["folder"] == str(cache.root)
    assert [one["key"] for one in answer["environments"]] == list(KEYS)
    assert answer["environments"][0]["size_bytes"] == 10_000_000


def test_an_empty_cache(run: Run, tmp_path: Path) -> None:
    assert run("cache", "dir").out == f"{tmp_path}/.cache\n"
    assert not (tmp_path / ".cache").exists()
    assert "0 environments, 0 B" in run("cache", "ls").out


def test_cache_rm(cache: Cache, run: Run) -> None:
    done = run("cache", "rm", "cd", "a", "77", "--json")
    assert done.code == 31
    assert [one["key"] for one in done.answer["removed"]] == [KEYS[2]]
    assert [one["key"] for one in done.answer["refused"]] == ["a", "77"]
    assert {one["error"]["code"] for one in done.answer["refused"]} == {"cache"}
    done = run("cache", "rm", KEYS[0], "a\x1b[2J")
    assert "removed 1 environment, 10.0 MB" in done.out
    assert "\x1b" not in done.err
    assert [one.key for one in cache.environments()] == [KEYS[1]]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["--older-than", "60h"], 2),
        (["--older-than", "1w"], 3),
        (["--max-size", "35MB"], 2),
        (["--max-size", "0"], 0),
        (["--max-size", "1GiB", "--older-than", "36h"], 1),
        (["--all"], 0),
        (["--all", "--yes"], 0),
    ],
)
def test_cache_prune(words: list[str], left: int, cache: Cache, run: Run) -> None:
    assert run("cache", "prune", *words).code == 0
    assert len(cache.environments()) == left


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--older-than", "30"],
        ["--older-than", "x"],
        ["--max-size", "5 apples"],
        ["--max-size", "5"],
    ],
)
def test_prune_of_nothing_in_particular(words: list[str], cache: Cache, run: Run) -> None:
    done = run("cache", "prune", *words)
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert len(cache.environments()) == 3


@pytest.mark.parametrize(("answer", "left"), [(b"n\n", 3), (b"y\n", 0)])
def test_prune_all_asks_on_a_terminal(answer: bytes, left: int, cache: Cache) -> None:
    owner, terminal = pty.openpty()
    process = subprocess.Popen(
        [Path(sys.executable).parent / "binderclip", "cache", "prune", "--all"],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "BINDERCLIP_CACHE": str(cache.root)},
    )
    os.close(terminal)
    os.write(owner, answer)
    _, told = process.communicate(timeout=60)
    os.close(owner)
    assert b"Remove 3 environments, 60.0 MB" in told
    assert len(cache.environments()) == left
    assert process.returncode == (0 if left == 0 else 1)


def test_schema(run: Run) -> None:
    schema = json.loads(run("schema").out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    line = run("schema", "--indent", "0").out
    assert line.count("\n") == 1
    assert json.loads(line) == schema
    assert json.loads(run("schema", "--indent", "4").out) == schema


@pytest.mark.parametrize("blocked", ["trust.lock", "trust.json.{pid}.tmp"])
def test_a_trust_store_that_cannot_be_written_is_told(
    blocked: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / ".state" / blocked.format(pid=os.getpid())).mkdir(parents=True)
    done = run("trust", "clear")
    assert done.code == 31
    assert "BINDERCLIP_STATE" in done.err


def test_a_state_folder_that_is_a_file_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".state").write_text("")
    done = run("trust", "list")
    assert done.code == 31
    assert "Errno" not in done.err


def test_a_cache_folder_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/c\xff")
    done = subprocess.run(
        [Path(sys.executable).parent / "binderclip", "cache", "dir"],
        env={**os.environ, "BINDERCLIP_CACHE": name},
        capture_output=True,
        check=False,
    )
    assert done.stdout == os.fsencode(name) + b"\n"
