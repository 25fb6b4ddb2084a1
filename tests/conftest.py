"""Options, markers and the folders that several suites read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import hypothesis
import pytest

if TYPE_CHECKING:
    from tests.hubs.rig import Hub

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "notebooks"


# What lands is judged by the same examples each time; people's own runs look for new ones.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("people", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") == "true" else "people")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow: run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _nobodys_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The tests are nobody's: no configuration, no tokens, and a keyring that keeps nothing."""
    monkeypatch.setenv("BINDERCLIP_CONFIG", str(tmp_path_factory.getbasetemp() / "no-settings"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for name in ("BINDERCLIP_HOSTS", "BINDERCLIP_ON", "BINDERCLIP_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def lacking() -> Callable[[str, str], NoReturn]:
    """Called with a part that a test needs and has not, and with what brings it: skips, or fails
    under ``CI=true``, where everything that can be installed has to be.
    """

    def tell(part: str, remedy: str) -> NoReturn:
        message = f"this machine has no {part} ({remedy} brings it)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)

    return tell


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real notebooks, valid and broken; not part of a clone."""
    if not CORPUS.is_dir():
        pytest.skip(f"the corpus of notebooks is not beside this checkout ({CORPUS.name})")
    return CORPUS


@pytest.fixture(scope="session")
def tool(lacking: Callable[[str, str], NoReturn]) -> Callable[[str], Path]:
    """Finds a part of what dev/test installed apart from what drives the tests."""
    folder = Path(os.environ.get("BINDERCLIP_TOOLS") or ROOT / ".tools").absolute()

    def find(part: str) -> Path:
        if not (folder / part).exists():
            lacking(f"{part} among its tools", "dev/test")
        return folder / part

    return find


@pytest.fixture(scope="session")
def tools(tool: Callable[[str], Path]) -> Path:
    """The folder of it, with a JupyterHub (``hub/bin/jupyterhub``) and its proxy
    (``node_modules/.bin/configurable-http-proxy``).
    """
    tool("node_modules/.bin/configurable-http-proxy")
    return tool("hub/bin/jupyterhub").parents[2]


@pytest.fixture(scope="session")
def hub(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A real JupyterHub with light servers; see tests/hubs/rig.py."""
    from tests.hubs.rig import started

    with started(tools, tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="session")
def lab_hub(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Another under a path prefix, with JupyterLab, Notebook 7 and nbgitpuller on its servers."""
    from tests.hubs.rig import Kind, started

    kind = Kind(prefix="/deep/hub/", lab=True)
    with started(tools, tmp_path_factory.mktemp("lab-hub"), kind) as hub:
        yield hub
