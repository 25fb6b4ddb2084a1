"""``binderclip share`` against a gateway on loopback."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.cli.conftest import COMMAND, Done, Run, run
from tests.gateway.rig import running, settings_for

from binderclip.gateway.settings.model import ShareSettings
from binderclip.outputs import cells_with_outputs, without_outputs

__all__ = ["run"]

CODE = {
    "cell_type": "code",
    "execution_count": 3,
    "id": "a",
    "metadata": {"execution": {"iopub.status.busy": "2026-01-01T00:00:00Z"}, "tags": ["x"]},
    "outputs": [{"name": "stdout", "output_type": "stream", "text": ["secret of mine\n"]}],
    "source": ["print(1)"],
}
BODY: dict[str, Any] = {
    "cells": [CODE, {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "# Title"}],
    "metadata": {"widgets": {"application/vnd.jupyter.widget-state+json": {}}, "kernelspec": {}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture(autouse=True)
def _loopback_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    sharing = ShareSettings(url=f"file://{folder}/shared", per_client="500/day")
    with running(settings_for(folder, share=sharing, public_url="http://x/behind/")) as url:
        yield url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """No other test shares the same bytes."""
    path = tmp_path / "analysis.ipynb"
    path.write_text(json.dumps({**BODY, "metadata": {**BODY["metadata"], "of": str(tmp_path)}}))
    return path


def get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False)


def said(done: Done) -> str:
    assert done.code == 0, done.err
    return done.out


def test_there_and_back(run: Run, gateway: str, file: Path, tmp_path: Path) -> None:
    done = run("share", file, "--on", gateway, "--yes", "--json")
    assert done.code == 0, done.err
    answer = done.answer
    assert get(answer["url"]).content == file.read_bytes()
    assert answer["on"] == gateway
    assert answer["launch"].startswith(f"{gateway}v2/notebook?url=")
    assert "the outputs of 1 cell go with it" in done.err

    listed = run("share", "--list", "--json").answer["shared"]
    assert [one["url"] for one in listed] == [answer["url"]]
    assert answer["delete"] not in str(listed)
    shown = run("share", "--list")
    assert "analysis.ipynb" in said(shown)
    kept = list((tmp_path / ".state" / "shared").iterdir())
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]

    assert "deleted" in said(run("share", "--delete", answer["url"]))
    assert get(answer["url"]).status_code == 404
    assert run("share", "--list", "--json").answer == {"shared": []}


def test_what_is_printed_for_people_has_no_token(run: Run, gateway: str, file: Path) -> None:
    done = run("share", file, "--on", gateway, "--yes", "--days", "2")
    token = json.loads(next(Path(".state/shared").iterdir()).read_bytes())["deletion"]
    assert "/shared/" in said(done)
    assert token not in done.out + done.err
    url = next(word for word in done.out.split() if word.endswith(".ipynb") and "://" in word)
    said(run("share", "--delete", url))


def test_outputs_are_left_out(run: Run, gateway: str, file: Path) -> None:
    done = run("share", file, "--on", gateway, "--yes", "--strip-outputs", "--json")
    found = get(done.answer["url"])
    assert b"secret of mine" not in found.content
    assert found.json()["cells"][0]["source"] == ["print(1)"]
    assert b"secret of mine" in file.read_bytes(), "the file itself stays as it is"
    said(run("share", "--delete", done.answer["url"]))


def test_nobody_said_yes(run: Run, gateway: str, file: Path) -> None:
    done = run("share", file, "--on", gateway)
    assert done.code == 22
    assert "everybody who has its address" in done.err
    assert "stays        30 days" in done.err
    assert "the outputs of 1 cell go with it" in done.err
    assert "--yes" in done.err


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 22)])
def test_on_a_terminal_it_asks(gateway: str, file: Path, answer: str, code: int) -> None:
    """A person reads what is sent where, for how long, and says yes or no."""
    own, theirs = pty.openpty()
    environ = {**os.environ, "BINDERCLIP_STATE": str(file.parent / "state"), "NO_COLOR": "1"}
    with subprocess.Popen(
        [str(COMMAND), "share", str(file), "--on", gateway, "--days", "3"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        text=True,
    ) as asked:
        os.write(own, f"{answer}\n".encode())
        out, err = asked.communicate(timeout=60)
    os.close(own)
    os.close(theirs)
    assert asked.returncode == code, err
    assert "analysis.ipynb is to be shared" in err
    assert "3 days" in err
    assert ("/shared/" in out) is (code == 0)


def test_a_gateway_that_keeps_none(run: Run, file: Path, tmp_path: Path) -> None:
    with running(settings_for(tmp_path)) as url:
        done = run("share", file, "--on", url, "--yes")
    assert done.code == 21
    assert "keeps no notebooks" in done.err


def test_what_is_no_gateway(run: Run, file: Path) -> None:
    done = run("share", file, "--on", "http://127.0.0.1:9", "--yes")
    assert done.code == 25
    assert not Path(".state/shared").exists()


def test_the_gateway_of_the_configuration(
    run: Run, gateway: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINDERCLIP_CONFIG", str(tmp_path / "config"))
    assert run("share", file, "--yes").code == 2
    (tmp_path / "config").mkdir()
    config = tmp_path / "config" / "config.toml"
    config.write_text(f'[hubs.ours]\nurl = "{gateway}"\nkind = "gateway"\n')
    for words in ((), ("--on", "ours")):
        done = run("share", file, *words, "--yes", "--json")
        assert done.code == 0, done.err
        assert run("share", "--delete", done.answer["url"], "--json").answer["deleted"]
    config.write_text(f'{config.read_text()}\n[hubs.b]\nurl = "http://b.org"\nkind = "gateway"\n')
    done = run("share", file, "--yes")
    assert done.code == 2
    assert "has 2 gateways" in done.err


def test_limits_are_told(run: Run, gateway: str, file: Path) -> None:
    done = run("share", file, "--on", gateway, "--yes", "--days", "400")
    assert done.code == 20
    assert "up to 30" in done.err


@pytest.mark.parametrize(
    "words",
    [(), ("a.ipynb", "--list"), ("--list", "--delete", "x"), ("--delete", "https://x.org/")],
)
def test_wrong_usage(run: Run, words: tuple[str, ...]) -> None:
    assert run("share", *words).code == 2


def test_one_that_is_gone_already(run: Run, gateway: str, file: Path) -> None:
    answer = run("share", file, "--on", gateway, "--yes", "--json").answer
    headers = {"Authorization": f"Bearer {answer['delete']}"}
    assert httpx.delete(answer["url"], headers=headers, trust_env=False).json() == {"there": False}
    assert "had gone before" in said(run("share", "--delete", answer["url"]))
    done = run("share", "--delete", answer["url"])
    assert done.code == 2
    assert "no token" in done.err


def test_all_of_ones_own_shares_are_taken_back(run: Run, gateway: str, file: Path) -> None:
    words = ("share", file, "--on", gateway, "--yes", "--json")
    one, two = run(*words).answer, run(*words).answer
    assert (one["url"], one["delete"]) != (two["url"], two["delete"])
    assert "✓" in said(run("share", "--delete", one["url"]))
    assert get(one["url"]).status_code == 404
    assert run("share", "--list", "--json").answer == {"shared": []}


def test_what_others_share_too_stays(run: Run, gateway: str, file: Path) -> None:
    headers = {"Content-Type": "application/x-ipynb+json"}
    for as_json in (False, True):
        url = run("share", file, "--on", gateway, "--yes", "--json").answer["url"]
        others = httpx.post(
            f"{gateway}share", content=file.read_bytes(), headers=headers, trust_env=False
        ).json()
        done = run("share", "--delete", url, *(["--json"] if as_json else []))
        if as_json:
            there = {"there": True, "until": others["expires"]}
            assert done.answer == {"url": url, "deleted": True, **there}
        else:
            assert f"your share is gone; it stays until {others['expires']}" in said(done)
        assert get(url).status_code == 200
        token = {"Authorization": f"Bearer {others['delete']}"}
        assert httpx.delete(url, headers=token, trust_env=False).status_code == 200


def test_without_outputs_only_outputs_are_gone() -> None:
    data = json.dumps(BODY).encode()
    assert cells_with_outputs(data) == 1
    bare = without_outputs(data)
    assert cells_with_outputs(bare) == 0
    cell = json.loads(bare)["cells"][0]
    assert cell == {**CODE, "outputs": [], "execution_count": None, "metadata": {"tags": ["x"]}}
    assert json.loads(bare)["metadata"] == {"kernelspec": {}}
    assert without_outputs(bare) == bare


def test_format_3_and_halves_of_surrogates() -> None:
    cell = {"cell_type": "code", "input": "\ud800", "outputs": [{}], "prompt_number": 2}
    body = {"nbformat": 3, "worksheets": [{"cells": [cell]}], "metadata": {}}
    bare = json.loads(without_outputs(json.dumps(body).encode()))
    found = bare["worksheets"][0]["cells"][0]
    assert found == {"cell_type": "code", "input": "\ud800", "outputs": []}
