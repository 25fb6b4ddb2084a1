"""Conda channels with a real Python in them, and what launches from them."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from filelock import FileLock
from tests.conda.channel import ChannelFolder, channel
from tests.conda_local.python_package import SHORT, VERSION, Impossible, contents, python_files
from tests.execute.conftest import Ran, notebook
from tests.local.conftest import (
    Approvals,
    Launched,
    alive,
    approvals,
    cache,
    fresh_cache,
    launched,
    make_origin,
    origin,
    serve,
)

from binderclip import execute
from binderclip.notebook import parse
from binderclip.platforms import this_platform
from binderclip.session import Session
from binderclip.uvtool import uv_binary

# pytest finds fixtures among the names of a conftest.
__all__ = [
    "Approvals",
    "Launched",
    "alive",
    "approvals",
    "cache",
    "fresh_cache",
    "launched",
    "make_origin",
    "origin",
    "serve",
]

Channels = Callable[..., AbstractContextManager[ChannelFolder]]


@pytest.fixture(autouse=True)
def _nobodys_conda(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of whoever runs the tests."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("CONDARC", os.devnull)
    for name in ("CONDA_CHANNEL_ALIAS", "CONDA_PREFIX", "CONDA_DEFAULT_ENV"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel's folder with this Python, its pip and a kernel: made once for all workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "conda-parts"
    with FileLock(f"{folder}.lock"):
        if not (folder / "made").exists():
            try:
                _make(folder, tmp_path_factory.mktemp("parts"))
            except Impossible as error:
                pytest.skip(str(error))
            (folder / "made").touch()
    return folder


def _make(folder: Path, scratch: Path) -> None:
    with channel(folder) as made:
        python_files(scratch / "python")
        files, links = contents(scratch / "python")
        own = {"noarch": None, "subdir": this_platform(), "indexed": False}
        made.add("python", VERSION, files=files, links=links, **own)  # type: ignore[arg-type] # spread
        for name in ("pip", "ipykernel"):
            # The kernel's package has all that ipykernel needs in it: one is enough for a test.
            site = scratch / name / "lib" / f"python{SHORT}" / "site-packages"
            version = _installed(name, site)
            if (site / "share").is_dir():
                shutil.move(site / "share", scratch / name / "share")
            shutil.rmtree(site / "bin", ignore_errors=True)
            files, _ = contents(scratch / name)
            made.add(name, version, files=files, depends=[f"python {SHORT}.*"], **own)  # type: ignore[arg-type] # spread


def _installed(name: str, target: Path, *, wanted: Sequence[str] = ()) -> str:
    """Install ``wanted`` ("--no-deps", "six==1.0"; ``name``, if nothing) into ``target``; return
    the version of ``name``.
    """
    into = ["--python", sys.executable, "--target", str(target)]
    command = [uv_binary(), "pip", "install", "-q", *into, *(wanted or [name])]
    subprocess.run(command, check=True)
    (about,) = target.glob(f"{name}-*.dist-info")
    return about.name.removeprefix(f"{name}-").removesuffix(".dist-info")


@pytest.fixture
def channels(parts: Path, tmp_path: Path) -> Channels:
    """A channel of a test's own, with the parts that it names: all, if none."""

    def make(*names: str, folder: str = "channel") -> AbstractContextManager[ChannelFolder]:
        place = tmp_path / folder / this_platform()
        place.mkdir(parents=True)
        for path in (parts / this_platform()).glob("*.tar.bz2"):
            if not names or path.name.split("-")[0] in names:
                os.link(path, place / path.name)
        return channel(place.parent)

    return make


@pytest.fixture
def full(channels: Channels) -> Iterator[ChannelFolder]:
    """A channel with all parts and two versions of a module ``tiny``."""
    with channels() as made:
        add_tiny(made, "1.0")
        yield made


def add_tiny(made: ChannelFolder, version: str, name: str = "tiny") -> None:
    """A package of one module, ``name``, that knows its version."""
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"site-packages/{name}.py": f"version = {version!r}\n".encode(),
        f"site-packages/{name}-{version}.dist-info/METADATA": about.encode(),
        f"site-packages/{name}-{version}.dist-info/INSTALLER": b"conda\n",
    }
    made.add(name, version, files=files, depends=["python"], noarch="python")


def add_real(made: ChannelFolder, name: str, version: str) -> None:
    """A package of pure Python as PyPI has it, without what it depends on."""
    with TemporaryDirectory() as scratch:
        site = Path(scratch, "site-packages")
        _installed(name, site, wanted=["--no-deps", f"{name}=={version}"])
        files, _ = contents(Path(scratch))
        made.add(name, version, files=files, depends=["python"], noarch="python")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package for pip of one line."""
    path = tmp_path_factory.mktemp("wheels") / "pipped-1.0-py3-none-any.whl"
    about = "pipped-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pipped.py", "answer = 42\n")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: pipped\nVersion: 1.0\n")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


@pytest.fixture
def runs(tmp_path: Path) -> Callable[[Session, str], str]:
    """What a notebook of one cell prints, run by the session's own kernel."""

    def run(session: Session, source: str) -> str:
        content = notebook(source)
        ran = Ran(tmp_path / "ran.ipynb", [])
        asyncio.run(
            execute.run(
                parse(content),
                session,
                cwd=tmp_path,
                output=ran.output,
                options=execute.RunOptions(),
                observe=ran.events.append,
            )
        )
        ran.load()
        return ran.said(0).strip()

    return run
