"""Facts as JSON, and what is seen of them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from tests.cli.conftest import Run
from tests.filling.strategies import COMMIT
from tests.filling.strategies import facts as any_facts

from binderclip.filling import Facts, facts_as_json, fill
from binderclip.spec.model import Reference


@given(any_facts)
def test_as_json(facts: Facts) -> None:
    told = facts_as_json(facts)
    assert json.loads(json.dumps(told)) == told
    assert set(told) == {"policy", "host", "image", "build", "sources", "remarks", "binder"}
    assert told["binder"] == fill({}, facts).get("binder")


def test_nothing_is_shared() -> None:
    facts = Facts(image=Reference("https://quay.io", "o/r"), sources={"image": "x"})
    told = facts_as_json(facts)
    for part in ("image", "binder", "sources"):
        value = told[part]
        assert isinstance(value, dict)
        value.clear()
    assert facts_as_json(facts)["image"] == {"host": "https://quay.io", "path": "o/r"}
    assert facts.sources == {"image": "x"}
    assert facts.value


@pytest.fixture(autouse=True)
def _nobody_s_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_CONFIG_PATH", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "jupyter"))
    for name in ("BINDER_LAUNCH_HOST", "BINDER_PERSISTENT_REQUEST", "BINDER_REQUEST"):
        monkeypatch.delenv(name, raising=False)
    for name in ("JUPYTER_IMAGE_SPEC", "CONDA_PREFIX", "BINDERCLIP_FILL", "BINDERCLIP_FILL_GIT"):
        monkeypatch.delenv(name, raising=False)


def test_doctor_of_a_machine_that_knows_nothing(run: Run) -> None:
    answer = run("doctor", "--json").answer
    assert answer["saves"] == facts_as_json(Facts())
    assert answer["unread"] == []


def test_doctor_of_a_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINDER_REQUEST", "v2/gh/o/r/main")
    monkeypatch.setenv("BINDER_PERSISTENT_REQUEST", f"v2/gh/o/r/{COMMIT}")
    monkeypatch.setenv("BINDER_LAUNCH_HOST", "https://user:sekrit@evil.example/")
    done = run("doctor")
    assert "By variables, files and git, saves in Jupyter here would carry:" in done.out
    assert "c.Binderclip.* is not read here; no file was seen that sets it." in done.out
    assert "build  https://github.com/o/r at main" in done.out
    assert COMMIT in done.out
    assert "(from BINDER_REQUEST and BINDER_PERSISTENT_REQUEST)" in done.out
    assert "! BINDER_LAUNCH_HOST: found an address with a user name" in done.out
    assert "sekrit" not in done.out


def test_doctor_where_nothing_may_be_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINDERCLIP_FILL", "never")
    monkeypatch.setenv("BINDERCLIP_FILL_BUILD", "o/r")
    out = run("doctor").out
    assert "saves in Jupyter here would carry nothing.\n  The policy is never.\n" in out


def test_doctor_in_a_folder_that_is_gone(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BINDERCLIP_FILL_GIT", "1")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert "git working copy: " in run("doctor").out.replace("\n    ", " ")


SPEAKING = {
    "jupyter_server_config.py": "raise SystemExit('ran')\nc.Binderclip.policy = 'never'\n",
    "jupyter_server_config.json": '{"Binderclip": {"image": "quay.io/o/i"}}',
    "jupyter_server_config.d/own.json": '{"BinderClip": {}}',
    "jupyter_lab_config.py": "if 1:\n    c.Binderclip.hosts = []\n",
}
SILENT = {
    "jupyter_config.py": "# c.Binderclip.policy = 'never'\nc.ServerApp.port = 1  # Binderclip\n",
    "jupyter_server_config.d/binderclip.json": (
        '{"ServerApp": {"jpserver_extensions": {"binderclip": true}}}'
    ),
    "other.py": "c.Binderclip.policy = 'never'\n",
}


def test_doctor_names_what_it_does_not_read(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "jupyter"
    (folder / "jupyter_server_config.d").mkdir(parents=True)
    for name, text in {**SPEAKING, **SILENT}.items():
        (folder / name).write_text(text)
    os.mkfifo(folder / "jupyter_notebook_config.py")
    (folder / "jupyter_notebook_config.json").symlink_to(folder / "none")
    assert set(run("doctor", "--json").answer["unread"]) == {str(folder / one) for one in SPEAKING}
    out = run("doctor").out
    assert out.count("names c.Binderclip") == len(SPEAKING)
    assert "is not read here and comes before" in out.replace("\n    ", " ")
    assert "no file was seen" not in out
