"""Packages from repositories, addresses and folders; and whose code runs."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.local.conftest import serving
from tests.pylocks.conftest import Case, Installers
from tests.pylocks.index import Index, wheel

from binderclip.errors import Refused, ResolveError

PROJECT = (
    '[project]\nname = "{name}"\nversion = "1"\ndependencies = ["beta"]\n'
    '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
)


@dataclass
class Repository:
    """``url`` is what stands behind ``git+``."""

    work: Path
    url: str

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        done = subprocess.run(
            ["git", "-C", str(self.work), *who, *words], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, name: str, text: str) -> str:
        (self.work / name).write_text(text)
        self.git("add", ".")
        self.git("commit", "-q", "-m", "change")
        self.git("push", "-q", "--force", "--all", "../tool.git")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    root = tmp_path / "repositories"
    for words in (("tool",), ("--bare", "tool.git")):
        command = ["git", "init", "-q", "-b", "main", *words[:-1], str(root / words[-1])]
        subprocess.run(command, check=True)
    with serving(root) as served:
        made = Repository(root / "tool", f"{served.url}/tool.git")
        made.commit("pyproject.toml", PROJECT.format(name="tool"))
        yield made


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize(
    "line",
    [
        "tool @ git+{url}@main",
        "git+{url}@main",
        "git+{url}@main#egg=tool",
        "-e git+{url}@main#egg=tool",
    ],
)
def test_repositories(case: Callable[..., Case], repository: Repository, line: str) -> None:
    first = repository.git("rev-parse", "HEAD")
    made = case(f"{line.format(url=repository.url)}\nalpha\n")
    lock = made.lock()
    assert f"\ntool @ git+{repository.url}@{first}  # main\n" in lock.text
    assert "--hash" not in lock.text, "pip takes none together with a repository"
    assert "requirements.txt: pinned without hashes, since there is none for tool" in lock.remarks
    assert ("tool: pinned to a commit, and no longer editable" in lock.remarks) == ("-e" in line)
    later = made.after(lock.text)
    assert later.holds() is None
    assert later.alive() is None
    second = repository.commit("more", "")
    assert later.lock().text == lock.text
    assert later.lock(upgrade=True).text == lock.text.replace(first, second)


@pytest.mark.usefixtures("ours")
def test_another_ref_is_another_commit(case: Callable[..., Case], repository: Repository) -> None:
    made = case(f"tool @ git+{repository.url}")
    lock = made.lock().text
    assert "# HEAD" in lock
    repository.git("checkout", "-q", "-b", "dev")
    commit = repository.commit("more", "")
    made.write("requirements.txt", f"tool @ git+{repository.url}@dev")
    later = made.after(lock)
    assert later.holds() == "tool is missing, or pinned for another branch or tag"
    assert f"@{commit}  # dev" in later.lock().text
    made.write("requirements.txt", f"tool @ git+{repository.url}@{commit}")
    exact = made.lock().text
    assert f"@{commit}\n" in exact
    assert made.after(exact).holds() is None
    assert made.after(lock).holds() == "tool is missing, or pinned for another branch or tag"
    by_others = f"beta==1.5\ntool @ git+{repository.url}@{commit}\n"
    assert made.after(by_others).holds() is None


@pytest.mark.usefixtures("ours")
def test_what_is_not_in_a_repository(case: Callable[..., Case], repository: Repository) -> None:
    made = case(f"tool @ git+{repository.url}@nowhere")
    with pytest.raises(ResolveError, match=r"tool\.git.* has no branch, tag or commit 'nowhere'"):
        made.lock()
    made.write("requirements.txt", f"tool @ git+{repository.url.replace('tool', 'other')}")
    with pytest.raises(ResolveError, match=r"other\.git: git said: repository .* not found"):
        made.lock()


@pytest.mark.usefixtures("ours")
def test_a_commit_that_went_away(case: Callable[..., Case], repository: Repository) -> None:
    lock = f"beta==1.5\ntool @ git+{repository.url}@{'0' * 40}\n"
    gone = case(f"tool @ git+{repository.url}").after(lock).alive()
    assert gone == f"tool @ git+{repository.url}@{'0' * 40} is gone"


def test_archives(case: Callable[..., Case], ours: Index, installers: Installers) -> None:
    url = f"{ours.origin}/files/beta-1.0-py3-none-any.whl"
    sha = ours.projects["beta"]["beta-1.0-py3-none-any.whl"].sha256
    made = case(f"beta @ {url}#sha256={sha}\n./own-2.0-py3-none-any.whl\nalpha")
    (made.root / "own-2.0-py3-none-any.whl").write_bytes(wheel("own", "2.0"))
    lock = made.lock()
    assert f"beta @ {url} \\\n    --hash=sha256:{sha}\n" in lock.text
    assert "./own-2.0-py3-none-any.whl \\\n    --hash=sha256:" in lock.text
    assert lock.remarks == ()
    assert made.after(lock.text).holds() is None
    assert made.after(lock.text).alive() is None
    for install in (installers.pip, installers.uv):
        said = install(lock.text, made.root, "--require-hashes", "--index-url", ours.url)
        assert "own" in said
    made.write("requirements.txt", f"beta @ {url}#sha256={'0' * 64}")
    with pytest.raises(ResolveError, match="none of its files has a hash"):
        made.lock()
    (made.root / "own-2.0-py3-none-any.whl").write_bytes(wheel("own", "2.0", files={"x.py": ""}))
    made.write("requirements.txt", f"beta @ {url}#sha256={sha}\n./own-2.0-py3-none-any.whl\nalpha")
    assert made.after(lock.text).holds() == "requirements.txt changed since it was pinned"
    ours.remove("beta", "1.0")
    assert made.after(lock.text).alive() == f"beta @ {url} is gone"


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("./own", "./own"),
        ("-e ./own", "-e ./own"),
        ("-e own[x]", "-e ./own[x]"),
        ("file:own", "./own"),
        ("own @ ./own/", "./own"),
        ("own @ file:./own", "./own"),
        ("-e ./own#egg=own", "-e ./own"),
        ("-e .", "-e ."),
    ],
)
def test_folders(case: Callable[..., Case], installers: Installers, line: str, kept: str) -> None:
    made = case({"requirements.txt": line})
    for folder in (".", "own"):
        made.write(f"{folder}/pyproject.toml", PROJECT.format(name="own"))
        made.write(f"{folder}/backend.py", BACKEND)
    made.path = "requirements.txt"
    lock = made.lock()
    assert f"\n{kept}\n" in lock.text
    assert "\nbeta==1.5\n" in lock.text
    assert any("pinned without hashes" in remark for remark in lock.remarks)
    assert made.after(lock.text).holds() is None
    installers.uv(lock.text, made.root)
    made.write("own/pyproject.toml", PROJECT.format(name="own").replace("beta", "gamma"))
    assert bool(made.after(lock.text).holds()) == (kept != "-e .")


BACKEND = """
import zipfile, pathlib
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(pathlib.Path(folder, "own-1-py3-none-any.whl"), "w") as made:
        made.writestr("own-1.dist-info/METADATA", "Metadata-Version: 2.1\\n"
                      "Name: own\\nVersion: 1\\n")
        made.writestr("own-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n"
                      "Tag: py3-none-any\\n")
        made.writestr("own-1.dist-info/RECORD", "")
    return "own-1-py3-none-any.whl"
build_editable = build_wheel
"""


@pytest.mark.usefixtures("ours")
def test_settings_of_a_folder_lead_nowhere(case: Callable[..., Case], tmp_path: Path) -> None:
    sources = f'[tool.uv.sources]\nbeta = {{ path = "{tmp_path}/elsewhere" }}\n'
    made = case("./own")
    made.write("own/pyproject.toml", PROJECT.format(name="own") + sources)
    assert "beta==1.5" in made.lock().text
    needs = f"x @ file://{tmp_path}/elsewhere"
    made.write("own/pyproject.toml", PROJECT.format(name="own").replace("beta", needs))
    made.write("../elsewhere/pyproject.toml", PROJECT.format(name="x"))
    with pytest.raises(Refused, match=r"what it asks for leads to more: .*leads outside"):
        made.lock()
    (made.root / "own" / "pyproject.toml").unlink()
    (made.root / "own" / "pyproject.toml").symlink_to(tmp_path / "elsewhere" / "pyproject.toml")
    with pytest.raises(Refused, match="a link that leads out"):
        made.lock()


@pytest.mark.usefixtures("ours")
def test_hashes_that_are_required_and_cannot_be(case: Callable[..., Case]) -> None:
    made = case({"requirements.txt": "--require-hashes\n./own\nbeta"})
    made.write("own/pyproject.toml", PROJECT.format(name="own"))
    with pytest.raises(Refused, match=r"requires hashes, and there is none for \./own"):
        made.lock()


def test_no_code_of_packages_runs(
    case: Callable[..., Case], ours: Index, repository: Repository, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    touch = f"open({str(mark)!r}, 'w')"
    ours.add("source", "1.0", sdist_only=True, setup=touch, requires=["beta"])
    ours.add("mixed", "1.0")
    ours.add("mixed", "2.0", sdist_only=True, setup=touch)
    repository.git("rm", "-q", "pyproject.toml")
    repository.commit("setup.py", touch)
    for line in (
        "source",
        f"source @ {ours.origin}/files/source-1.0.tar.gz",
        f"{ours.origin}/files/source-1.0.tar.gz",
        "-e ./own",
        "./own",
        "own @ ./own",
        "./named",
        "-e ./named",
        f"tool @ git+{repository.url}",
        f"git+{repository.url}",
        f"-e git+{repository.url}",
    ):
        made = case(line)
        made.write("own/setup.py", touch)
        made.write("named/setup.py", touch)
        made.write("named/pyproject.toml", '[project]\nname = "named"\ndynamic = ["version"]\n')
        why = "there is no wheel" if line == "source" else "running its code|has to be built"
        with pytest.raises(ResolveError, match=why) as caught:
            made.lock()
        assert "--allow-builds" in (caught.value.hint or "")
        assert ("ask for a version" in (caught.value.hint or "")) is (line == "source"), line
        assert not mark.exists(), line
    assert "mixed==1.0" in case("mixed").lock().text
    assert not mark.exists()


def test_code_of_packages_runs_where_it_may(
    case: Callable[..., Case], ours: Index, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    sha = ours.add(
        "source",
        "1.0",
        sdist_only=True,
        setup=f"open({str(mark)!r}, 'w')",
        requires=["beta<1.5"],
    )
    lock = case("source", allow_builds=True).lock()
    assert f"source==1.0 \\\n    --hash=sha256:{sha}\n" in lock.text
    assert "beta==1.0" in lock.text
    assert mark.exists()
    mark.unlink()
    made = case("source").after(lock.text)
    assert made.holds() is None
    assert made.alive() is None
    assert not mark.exists(), "neither asking builds"


def test_a_build_that_fails(case: Callable[..., Case], ours: Index) -> None:
    ours.add("source", "1.0", sdist_only=True, setup="raise SystemExit('no compiler here')")
    with pytest.raises(ResolveError, match="no compiler here"):
        case("source", allow_builds=True).lock()


def test_cancelling_ends_what_builds(
    case: Callable[..., Case], ours: Index, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    sleep = f"import os, time\nopen({str(note)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    ours.add("source", "1.0", sdist_only=True, setup=sleep)
    made = case("source", allow_builds=True)

    async def scenario() -> None:
        task = asyncio.create_task(
            made.locker.lock(made.wanted, upgrade=False, observe=lambda _: None)
        )
        while not (note.exists() and note.read_text()):
            await asyncio.sleep(0.01)
            assert not task.done(), task.result()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    pid = int(note.read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
