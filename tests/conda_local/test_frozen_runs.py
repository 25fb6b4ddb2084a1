"""Frozen Python environments run with what they are frozen to, whatever the indexes gained."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.conda_local.conftest import add_tiny
from tests.pylocks.index import Index, index

from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.errors import BuildFailed
from binderclip.freeze.conda import CondaLocker
from binderclip.freeze.locking import Lockable
from binderclip.freeze.requirements import RequirementsLocker
from binderclip.platforms import this_platform
from binderclip.session import Session
from binderclip.spec.model import Frozen
from binderclip.targets.local import LocalTarget
from binderclip.uvtool import uv_binary

if TYPE_CHECKING:
    from tests.conda.channel import ChannelFolder
    from tests.local.conftest import Approvals, Launched

Launch = Callable[[LocalTarget, Environment], "Launched"]
Runs = Callable[[Session, str], str]

pytestmark = pytest.mark.slow

SHORT = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def gaining(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index that comes before the person's own, which still has the kernel."""
    with index(tmp_path / "index") as made:
        monkeypatch.setenv("UV_INDEX", made.url)
        made.add("deep", "1.0")
        made.add("wide", "1.0", requires=["deep"])
        yield made


def locked(folder: Path, text: str, *options: str) -> str:
    """``text``, a requirements file, pinned with hashes by uv: with a cache of its own, since uv
    believes what it knows of an index for ten minutes.
    """
    (folder / "requirements.in").write_text(text)
    compiling = ["pip", "compile", "-q", "--generate-hashes", "--no-annotate", "--no-header"]
    done = subprocess.run(
        [uv_binary(), *compiling, "--python-version", SHORT, *options, "requirements.in"],
        cwd=folder,
        env={**os.environ, "UV_CACHE_DIR": str(folder / "uv-cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def frozen(loose: str, **files: str) -> Environment:
    return Environment(
        files={"requirements.txt": loose},
        frozen=Frozen(
            platform=this_platform(),
            files={name.replace("_", "."): text for name, text in files.items()},
        ),
    )


CODE = "import deep, wide; print(deep.__version__, wide.__version__)"


def test_an_index_gained_versions(  # noqa: PLR0917 - fixtures
    gaining: Index,
    fresh_cache: Cache,
    approvals: Approvals,
    launched: Launch,
    runs: Runs,
    tmp_path: Path,
) -> None:
    lock = locked(tmp_path, "wide\n")
    assert lock.count("--hash=sha256:") == 2
    gaining.add("deep", "2.0")
    gaining.add("wide", "2.0", requires=["deep"])
    # No runtime.txt that a person wrote: what is frozen is added too.
    pinned = frozen("wide\n", requirements_txt=lock, runtime_txt=f"python-{SHORT}")
    target = LocalTarget(fresh_cache, approvals, python="3.9")
    found = launched(target, pinned)
    assert runs(found.session, CODE) == "1.0 1.0"
    assert approvals.plans[0].python == SHORT
    loose = launched(
        LocalTarget(fresh_cache, approvals), Environment(files={"requirements.txt": "wide\n"})
    )
    assert runs(loose.session, CODE) == "2.0 2.0"


@pytest.mark.parametrize("required", [True, False])
def test_a_kernel_that_the_lock_lacks_moves_no_pin(  # noqa: PLR0917 - fixtures
    gaining: Index,
    fresh_cache: Cache,
    approvals: Approvals,
    launched: Launch,
    runs: Runs,
    tmp_path: Path,
    required: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """The kernel of today asks for a newer ``packaging``."""
    gaining.add("tight", "1.0", requires=["packaging"])
    lock = locked(tmp_path, "tight\npackaging==21.3\n", "--index-strategy", "unsafe-best-match")
    options = "--require-hashes\n" if required else ""
    pinned = frozen("tight\npackaging\n", requirements_txt=f"{options}{lock}")
    found = launched(LocalTarget(fresh_cache, approvals), pinned)
    code = "import tight, packaging, ipykernel; print(packaging.__version__)"
    assert runs(found.session, code) == "21.3"


def test_conda_and_its_pip_list_frozen_by_freeze_itself(  # noqa: PLR0917 - fixtures
    gaining: Index,
    full: ChannelFolder,
    fresh_cache: Cache,
    approvals: Approvals,
    launched: Launch,
    runs: Runs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = f"channels: [{full.http}, nodefaults]\ndependencies: [tiny, pip, {{pip: [wide]}}]\n"
    (tmp_path / "environment.yml").write_text(text)
    locker = CondaLocker(fresh_cache.root / "conda", RequirementsLocker())
    wanted = Lockable(tmp_path, "environment.yml", SHORT, this_platform())
    with monkeypatch.context() as patch:
        patch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
        lock = asyncio.run(locker.lock(wanted, upgrade=False, observe=lambda _: None)).text
    add_tiny(full, "2.0")
    gaining.add("deep", "2.0")
    gaining.add("wide", "2.0", requires=["deep"])
    loose = Environment(files={"environment.yml": text})
    pinned = replace(
        loose, frozen=Frozen(platform=this_platform(), files={"environment.yml": lock})
    )
    target = LocalTarget(fresh_cache, approvals, python="3.9")
    code = f"{CODE[:-1]}, __import__('tiny').version)"
    assert runs(launched(target, pinned).session, code) == "1.0 1.0 1.0"
    loosely = LocalTarget(fresh_cache, approvals)
    assert runs(launched(loosely, loose).session, code) == "2.0 2.0 2.0"


def test_a_kernel_that_the_lock_has_is_that_one(
    fresh_cache: Cache, approvals: Approvals, launched: Launch, runs: Runs, tmp_path: Path
) -> None:
    lock = locked(tmp_path, "ipykernel==6.29.5\n")
    pinned = frozen("ipykernel\n", requirements_txt=f"--require-hashes\n{lock}")
    found = launched(LocalTarget(fresh_cache, approvals), pinned)
    assert runs(found.session, "import ipykernel; print(ipykernel.__version__)") == "6.29.5"


def test_other_bytes_under_the_same_name_are_not_taken(
    gaining: Index, fresh_cache: Cache, approvals: Approvals, launched: Launch, tmp_path: Path
) -> None:
    lock = locked(tmp_path, "deep\n")
    gaining.replace("deep", "1.0")
    with pytest.raises(BuildFailed, match="uv pip install") as caught:
        launched(LocalTarget(fresh_cache, approvals), frozen("deep\n", requirements_txt=lock))
    assert "Hash mismatch" in (caught.value.hint or "")
