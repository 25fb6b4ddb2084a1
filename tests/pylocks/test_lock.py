"""What is pinned, and how the text looks."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.pylocks.conftest import Case, Installers
from tests.pylocks.index import Index

from binderclip.errors import Refused, ResolveError


def names(text: str) -> list[str]:
    return re.findall(r"^([\w.-]+==\S+)", text, re.MULTILINE)


def test_all_is_pinned_with_hashes(case: Callable[..., Case], packages: Index) -> None:
    sha = packages.add("beta", "1.6", sdist=True)
    made = case(f"--index-url {packages.url}\n# people's own words\nalpha\nBeta[more]  # why not\n")
    lock = made.lock()
    assert lock.remarks == ()
    assert lock.text.splitlines()[0] == (
        "# Pinned by binderclip from requirements.txt for Python 3.11 on linux-64."
    )
    assert lock.text.splitlines()[2] == f"--index-url {packages.url}"
    assert names(lock.text) == ["alpha==1.0", "beta==1.6"]
    assert f"beta==1.6 \\\n    --hash=sha256:{sha}\n" in lock.text, "the wheel's, not the sdist's"
    assert made.told


def test_same_inputs_same_bytes(case: Callable[..., Case], ours: Index) -> None:
    ours.add("beta", "1.6", sdist=True)
    made = case("alpha\ngamma\n")
    first = made.lock().text
    assert made.lock().text == first
    assert made.after(first).lock().text == first
    assert made.after(first).lock(upgrade=True).text == first
    made.write("requirements.txt", "# other words\n\ngamma  # here\n  alpha\n")
    assert made.lock().text == first


def test_only_an_index_that_the_file_names_is_in_the_lock(
    case: Callable[..., Case], ours: Index
) -> None:
    lock = case("alpha").lock()
    assert ours.origin not in lock.text
    assert str(ours.folder.parent) not in lock.text


def test_the_file_s_index_wins_over_the_person_s(
    case: Callable[..., Case], packages: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/simple/")
    assert names(case(f"-i {packages.url}\nbeta").lock().text) == ["beta==1.5"]


def test_settings_that_lie_about_change_nothing(case: Callable[..., Case], ours: Index) -> None:
    made = case("alpha")
    clean = made.lock().text
    made.write("uv.toml", "[pip]\nuniversal = true\nno-deps = true\nemit-index-url = true\n")
    made.write("pyproject.toml", '[tool.uv]\nconstraint-dependencies = ["beta<1.5"]\n')
    assert made.lock().text == clean
    assert ours.seen


def test_versions_stay_until_an_upgrade(case: Callable[..., Case], ours: Index) -> None:
    made = case("alpha")
    first = made.lock().text
    ours.add("beta", "1.6")
    ours.add("alpha", "2.0", requires=["beta"])
    assert made.after(first).lock().text == first
    made.write("requirements.txt", "alpha\ngamma\n")
    assert names(made.after(first).lock().text) == ["alpha==1.0", "beta==1.5", "gamma==0.1"]
    upgraded = made.after(first).lock(upgrade=True).text
    assert names(upgraded) == ["alpha==2.0", "beta==1.6", "gamma==0.1"]
    made.write("requirements.txt", "alpha>=2\n")
    assert names(made.after(first).lock().text) == ["alpha==2.0", "beta==1.5"]


@pytest.mark.usefixtures("ours")
def test_a_lock_that_is_none_is_no_help_and_no_harm(case: Callable[..., Case]) -> None:
    clean = case("alpha").lock().text
    for previous in ("-r /etc/passwd\n", "alpha @ file:///etc\n", "\0", "beta==1.5\n", "${HOME}"):
        made = case("alpha").after(previous)
        assert made.lock().text == clean
        assert made.holds()


def test_other_files_under_the_same_version_are_told(
    case: Callable[..., Case], ours: Index
) -> None:
    ours.max_age_s = 0
    made = case("beta")
    first = made.lock().text
    ours.replace("beta", "1.5")
    made.write("requirements.txt", "beta\ngamma\n")
    with pytest.raises(ResolveError, match="other files of it than those pinned"):
        made.after(first).lock(upgrade=False)
    assert made.after(first).lock(upgrade=True).text != first


def test_a_later_wheel_of_a_pinned_version_changes_nothing(
    case: Callable[..., Case], ours: Index
) -> None:
    made = case("beta")
    first = made.lock().text
    ours.add("beta", "1.5", tag="cp311-cp311-manylinux_2_28_x86_64")
    assert made.after(first).lock().text == first


@pytest.mark.parametrize(
    ("platform", "tag"),
    [
        ("linux-64", "manylinux_2_35_x86_64"),
        ("linux-64", "manylinux2014_x86_64"),
        ("linux-aarch64", "manylinux_2_28_aarch64"),
        ("osx-64", "macosx_11_0_x86_64"),
        ("osx-arm64", "macosx_11_0_arm64"),
    ],
)
def test_platforms(case: Callable[..., Case], ours: Index, platform: str, tag: str) -> None:
    sha = ours.add("fast", "1.0", tag=f"cp312-cp312-{tag}")
    for other in ("win_amd64", "musllinux_1_2_x86_64", "manylinux_2_38_x86_64"):
        ours.add("fast", "1.0", tag=f"cp312-cp312-{other}")
    ours.add("fast", "1.0", tag=f"cp311-cp311-{tag}")
    lock = case("fast", platform=platform, python="3.12").lock()
    assert lock.text.endswith(f"fast==1.0 \\\n    --hash=sha256:{sha}\n")


def test_an_unknown_platform_is_named(case: Callable[..., Case]) -> None:
    with pytest.raises(Refused, match="found the platform 'win-64', expected one of linux-64"):
        case("alpha", platform="win-64").lock()


def test_markers_and_pythons(case: Callable[..., Case], ours: Index) -> None:
    ours.add("beta", "2.0", requires_python=">=3.13")
    made = case("beta\nalpha ; sys_platform == 'win32'\ngamma ; python_version < '3.12'\n")
    assert names(made.lock().text) == ["beta==1.5", "gamma==0.1"]
    newer = case({}, python="3.13").lock().text
    assert names(newer) == ["beta==2.0"]
    assert "Python 3.13 on linux-64" in newer


@pytest.mark.usefixtures("ours")
def test_includes_become_one_text(case: Callable[..., Case]) -> None:
    made = case(
        {
            "binder/requirements.txt": "-r ../base.txt\n-c limits/upper.txt\ngamma\n",
            "base.txt": "-r binder/requirements.txt\nbeta\n",
            "binder/limits/upper.txt": "beta<1.5\nnever-asked==3\n",
        },
        path="binder/requirements.txt",
    )
    lock = made.lock()
    assert names(lock.text) == ["beta==1.0", "gamma==0.1"]
    assert "-r " not in lock.text
    assert made.after(lock.text).holds() is None


def test_stated_hashes_are_kept_to(case: Callable[..., Case], ours: Index) -> None:
    wheel = ours.add("both", "1.0")
    ours.add("both", "1.0", tag="cp311-cp311-manylinux_2_28_x86_64")
    made = case(f"--require-hashes\nboth==1.0 --hash=sha256:{wheel} --hash=sha256:{'0' * 64}\n")
    text = made.lock().text
    assert text.endswith(f"--require-hashes\nboth==1.0 \\\n    --hash=sha256:{wheel}\n")
    made.write("requirements.txt", f"both==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(ResolveError, match="none of its files has a hash that"):
        made.lock()


def test_an_index_without_hashes(
    case: Callable[..., Case], ours: Index, installers: Installers
) -> None:
    sha = ours.add("plain", "1.0", hashed=False)
    lock = case("plain").lock().text
    assert f"--hash=sha256:{sha}" in lock
    installers.pip(lock, ours.folder, "--require-hashes", "--index-url", ours.url)


def test_options_of_indexes_are_kept(case: Callable[..., Case], packages: Index) -> None:
    (packages.folder / "more").mkdir()
    made = case(
        f"--index-url={packages.url}\n--trusted-host 127.0.0.1\n--pre --prefer-binary\n"
        "--only-binary :all:\n-f wheels\nbeta\nlocal-one\n"
    )
    made.write("wheels/readme", "")
    packages.add("local-one", "1.0")
    file = next(iter(packages.projects.pop("local-one").values()))
    file.path.rename(made.root / "wheels" / file.path.name)
    packages.add("beta", "2.0rc1")
    lock = made.lock()
    assert lock.text.splitlines()[2:6] == [
        f"--index-url {packages.url}",
        "--trusted-host 127.0.0.1",
        "--only-binary :all:",
        "--find-links ./wheels",
    ]
    assert names(lock.text) == ["beta==2.0rc1", "local-one==1.0"]


def test_folders_of_packages_are_named_from_the_file(
    case: Callable[..., Case], packages: Index, installers: Installers
) -> None:
    sha = packages.add("found", "1.0")
    file = packages.folder / "found-1.0-py3-none-any.whl"
    for place in ("binder/wheels", "wheels"):
        made = case(
            {"binder/requirements.txt": "--no-index\n-f wheels\nfound\n"},
            path="binder/requirements.txt",
        )
        made.write(f"{place}/{file.name}", "")
        (made.root / place / file.name).write_bytes(file.read_bytes())
        lock = made.lock().text
        assert f"--hash=sha256:{sha}" in lock
        inward = "./wheels" if place.startswith("binder") else "../wheels"
        assert f"--no-index\n--find-links {inward}\n" in lock
        assert made.after(lock).holds() is None
        assert made.after(lock).alive() is None
        made.write("binder/lock.txt", lock)
        installers.scratch = made.root / "binder"
        for install in (installers.pip, installers.uv):
            assert "found" in install(lock, made.root, "--require-hashes")
        (made.root / place / file.name).unlink()
        (made.root / place).rmdir()


def test_what_was_yanked_is_told(case: Callable[..., Case], ours: Index) -> None:
    made = case("beta")
    first = made.lock().text
    ours.yank("beta", "1.5", "it was wrong")
    made.write("requirements.txt", "beta\ngamma")
    assert made.after(first).lock(upgrade=True).remarks == ()
    made.write("requirements.txt", "beta==1.5")
    assert made.lock(upgrade=True).remarks == (
        "beta==1.5 was withdrawn by its authors: it was wrong",
    )


def test_nothing_asked_for(case: Callable[..., Case]) -> None:
    made = case("# nothing yet\n")
    lock = made.lock()
    assert names(lock.text) == []
    assert made.after(lock.text).holds() is None
    assert made.after(lock.text).alive() is None
