"""`check --online`, as a weekly job would call it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from tests.cli.conftest import Run
    from tests.local.conftest import Origin, Served
    from tests.pylocks.index import Index
    from tests.registries.rig import Registry

Serve = Callable[..., AbstractContextManager["Served"]]


def write(path: Path, binder: dict[str, Any] | None) -> Path:
    notebook = nbformat.v4.new_notebook()
    if binder is not None:
        notebook.metadata["binder"] = {"version": 1, **binder}
    path.parent.mkdir(exist_ok=True)
    path.write_text(nbformat.writes(notebook) + "\n")
    return path


def metadata(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())["metadata"].get("binder", {})
    return found


def test_all_is_there(run: Run, origin: Origin, serve: Serve, tmp_path: Path) -> None:
    commit = origin.commit({"a": ""})
    with serve(origin.path.parent) as there:
        place = {"host": there.url, "path": "origin.git", "ref": "main", "hash": commit}
        path = write(tmp_path / "nb.ipynb", {"build": place})
        done = run("check", path, "--online")
        assert done.code == 0
        assert done.out.splitlines()[1].startswith("  ✓ well   build")
        assert "1 notebook: all is there" in done.out
        answer = run("check", path, "--online", "--json").answer
    assert answer["ok"] is True
    (one,) = answer["notebooks"]
    assert one["state"] == "well"
    assert one["signs"][0]["now"] == commit
    assert one["signs"][0]["ahead"] == 0


def test_a_table_of_many(run: Run, origin: Origin, serve: Serve, tmp_path: Path) -> None:
    first = origin.commit({"a": ""})
    origin.commit({"a": "1"})
    with serve(origin.path.parent) as there:
        place = {"host": there.url, "path": "origin.git", "ref": "main"}
        for n in range(5):
            write(tmp_path / f"{n}.ipynb", {"build": {**place, "hash": first}})
        write(tmp_path / "gone.ipynb", {"build": {**place, "hash": "0" * 40}})
        write(tmp_path / "nothing.ipynb", None)
        done = run("check", ".", "--online")
        strict = run("check", "0.ipynb", "--online", "--strict")
        relaxed = run("check", "0.ipynb", "--online")
    assert done.code == 1
    assert done.out.count("build") == 2, "what five share is said once"
    assert done.out.index("gone   build") < done.out.index("moved  build")
    assert "in 0.ipynb, 1.ipynb, 2.ipynb and 2 more" in done.out
    assert "7 notebooks: 1 with something gone; --fix may mend that" in done.out
    assert (strict.code, relaxed.code) == (1, 0)
    assert "1 notebook: 1 not frozen, or moved on" in strict.out


def test_strict_tells_what_is_not_pinned(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "nb.ipynb", {"files": {"requirements.txt": "six\n"}})
    assert run("check", path, "--online").code == 0
    done = run("check", path, "--online", "--strict", "--quiet")
    assert done.code == 1
    assert "loose  requirements.txt" in done.out


def test_silence_has_a_code_of_its_own(run: Run, tmp_path: Path) -> None:
    place = {"host": "http://127.0.0.1:9", "path": "o/r", "ref": "main", "hash": "0" * 40}
    done = run("check", write(tmp_path / "nb.ipynb", {"build": place}), "--online", "--quiet")
    assert done.code == 25
    assert "? silent build" in done.out


def test_wrong_metadata_is_told_too(run: Run, tmp_path: Path) -> None:
    wrong = write(tmp_path / "nb.ipynb", {"build": {"host": "x"}})
    done = run("check", wrong, "--online")
    assert done.code == 1
    assert "binder.build.path" in done.out


def test_fix_freezes_anew_and_drops_a_dead_image(  # noqa: PLR0917 - a fixture for each server
    run: Run, origin: Origin, serve: Serve, images: Registry, packages: Index, tmp_path: Path
) -> None:
    commit = origin.commit({"a": ""})
    gone = images.push("a/b", "1", content="x")
    images.remove("a/b", gone)
    packages.add("alpha", "1.1")
    lock = "alpha==1.0 --hash=sha256:" + "0" * 64 + "\n"
    with serve(origin.path.parent) as there:
        path = write(
            tmp_path / "nb.ipynb",
            {
                "image": {**images.reference("a/b", "1"), "hash": gone},
                "build": {
                    "host": there.url,
                    "path": "origin.git",
                    "ref": "main",
                    "hash": "0" * 40,
                },
                "files": {"requirements.txt": "alpha\n"},
                "frozen": {"files": {"requirements.txt": lock}},
            },
        )
        before = path.read_bytes()
        assert run("check", path, "--online").code == 1
        assert path.read_bytes() == before
        done = run("check", path, "--online", "--fix")
        assert done.code == 0, done
        assert "image: dropped" in done.out
        assert run("check", path, "--online").code == 0
    now = metadata(path)
    assert "image" not in now
    assert now["build"]["hash"] == commit
    assert "alpha==1.1" in "".join(now["frozen"]["files"]["requirements.txt"])


def test_what_many_lost_is_asked_for_once(
    run: Run, origin: Origin, serve: Serve, tmp_path: Path
) -> None:
    origin.commit({"a": ""})
    with serve(origin.path.parent) as there:
        place = {"host": there.url, "path": "origin.git", "ref": "main", "hash": "0" * 40}
        write(tmp_path / "alone.ipynb", {"build": place})
        assert run("check", "alone.ipynb", "--online", "--fix").code == 0
        alone = len(there.seen)
        for n in range(6):  # each says something else besides
            write(tmp_path / f"many/{n}.ipynb", {"build": place, "x-number": n})
        done = run("check", "many", "--online", "--fix")
        assert done.code == 0, done
        assert "6 mended" in done.out
        assert len(there.seen) == 2 * alone


def test_what_cannot_be_mended_stays(run: Run, images: Registry, tmp_path: Path) -> None:
    gone = images.push("a/b", "1")
    images.remove("a/b", gone)
    image = {**images.reference("a/b", "1"), "hash": gone}
    path = write(tmp_path / "nb.ipynb", {"image": image})
    before = path.read_bytes()
    done = run("check", path, "--online", "--fix", "--json")
    assert done.code == 1
    assert done.answer["notebooks"][0]["state"] == "gone"
    assert path.read_bytes() == before


def test_fix_goes_with_online(run: Run, tmp_path: Path) -> None:
    done = run("check", write(tmp_path / "nb.ipynb", None), "--fix")
    assert done.code == 2
    assert "--online" in done.err
