"""The verbs: what they print, write and leave with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.conftest import notebook, run

if TYPE_CHECKING:
    from tests.cli.conftest import MakeNotebook, Run
    from tests.local.conftest import Origin, Served

__all__ = ["notebook", "run"]


@pytest.fixture
def web(tmp_path: Path, serve: Callable[..., AbstractContextManager[Served]]) -> Iterator[Served]:
    (tmp_path / "origins").mkdir(exist_ok=True)
    with serve(tmp_path / "origins") as server:
        yield server


@pytest.fixture
def binder(origin: Origin, web: Served) -> dict[str, Any]:
    origin.commit({"a": "1"})
    build = {"host": web.url, "path": "origin.git", "ref": "main"}
    return {"version": 1, "build": build}


def test_freeze_check_and_thaw(
    run: Run, notebook: MakeNotebook, binder: dict[str, Any], origin: Origin
) -> None:
    path = notebook(binder=binder)
    before = path.read_bytes()
    commit = origin.git("rev-parse", "HEAD")
    done = run("freeze", path.name, "--check")
    assert (done.code, done.err) == (1, "")
    assert done.out.splitlines() == [
        "a.ipynb: build: not frozen, at main",
        "1 notebook: 1 not frozen",
    ]
    done = run("freeze", path.name, "--dry-run")
    assert done.out.startswith(
        f"✓ a.ipynb: would change build, frozen\n    build: main → {commit[:12]}\n    --- before"
    )
    assert path.read_bytes() == before
    done = run("freeze", path.name)
    assert done.out == f"✓ a.ipynb: changed build, frozen\n    build: main → {commit[:12]}\n"
    frozen = path.read_bytes()
    assert commit in frozen.decode()
    assert run("freeze", path.name).out == "· a.ipynb: unchanged\n"
    assert path.read_bytes() == frozen
    done = run("freeze", path.name, "--check")
    assert (done.code, done.out) == (0, "1 notebook: 1 frozen\n")
    assert run("freeze", path.name, "--check", "-q").out == ""
    shown = run("show", path.name, "--json").answer
    assert shown["environment"]["frozen"] is True
    last = origin.commit({"a": "2"})
    done = run("freeze", path.name, "--check", "--upgrade")
    assert done.code == 1
    assert f"build: main moved on, {commit[:12]} → {last[:12]}" in done.out
    done = run("thaw", path.name)
    assert done.out == "✓ a.ipynb: changed build, frozen\n"
    assert path.read_bytes() == before
    assert run("thaw", path.name).out == "· a.ipynb: unchanged\n"
    assert run("show", path.name, "--json").answer["environment"]["frozen"] is False


def test_many_and_those_that_fail(
    run: Run, notebook: MakeNotebook, binder: dict[str, Any], web: Served
) -> None:
    for number in range(5):
        notebook(f"n/{number}.ipynb", binder=binder)
    build = {**binder["build"], "ref": "mian"}
    content = {**build, "path": "gone.git"}
    wrong = notebook("n/wrong.ipynb", binder={"version": 1, "build": build, "content": content})
    notebook("n/none.ipynb")
    notebook("n/out.ipynb", binder=False)
    before = wrong.read_bytes()
    done = run("freeze", "n")
    assert done.code == 19
    lines = done.err.splitlines()
    assert lines[0].startswith("✗ n/wrong.ipynb: binder.build: ref 'mian' not found in")
    assert max(map(len, lines)) <= 80
    assert all(line.startswith("    ") for line in lines[1:])
    told = " ".join(line.strip() for line in lines)
    assert "(branches: main); did you mean 'main'? binder.content: http" in told
    assert "no such repository" in told
    assert wrong.read_bytes() == before
    assert "· n/none.ipynb: unchanged\n    nothing to freeze: it names no environment" in done.out
    assert done.out.endswith("8 notebooks: 5 changed, 2 unchanged, 1 refused\n")
    asked = [path for path in web.seen if path.startswith("/origin.git/info/refs")]
    assert len(asked) == 3  # main once; mian, and then all that there is to name what is near
    answer = run("freeze", "n", "--json").answer
    (refused,) = [one for one in answer["notebooks"] if one["status"] == "refused"]
    assert refused["error"]["code"] == "freeze"
    first, second = refused["error"]["failures"]
    assert first["path"] == "binder.build"
    assert first["code"] == "resolve"
    assert first["hint"] == "Did you mean 'main'?"
    assert second["path"] == "binder.content"


def test_check_for_machines(run: Run, notebook: MakeNotebook, binder: dict[str, Any]) -> None:
    notebook(binder=binder)
    notebook("b.ipynb", binder={"version": 2})
    notebook("c.ipynb")
    done = run("freeze", "a.ipynb", "b.ipynb", "c.ipynb", "--check", "--json")
    assert done.code == 1
    answer = done.answer
    assert answer["frozen"] is False
    assert answer["notebooks"][0] == {
        "path": "a.ipynb",
        "status": "loose",
        "parts": [{"part": "build", "what": "not frozen, at main"}],
        "remarks": [],
    }
    assert answer["notebooks"][1]["error"]["code"] == "spec"
    nothing = {"path": "c.ipynb", "status": "nothing", "parts": [], "remarks": []}
    assert answer["notebooks"][2] == nothing
    assert run("freeze", "b.ipynb", "--check").code == 12
    assert run("freeze", "c.ipynb", "--check").code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--only", "host"], "'host' is not one of 'image', 'build'"),
        (["--python", "3.12.1"], "expected a version like 3.12"),
        (["--platform", "linux"], "one of linux-64, linux-aarch64, osx-64, osx-arm64"),
        (["--platform", "linux-32"], "one of linux-64, linux-aarch64, osx-64, osx-arm64"),
        (["--jobs", "0"], "0 is not in the range"),
    ],
)
def test_wrong_usage(run: Run, notebook: MakeNotebook, words: list[str], told: str) -> None:
    notebook()
    done = run("freeze", "a.ipynb", *words)
    assert done.code == 2
    assert told in done.err


LAYOUTS: dict[str, Callable[[Any], str]] = {
    "compact": lambda value: json.dumps(value, separators=(",", ":")),
    "one line": json.dumps,
    "0": lambda value: json.dumps(value, indent=0),
    "1": lambda value: json.dumps(value, indent=1),
    "2": lambda value: json.dumps(value, indent=2),
    "4": lambda value: json.dumps(value, indent=4),
    "tab": lambda value: json.dumps(value, indent="\t"),
    "crlf": lambda value: json.dumps(value, indent=1).replace("\n", "\r\n"),
    "sorted": lambda value: json.dumps(value, indent=1, sort_keys=True),
    "binder in one line": lambda value: json.dumps(
        {**value, "metadata": {"a": 1, "binder": "HERE"}}, indent=1
    ).replace('"HERE"', json.dumps(value["metadata"]["binder"])),
    "binder compact": lambda value: json.dumps(
        {**value, "metadata": {"binder": "HERE", "b": 1}}, indent=1
    ).replace('"HERE"', json.dumps(value["metadata"]["binder"], separators=(",", ":"))),
    "reference in one line": lambda value: json.dumps(value, indent=1).replace(
        json.dumps(value["metadata"]["binder"]["build"], indent=1).replace("\n", "\n   "),
        json.dumps(value["metadata"]["binder"]["build"]),
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("order", ["written", "other", "v0"])
def test_thaw_gives_the_bytes_of_before_in_any_layout(
    run: Run, tmp_path: Path, binder: dict[str, Any], layout: str, order: str
) -> None:
    files = {"postBuild": "#!/bin/sh\n", "apt.txt": ["a\n", "b\n"]}
    value: dict[str, Any] = {**binder, "files": files, "content": {**binder["build"], "copy": {}}}
    if order == "other":
        value = {**dict(reversed(value.items())), "mine": {"x": [1, {"y": 2}]}}
        value["build"] = dict(reversed(binder["build"].items()))
    elif order == "v0":
        value = {**binder, "version": 0, "binder": {"host": "https://h.org"}}
    whole = {"cells": [], "metadata": {"binder": value}, "nbformat": 4, "nbformat_minor": 5}
    path = tmp_path / "a.ipynb"
    path.write_bytes(LAYOUTS[layout](whole).encode())
    before = path.read_bytes()
    assert run("freeze", path.name).code == 0
    frozen = path.read_bytes()
    assert frozen != before
    assert run("freeze", path.name, "--check").code == 0
    assert run("freeze", path.name).code == 0
    assert path.read_bytes() == frozen
    assert run("thaw", path.name).code == 0
    assert path.read_bytes() == before
