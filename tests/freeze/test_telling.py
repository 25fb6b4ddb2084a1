"""What is told of files: what stays open, which versions moved, what was edited since."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.conftest import notebook, run

from binderclip import edit, spec
from binderclip.conda import exactly
from binderclip.conda.model import CondaFile, Pinned, Solution
from binderclip.edit import Edited, Wish
from binderclip.errors import Failure, Refused, ResolveError
from binderclip.freeze.freezer import Freezer
from binderclip.freeze.moves import moved
from binderclip.freeze.options import Options
from binderclip.freeze.outdated import outdated
from binderclip.freeze.parts import loose as loose_parts
from binderclip.freeze.python.places import PLACES
from binderclip.platforms import PINNED, this_platform
from binderclip.spec.model import Reference

if TYPE_CHECKING:
    from tests.cli.conftest import MakeNotebook, Run
    from tests.freeze.conftest import Memory

__all__ = ["notebook", "run"]

Freeze = Callable[..., Edited]
Loose = Callable[..., list[str]]

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOCK = "# Pinned by binderclip from requirements.txt for Python 3.11 on linux-64.\n"


def carrying(**files: str) -> dict[str, Any]:
    return {"version": 1, "files": files}


def frozen(files: dict[str, str], pinned: dict[str, str], **more: Any) -> spec.Binder:
    value: Any = {"version": 1, "files": files, "frozen": {"files": pinned, "platform": "linux-64"}}
    binder = spec.read({**value, **more}).binder
    assert binder is not None
    return binder


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Pipfile", "not pinned; `pipenv lock` pins it"),
        ("setup.py", "known only by running it"),
        ("apt.txt", "packages of the system are not pinned"),
        ("install.R", "what it installs is not pinned"),
    ],
)
def test_what_stays_open_is_told(run: Run, notebook: MakeNotebook, name: str, told: str) -> None:
    notebook(binder=carrying(**{name: ""}))
    done = run("freeze", "a.ipynb")
    assert done.code == 0
    assert done.out.startswith(f"· a.ipynb: unchanged\n    {name}: ")
    assert told in " ".join(done.out.split())
    assert run("freeze", "a.ipynb", "-q").out == ""
    assert "not pinned" not in run("freeze", "a.ipynb", "--only", "requirements.txt").out
    done = run("freeze", "a.ipynb", "--check")
    assert told in done.out
    assert done.out.count(told) == 1
    open_ = name == "Pipfile"
    assert done.code == open_
    assert done.out.endswith("1 not frozen\n" if open_ else "1 frozen\n")
    assert ("note:" in done.out) is not open_
    answer = run("freeze", "a.ipynb", "--check", "--json").answer["notebooks"][0]
    assert answer["status"] == ("loose" if open_ else "frozen")
    assert bool(answer["remarks"]) is not open_
    assert run("show", "a.ipynb", "--json").answer["environment"]["frozen"] is not open_


def test_a_pipfile_that_counts_for_nothing_or_has_its_lock(freeze: Freeze, loose: Loose) -> None:
    locked = carrying(Pipfile="", **{"Pipfile.lock": "{}"})
    assert (freeze(locked).notes, loose(locked)) == ((), [])
    beaten = freeze(carrying(Pipfile="", **{"environment.yml": "numpy"}))
    assert any(note.startswith("Pipfile: not pinned") for note in beaten.notes)
    assert loose(beaten.value) == []
    value: Any = beaten.value
    reading = spec.read(value)
    assert reading.binder
    assert loose_parts(reading.binder) == ()


def test_the_versions_that_moved_are_told(freeze: Freeze, loose: Loose, memory: Memory) -> None:
    value = carrying(**{"requirements.txt": "numpy\n"})
    assert loose(value, upgrade=True, python="3.12")[0] == "requirements.txt: not pinned"
    first = freeze(value, python="3.12")
    memory.pinning.versions["numpy"] = "2.0"
    told = loose(first.value, upgrade=True)
    assert told == ["requirements.txt: moved on: numpy 1.0 → 2.0"]
    assert freeze(first.value, upgrade=True).notes == ("requirements.txt: numpy 1.0 → 2.0",)
    again = freeze(first.value, python="3.13").notes[0]
    assert again.startswith("requirements.txt: pinned for Python 3.13 on ")


def test_five_versions_are_told_and_the_rest_is_counted() -> None:
    names = [f"p{number}" for number in range(7)]
    before = "".join(f"{name}==1\n" for name in (*names, "gone"))
    now = "".join(f"{name}==2\n" for name in (*names, "new", "more"))
    told = moved("requirements.txt", before, now, "linux-64")
    assert told == (
        "p0 1 → 2, p1 1 → 2, p2 1 → 2, p3 1 → 2, p4 1 → 2 and 2 more; 2 added; 1 removed"
    )
    git = "a @ git+https://example.org/o/r@{}\n"
    told = moved("requirements.txt", git.format("a" * 40), git.format("b" * 40), "linux-64")
    assert told == f"a {'a' * 12} → {'b' * 12}"
    one, two = (f"a==1 --hash=sha256:{digit * 64}" for digit in "12")
    assert moved("requirements.txt", one, two, "linux-64") == "a 1 (other files)"
    assert moved("requirements.txt", one, one, "linux-64") == "the same versions"
    assert moved("requirements.txt", "-r other", one, "linux-64") is None


def test_moves_of_conda_and_of_images() -> None:
    before = "dependencies:\n- a==1=h0_0\n- b==1=h0_0\n- pip:\n  - z==1\n"
    now = "dependencies:\n- a==2=h0_0\n- b==1=h0_1\n- pip:\n  - z==3\n"
    told = moved("environment.yml", before, now, "linux-64")
    assert told == "z 1 → 3, a 1 → 2, b 1 (other files)"
    one, two = (f"FROM python:3.12@sha256:{digit * 64}\n" for digit in "12")
    told = moved("Dockerfile", one, two, "linux-64")
    assert told == f"python:3.12 {'1' * 12} → {'2' * 12}"


def lock_of(text: str, *pins: str) -> str:
    """As ``freeze`` would write it for a requirements file."""
    asked = {
        "requirements": sorted(text.split()),
        "constraints": [],
        "options": [],
        "project": False,
        "packages": [],
    }
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
    return LOCK + f"# inputs: sha256:{digest}\n" + "".join(f"{pin}\n" for pin in pins)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("six\n", []),
        ("# the same\n  Six  # as before\n", []),
        ("six<1.17\n", ["(six==1.17.0 does not answer six<1.17)"]),
        ("six\nnumpy\n", ["(numpy is missing)"]),
        ("", [""]),
        ("-r elsewhere.txt\n", []),
        ("what is this", []),
    ],
)
def test_an_edited_file_is_seen(text: str, told: list[str]) -> None:
    pinned = {"requirements.txt": lock_of("six", "six==1.17.0")}
    found = outdated(frozen({"requirements.txt": text}, pinned))
    start = "requirements.txt changed since it was frozen"
    assert list(found) == [f"{start} {why}".strip() for why in told]
    below = {f"binder/{name}": content for name, content in pinned.items()}
    found = outdated(frozen({"binder/requirements.txt": text}, below))
    assert list(found) == [f"binder/{start} {why}".strip() for why in told]


def test_beside_a_repository_only_what_is_seen_counts() -> None:
    build = {"host": "https://example.org", "path": "o/r"}
    pinned = {"requirements.txt": lock_of("six", "six==1.17.0", "numpy==2")}
    assert outdated(frozen({"requirements.txt": "numpy"}, pinned, build=build)) == ()
    assert outdated(frozen({"requirements.txt": "x"}, pinned, build=build)) != ()
    assert outdated(frozen({}, pinned, build=build)) == ()
    theirs = {"requirements.txt": "six==1.17.0\n"}
    assert outdated(frozen({"requirements.txt": "six"}, theirs)) == ()
    assert outdated(frozen({"requirements.txt": "six<1.17"}, theirs)) != ()
    assert outdated(frozen({"requirements.txt": "six"}, {"requirements.txt": "-r x"})) == ()


def test_an_edited_dockerfile_is_seen() -> None:
    pinned = {"Dockerfile": f"FROM python:3.12@sha256:{'1' * 64}\n"}
    assert outdated(frozen({"Dockerfile": "FROM python:3.12\n"}, pinned)) == ()
    found = outdated(frozen({"Dockerfile": "FROM python:3.13\n"}, pinned))
    assert found == ("Dockerfile changed since it was frozen",)


def test_an_edited_environment_is_seen() -> None:
    pytest.importorskip("rattler")
    text = "channels: [x, nodefaults]\ndependencies: [{}]\n"
    file = CondaFile("e", None, ("x",), ("a",))
    packages = (
        Pinned("a", "1.0", "h_0", "", "x", "", ""),
        Pinned("python", "3.9.1", "h_0", "", "x", "", ""),
    )
    pinned = {"environment.yml": exactly.exact(file, Solution("linux-64", (), packages), ())}
    assert exactly.digest(file) in pinned["environment.yml"]
    assert outdated(frozen({"environment.yml": text.format("a")}, pinned)) == ()
    assert outdated(frozen({"environment.yml": text.format("a=1.0")}, pinned)) == ()
    (found,) = outdated(frozen({"environment.yml": text.format("a=2")}, pinned))
    assert found.startswith("environment.yml changed since it was frozen (it has a 1.0")


def test_check_warns_of_it(run: Run, notebook: MakeNotebook) -> None:
    value = carrying(**{"requirements.txt": "six<1.17\n"})
    pinned = {"requirements.txt": lock_of("six", "six==1.17.0")}
    notebook(binder={**value, "frozen": {"files": pinned, "platform": this_platform()}})
    done = run("check", "a.ipynb")
    assert done.code == 0
    assert "a.ipynb: warning: requirements.txt changed since it was frozen (six==1.17.0" in done.out
    assert "the frozen one is used; `binderclip freeze` pins anew" in done.out


def test_a_digest_that_fits_costs_no_packaging() -> None:
    pinned = {"requirements.txt": lock_of("numpy<3,>=2 six", "six==1.17.0", "numpy==2.0")}
    code = (
        "import sys\nfrom binderclip import spec\nfrom binderclip.freeze.outdated import outdated\n"
        f"v = {carrying(**{'requirements.txt': 'six' + chr(10) + 'numpy >=2, <3'})!r}\n"
        f"v['frozen'] = {{'files': {pinned!r}, 'platform': 'linux-64'}}\n"
        "assert outdated(spec.read(v).binder) == ()\nprint(*sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "binderclip.freeze.python.asked" in loaded
    assert not {"packaging", "rattler", "httpx", "binderclip.freeze.python.compiling"} & loaded


def test_a_failure_names_its_file_once(freeze: Freeze, memory: Memory) -> None:
    memory.pinning.broken = ResolveError("requirements.txt: no such package", hint="is it?")
    value = carrying(**{"requirements.txt": "numpy"})
    with pytest.raises(ResolveError) as caught:
        freeze(value)
    assert str(caught.value) == "binder.files['requirements.txt']: no such package (is it?)"
    assert memory.pinning.broken.message == "requirements.txt: no such package"
    hinted = Failure("binder.build", Refused("no x (tags: v1)", hint="Did you mean 'v1'?"))
    assert str(hinted) == "binder.build: no x (tags: v1); did you mean 'v1'?"


def test_nothing_frozen_is_left_to_say_so() -> None:
    place = {"host": "https://example.org", "path": "o/r", "ref": "main", "hash": COMMIT}
    value: Any = {"version": 1, "build": place, "frozen": {"at": "2026-01-01T00:00:00Z"}}
    left: Any = edit.edited(value, Wish(ref="v1")).value
    del place["hash"]
    assert left == {"version": 1, "build": {**place, "ref": "v1"}}
    place["hash"] = COMMIT
    image: Any = {"host": "https://example.org", "path": "i", "hash": f"sha256:{'d' * 64}"}
    kept: Any = edit.edited({**value, "image": image}, Wish(ref="v1")).value
    assert kept["frozen"] == value["frozen"]
    named = edit.edited(value, Wish(build=Reference("https://example.org", "o/other"))).value
    assert "frozen" not in dict(named)  # type: ignore[arg-type]


def test_thaw_says_nothing_of_hashes_that_freeze_added() -> None:
    place: Any = {"host": "https://example.org", "path": "o/r", "hash": COMMIT}
    at: Any = {"at": "2026-01-01T00:00:00Z"}
    assert edit.thawed({"version": 1, "build": place, "frozen": at}).notes == ()
    assert COMMIT[:12] + " had no ref" in edit.thawed({"version": 1, "build": place}).notes[0]


def test_the_platforms_are_the_same_everywhere() -> None:
    assert tuple(PLACES) == PINNED


def test_a_line_of_progress_names_its_file_once(memory: Memory) -> None:
    memory.pinning.says = "requirements.txt: pinning 1 package"
    told: list[str] = []

    async def go() -> None:
        async with Freezer(memory, Options(), observe=told.append) as freezer:
            await freezer.freeze(carrying(**{"requirements.txt": "numpy"}))

    asyncio.run(go())
    assert "requirements.txt: pinning 1 package" in told
    assert all(line.count("requirements.txt") == 1 for line in told)


def test_run_warns_of_it_unless_the_latest_is_wanted(run: Run, notebook: MakeNotebook) -> None:
    pinned = {"requirements.txt": lock_of("six", "six==1.17.0")}
    value: Any = carrying(**{"requirements.txt": "six<1.17\n"})
    notebook(binder={**value, "frozen": {"files": pinned, "platform": this_platform()}})
    told = "requirements.txt changed since it was frozen (six==1.17.0 does not answer six<1.17)"
    done = run("run", "a.ipynb", "--on", "auto", "--offline")
    assert done.code == 2  # which ends it before anything is built
    assert " ".join(done.err.split()).count(told) == 1
    assert told not in run("run", "a.ipynb", "--on", "auto", "--offline", "--latest").err
