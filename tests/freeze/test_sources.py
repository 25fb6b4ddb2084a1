"""The real sources: git over http, and the table of lockers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from binderclip.cache import Cache
from binderclip.edit import Edited
from binderclip.errors import FreezeFailed
from binderclip.freeze.freezer import Freezer
from binderclip.freeze.options import Options
from binderclip.freeze.parts import LOCKABLE
from binderclip.freeze.sources import LOCKERS, NetworkSources
from binderclip.guard import OpenGuard

if TYPE_CHECKING:
    from tests.local.conftest import Origin, Served


def test_every_file_that_can_be_pinned_has_its_locker() -> None:
    assert tuple(LOCKERS) == LOCKABLE


@pytest.fixture
def web(tmp_path: Path, serve: Callable[..., AbstractContextManager[Served]]) -> Iterator[Served]:
    (tmp_path / "origins").mkdir(exist_ok=True)
    with serve(tmp_path / "origins") as server:
        yield server


@pytest.fixture
def freeze(tmp_path: Path) -> Callable[..., list[Edited]]:
    async def run(values: list[Any], options: Options) -> list[Edited]:
        async with (
            NetworkSources(Cache(tmp_path / "cache"), OpenGuard()) as sources,
            Freezer(sources, options) as freezer,
        ):
            return list(await asyncio.gather(*map(freezer.freeze, values)))

    return lambda *values, **options: asyncio.run(run(list(values), Options(**options)))


def built(url: str, ref: str | None = None, path: str = "origin.git") -> dict[str, Any]:
    build = {"host": url, "path": path, **({"ref": ref} if ref else {})}
    return {"version": 1, "build": build}


def test_branches_tags_and_head(
    origin: Origin, web: Served, freeze: Callable[..., list[Edited]]
) -> None:
    first = origin.commit({"a": "1"})
    origin.git("tag", "-a", "-m", "x", "1.0")
    origin.git("branch", "feature/x")
    origin.publish()
    last = origin.commit({"a": "2"})
    asked = {None: last, "HEAD": last, "main": last, "1.0": first, "feature/x": first}
    asked["refs/tags/1.0"] = first
    found = freeze(*(built(web.url, ref) for ref in asked))
    assert [one.value["build"]["hash"] for one in found] == list(asked.values())  # type: ignore[call-overload,index] # objects all


def test_a_name_of_two_things_and_one_of_nothing(
    origin: Origin, web: Served, freeze: Callable[..., list[Edited]]
) -> None:
    origin.commit({"a": "1"})
    origin.git("branch", "dev")
    origin.git("tag", "both")
    origin.commit({"a": "2"})
    origin.git("branch", "both")
    origin.publish()
    value = built(web.url, "both")
    value["content"] = {"host": web.url, "path": "origin.git", "ref": "mian"}
    value["config"] = {"host": web.url, "path": "gone.git"}
    with pytest.raises(FreezeFailed) as caught:
        freeze(value)
    told = {failure.path: str(failure) for failure in caught.value.failures}
    assert "write 'refs/heads/both' or 'refs/tags/both'" in told["binder.build"]
    assert "); did you mean 'main'?" in told["binder.content"]
    assert "no such repository" in told["binder.config"]


def test_each_reference_is_asked_once(
    origin: Origin, web: Served, freeze: Callable[..., list[Edited]]
) -> None:
    origin.commit({"a": "1"})
    value = built(web.url, "main")
    value["content"] = {**value["build"], "copy": {"*": "$HOME/"}}
    freeze(*[value] * 30)
    assert len([path for path in web.seen if "info/refs" in path]) == 1


def test_deep_over_http(origin: Origin, web: Served, freeze: Callable[..., list[Edited]]) -> None:
    origin.commit({"binder/README": "nothing to pin", "requirements.txt": "numpy"})
    (found,) = freeze(built(web.url), deep=True)
    assert found.changes == ("build", "frozen")
    assert "files" not in found.value["frozen"]  # type: ignore[call-overload,index,operator] # an object


def test_private_repositories_take_git_s_own_credentials(
    origin: Origin,
    tmp_path: Path,
    freeze: Callable[..., list[Edited]],
    monkeypatch: pytest.MonkeyPatch,
    guarded: Callable[[Path], AbstractContextManager[str]],
) -> None:
    commit = origin.commit({"a": "1"})
    with guarded(tmp_path / "origins") as url:
        with pytest.raises(FreezeFailed, match="or it is private") as caught:
            freeze(built(url))
        assert "credential helper" in str(caught.value)
        helper = tmp_path / "helper"
        helper.write_text("#!/bin/sh\necho username=ann\necho password=secret-of-ann\n")
        helper.chmod(0o755)
        config = tmp_path / "gitconfig"
        config.write_text(f"[credential]\n\thelper = {helper}\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
        (found,) = freeze(built(url))
    assert found.value["build"]["hash"] == commit  # type: ignore[call-overload,index] # an object
    assert "secret-of-ann" not in str(found)
