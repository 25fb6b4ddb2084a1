"""The locks as installers take them, from our index and from PyPI."""

from __future__ import annotations

import sys
from collections.abc import Callable
from subprocess import CalledProcessError

import pytest
from tests.pylocks.conftest import Case, Installers
from tests.pylocks.index import Index

from binderclip.platforms import this_platform


def test_by_pip_and_by_uv(
    case: Callable[..., Case], packages: Index, installers: Installers
) -> None:
    packages.add("beta", "1.6", sdist=True)
    made = case(f"--index-url {packages.url}\n--trusted-host 127.0.0.1\nalpha\nbeta[more]\n")
    lock = made.lock().text
    packages.add("beta", "9.7")
    for install in (installers.pip, installers.uv):
        said = install(lock, made.root, "--require-hashes")
        assert "1.6" in said
        assert "9.7" not in said


def test_other_files_are_not_installed(
    case: Callable[..., Case], packages: Index, installers: Installers
) -> None:
    lock = case(f"--index-url {packages.url}\nbeta\n").lock().text
    wrong = lock.replace("--hash=sha256:", "--hash=sha256:0000")[:-5] + "\n"
    for install in (installers.pip, installers.uv):
        with pytest.raises(CalledProcessError):
            install(wrong, packages.folder, "--require-hashes", dry=False)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a lock for Linux is installed")
def test_from_pypi(case: Callable[..., Case], installers: Installers) -> None:
    made = case(
        {
            "requirements.txt": "charset-normalizer\n",
            "pyproject.toml": '[project]\nname = "x"\nversion = "1"\n'
            'dependencies = ["markupsafe>=2"]\n[build-system]\nrequires = ["hatchling"]\n',
        },
        platform=this_platform(),
    )
    lock = made.lock()
    assert "charset-normalizer==" in lock.text
    assert "markupsafe==" in lock.text
    assert lock.text.count("--hash") < 10, "of one platform alone"
    assert "--index-url" not in lock.text
    assert made.after(lock.text).lock().text == lock.text
    assert made.after(lock.text).holds() is None
    assert made.after(lock.text).alive() is None
    installers.uv(lock.text, made.root, "--require-hashes")
    stale = lock.text.replace("markupsafe==", "markupsafe==9999.")
    assert "markupsafe==9999." in (made.after(stale).alive() or "")


@pytest.mark.slow
def test_for_another_platform_from_pypi(case: Callable[..., Case]) -> None:
    lock = case("markupsafe", platform="osx-arm64", python="3.12").lock().text
    assert "Python 3.12 on osx-arm64" in lock
    assert "markupsafe==" in lock
