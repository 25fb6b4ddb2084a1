"""``set``, ``strip`` and ``upgrade`` as they are typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., Any]
Make: TypeAlias = Callable[..., Path]
Binder: TypeAlias = Callable[[Path], Any]

SHA = "0123456789abcdef0123456789abcdef01234567"


def test_every_field_at_once(run: Run, notebook: Make, binder_of: Binder, tmp_path: Path) -> None:
    path = notebook()
    (tmp_path / "requirements.txt").write_bytes("numpy\nπ\r\nlast".encode())
    (tmp_path / "build.sh").write_text("#!/bin/bash\n")
    done = run(
        *("set", path, "--host", "mybinder.org", "--host", "https://hub.example.org/"),
        *("--image", "quay.io/a/b:1", "--build", "o/r", "--ref", "main"),
        *("--file", "requirements.txt", "--file", "postBuild=build.sh"),
        *("--config", "o/config@v1", "--config-copy", "*.json=.jupyter/"),
        *("--content", "o/content", "--content-ref", SHA, "--content-copy", "*.csv=$HOME/data/"),
        *("--content-copy", "*.nc=~/", "--content-copy", "a=b=."),
    )
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("✓ ")
    assert binder_of(path) == {
        "version": 1,
        "host": ["https://mybinder.org", "https://hub.example.org/"],
        "image": {"host": "https://quay.io", "path": "a/b", "ref": "1"},
        "build": {"host": "https://github.com", "path": "o/r", "ref": "main"},
        "files": {
            "requirements.txt": ["numpy\n", "π\r\n", "last"],
            "postBuild": ["#!/bin/bash\n"],
        },
        "config": {
            "host": "https://github.com",
            "path": "o/config",
            "ref": "v1",
            "copy": {"*.json": "$HOME/.jupyter/"},
        },
        "content": {
            "host": "https://github.com",
            "path": "o/content",
            "hash": SHA,
            "copy": {"*.csv": "$HOME/data/", "*.nc": "$HOME/", "a=b": "$HOME/"},
        },
    }


def test_strip_brings_the_bytes_back(run: Run, notebook: Make) -> None:
    path = notebook(kernelspec={"name": "python3"})
    before = path.read_bytes()
    assert run("set", path, "--build", "o/r").code == 0
    assert path.read_bytes() != before
    assert run("strip", path).code == 0
    assert path.read_bytes() == before
    assert "unchanged" in run("strip", path).out


def test_a_file_from_standard_input(run: Run, notebook: Make, binder_of: Binder) -> None:
    path = notebook()
    assert run("set", path, "--file", "requirements.txt=-", typed="numpy\n").code == 0
    assert binder_of(path)["files"] == {"requirements.txt": ["numpy\n"]}


def test_a_dry_run_shows_the_change_and_writes_nothing(run: Run, notebook: Make) -> None:
    path = notebook(binder={"version": 1, "host": "https://a.example.org"})
    before = path.read_bytes()
    for words in (["set", path, "--host", "b.example.org"], ["strip", path]):
        done = run(*words, "--dry-run")
        assert done.code == 0
        assert "would change" in done.out
        assert '-    "host": "https://a.example.org"' in done.out
        assert path.read_bytes() == before
    answer = run("strip", path, "--dry-run", "--json").answer
    assert answer["dry_run"] is True
    assert answer["changed"] == 1
    assert path.read_bytes() == before


def test_the_answer_for_machines(run: Run, notebook: Make, tmp_path: Path) -> None:
    notebook("good.ipynb")
    notebook("same.ipynb", binder={"version": 1, "host": "https://a.example.org"})
    (tmp_path / "bad.ipynb").write_text("{")
    done = run("set", "good.ipynb", "bad.ipynb", "same.ipynb", "--host", "a.example.org", "--json")
    assert done.code == 10
    answer = done.answer
    assert [answer[k] for k in ("changed", "unchanged", "refused")] == [1, 1, 1]
    good, bad, same = answer["notebooks"]
    assert good["status"] == "changed"
    assert good["changes"] == ["host"]
    assert good["binder"] == {"version": 1, "host": "https://a.example.org"}
    assert same["status"] == "unchanged"
    assert bad["status"] == "refused"
    assert bad["error"]["code"] == "notebook"
    assert set(bad["error"]) >= {"code", "message", "hint"}


def test_one_that_is_refused_does_not_stop_the_others(
    run: Run, notebook: Make, binder_of: Binder, tmp_path: Path
) -> None:
    (tmp_path / "a.ipynb").write_text("<html>")
    out = notebook("b.ipynb", binder=False)
    newer = notebook("c.ipynb", binder={"version": 3})
    good = notebook("d.ipynb")
    kept = {path: path.read_bytes() for path in (tmp_path / "a.ipynb", out, newer)}
    done = run("set", ".", "--build", "o/r")
    assert done.code == 1  # errors of several kinds
    assert binder_of(good)["build"]["path"] == "o/r"
    assert {path: path.read_bytes() for path in kept} == kept
    assert "4 notebooks: 1 changed, 3 refused" in done.out
    for words in ("a.ipynb: found an HTML page", "opt-out", "newer version"):
        assert words in done.err


def test_quiet_tells_what_is_refused_alone(run: Run, notebook: Make) -> None:
    notebook()
    done = run("set", "a.ipynb", "missing.ipynb", "--build", "o/r", "-q")
    assert not done.out
    assert "missing.ipynb" in done.err


def test_opting_out_and_back(run: Run, notebook: Make, binder_of: Binder) -> None:
    path = notebook(binder={"version": 1, "host": "https://a.example.org"})
    assert run("set", path, "--opt-out").code == 0
    assert binder_of(path) is False
    done = run("set", path, "--host", "b.example.org")
    assert done.code == 12
    assert "--force" in done.err
    assert "stays" in run("strip", path).out
    assert binder_of(path) is False
    assert run("set", path, "--host", "b.example.org", "--force").code == 0
    assert binder_of(path)["host"] == "https://b.example.org"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], "nothing to set"),
        (["--as", "v1"], "nothing to set"),
        (["--opt-out", "--host", "x"], "stands alone"),
        (["--build", "o/r@main", "--ref", "dev"], "say one"),
        (["--config-ref", "main"], "--config"),
        (["--content", "o/r", "--content-copy", "x"], "GLOB=FOLDER"),
        (["--content", "o/r", "--content-copy", "*=/root/x"], "$HOME"),
        (["--file", "nowhere.txt"], "nowhere.txt"),
        (["--file", "=x"], "NAME=PATH"),
        (["--file", "."], "folder"),
        (["--file", "a=small", "--file", "a=small"], "twice"),
        (["--file", "big"], "larger"),
        (["--file", "binary"], "UTF-8"),
        (["--file", "nul"], "binary"),
        (["--as", "v9"], "v9"),
        (["--bogus"], "--bogus"),
    ],
)
def test_what_cannot_be_meant(
    words: list[str], found: str, run: Run, notebook: Make, tmp_path: Path
) -> None:
    path = notebook()
    before = path.read_bytes()
    (tmp_path / "big").write_text("x" * (1024 * 1024 + 1))
    (tmp_path / "small").write_text("x")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "nul").write_bytes(b"a\0b")
    done = run("set", path, *words)
    assert (done.code, done.out) == (2, "")
    assert found in done.err
    assert "binderclip set --help" in done.err
    told = run("set", path, *words, "--json")
    assert told.code == 2
    assert told.answer["error"]["code"] == "usage"
    assert found in told.answer["error"]["message"]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [["--host", "ftp://x"], ["--build", "git@h:o/r"], ["--image", "A"], ["--file", "../x=a.ipynb"]],
)
def test_what_the_specification_refuses(words: list[str], run: Run, notebook: Make) -> None:
    path = notebook()
    before = path.read_bytes()
    done = run("set", path, *words)
    assert done.code == 12
    assert "binder." in done.err
    assert path.read_bytes() == before


def test_upgrade(run: Run, notebook: Make, binder_of: Binder) -> None:
    old = {"binder_url": "https://binder.pangeo.io", "binder_repo": "o/r", "binder_ref": "dev"}
    path = notebook(binder=old)
    done = run("upgrade", path)
    assert done.code == 0
    assert "components" in done.out
    assert binder_of(path)["version"] == 1
    assert run("upgrade", path, "--as", "components").code == 0
    assert binder_of(path) == old
    run("set", path, "--file", "a=a.ipynb")
    done = run("upgrade", path, "--as", "url")
    assert done.code == 13
    assert "accept" in done.err
    assert run("upgrade", path, "--as", "url", "--accept-loss").code == 0
    assert binder_of(path) == "https://binder.pangeo.io/v2/gh/o/r/dev"


def test_a_text_notebook_that_is_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    text = "---\njupyter:\n  kernelspec:\n    name: python3\n---\n\n# Hello\n\n```python\n1\n```\n"
    path.write_text(text)
    assert "no notebooks there" in run("set", ".", "--build", "o/r").out
    assert run("set", path, "--build", "o/r").code == 0
    assert "binder:" in path.read_text()
    assert run("show", path, "--json").answer["binder"]["build"]["path"] == "o/r"
    assert run("strip", path).code == 0
    assert path.read_text() == text


def test_an_address_is_no_file(run: Run) -> None:
    done = run("set", "https://example.org/a.ipynb", "--build", "o/r")
    assert done.code == 10
    assert "address" in done.err


def test_a_link_and_its_target_are_one_notebook(run: Run, notebook: Make, tmp_path: Path) -> None:
    path = notebook()
    (tmp_path / "b.ipynb").symlink_to(path)
    answer = run("set", ".", path, "b.ipynb", "--build", "o/r", "--json").answer
    assert answer["changed"] == 1
    assert len(answer["notebooks"]) == 1
    assert (tmp_path / "b.ipynb").is_symlink()


def test_more_than_is_kept_in_memory(notebook: Make, binder_of: Binder) -> None:
    from binderclip.cli import batch
    from binderclip.edit import Wish, edited
    from binderclip.spec.model import Reference

    paths = [notebook(f"{n}.ipynb") for n in range(3)]
    wish = Wish(build=Reference("https://github.com", "o/r"))

    def changed_meanwhile(number: int, what: str) -> None:
        if (number, what) == (1, "written"):
            paths[2].write_text(json.dumps({"metadata": {"binder": False}, "nbformat": 4}))

    results = batch.rewrite(
        [str(path) for path in paths],
        lambda value: edited(value, wish),
        dry_run=False,
        observe=changed_meanwhile,
        kept_bytes=0,
    )
    assert [isinstance(result, batch.Refusal) for result in results] == [False, False, True]
    assert binder_of(paths[2]) is False
    assert binder_of(paths[1])["build"]["path"] == "o/r"


def test_what_no_notebook_can_take_is_told_once(run: Run, notebook: Make) -> None:
    for number in range(3):
        notebook(f"{number}.ipynb")
    done = run("set", ".", "--host", "ftp://x")
    assert done.code == 12
    assert not done.out
    assert done.err.count("binder.host") == 1
