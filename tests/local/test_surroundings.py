"""Which variables go along into builds and sessions."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.events import Log, Ready
from binderclip.inheritance import for_strangers
from binderclip.session import Session
from binderclip.targets.local import LocalTarget, surroundings

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "s3cret-1",
    "GITHUB_TOKEN": "s3cret-2",
    "CI_TOKEN": "s3cret-3",
    "SSH_AUTH_SOCK": "/run/s3cret-4",
    "OPENAI_API_KEY": "s3cret-5",
    "BINDERCLIP_TOKEN": "s3cret-6",
    "LD_PRELOAD": "/s3cret-7.so",
}
PLAIN = {
    "LANG": "C.UTF-8",
    "LC_TIME": "C",
    "TZ": "UTC",
    "TMPDIR": "/tmp",
    "SSL_CERT_FILE": "/etc/cert.pem",
    "https_proxy": "http://proxy.test:3128",
    "NO_PROXY": "localhost",
    "OMP_NUM_THREADS": "2",
}
INDEX = {"UV_INDEX_MINE_PASSWORD": "s3cret-8", "PIP_INDEX_URL": "https://mirror.test/s3cret-9"}


@pytest.fixture(autouse=True)
def _operator(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SECRETS, **PLAIN, **INDEX}.items():
        monkeypatch.setenv(name, value)


def test_what_strangers_run_has_none_of_the_operators_secrets(tmp_path: Path) -> None:
    """``printenv`` in a cell of a notebook that somebody opened through the service."""
    found = surroundings.of_session(tmp_path / "p", tmp_path, tmp_path / "h", None, anonymous=True)
    assert "s3cret" not in " ".join(found.values())
    assert PLAIN.items() <= found.items()
    assert found["HOME"] == str(tmp_path / "h")
    assert found["PATH"].startswith(f"{tmp_path}/p/bin:")
    own = surroundings.of_session(tmp_path / "p", tmp_path, tmp_path / "h", None)
    assert own["GITHUB_TOKEN"] == "s3cret-2", "a person's own notebook is run as they are"


def test_builds_for_strangers_know_the_index_and_no_other_secret(tmp_path: Path) -> None:
    """``setup.py`` and ``postBuild`` are strangers' too."""
    script = surroundings.of_script(tmp_path / "p", tmp_path, None, anonymous=True)
    for found in (surroundings.of_build(anonymous=True), script):
        assert (PLAIN | INDEX).items() <= found.items()
        assert not set(SECRETS) & set(found)
    assert set(SECRETS) - {"BINDERCLIP_TOKEN"} <= set(surroundings.of_build(anonymous=False))


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=5)))
def test_nothing_is_added_or_changed(variables: dict[str, str]) -> None:
    for building in (False, True):
        assert for_strangers(variables, building=building).items() <= variables.items()


@pytest.mark.slow
def test_in_earnest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build whose ``postBuild`` tells its variables, and the session after it."""
    for name in ("https_proxy", *INDEX, "SSL_CERT_FILE", "LD_PRELOAD"):
        monkeypatch.delenv(name)
    target = LocalTarget(
        Cache(tmp_path / "cache"), lambda _plan: None, own_home=True, anonymous=True
    )
    env = Environment(files={"requirements.txt": "", "postBuild": "#!/bin/sh\nenv\n"})

    async def go() -> tuple[str, Session]:
        lines, session = [], None
        async for event in target.launch(env):
            if isinstance(event, Log):
                lines.append(event.line)
            if isinstance(event, Ready):
                session = event.session
        assert session is not None
        await target.stop(session)
        return "\n".join(lines), session

    told, session = asyncio.run(go())
    assert f"LANG={PLAIN['LANG']}" in told
    assert "s3cret" not in told
    assert session.runtime is not None
    assert "s3cret" not in " ".join(session.runtime.environ.values())
    assert shutil.which("sh", path=session.runtime.environ["PATH"])
    assert os.environ["GITHUB_TOKEN"]
