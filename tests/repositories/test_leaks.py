"""Nothing of the person whose machine it is reaches a server that a stranger named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.repositories.hostile import plain, small_pack

from binderclip.errors import ResolveError
from binderclip.repositories import git
from binderclip.repositories.git import closed

if TYPE_CHECKING:
    from tests.local.conftest import Origin, Served
    from tests.repositories.conftest import Asking
    from tests.repositories.hostile import Hostile

Serve = Callable[..., AbstractContextManager["Served"]]
SECRET = "secret-word"


@pytest.fixture
def settings(tmp_path: Path, trap: Hostile, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home full of settings that lead git astray and show it secrets, and a way in for each: a
    person's, a desktop's, a system's, a caller's. Whatever of it runs leaves ``asked`` behind.
    """
    home = tmp_path / "home"
    (home / ".config" / "git").mkdir(parents=True)
    helper = home / "helper"
    helper.write_text(f"#!/bin/sh\ntouch {home}/asked\necho username=ada\necho password={SECRET}\n")
    helper.chmod(0o755)
    for host in ("127.0.0.1", "forge.test", "default"):
        word = "default" if host == "default" else f"machine {host}"
        with (home / ".netrc").open("a") as netrc:
            netrc.write(f"{word} login ada password {SECRET}\n")
    (home / ".netrc").chmod(0o600)
    (home / "cookies").write_text(f"127.0.0.1\tFALSE\t/\tFALSE\t0\tname\t{SECRET}\n")
    text = (
        f'[url "{trap.url}/"]\n\tinsteadOf = http://\n'
        f"[credential]\n\thelper = {helper}\n\tusername = {SECRET}\n"
        f"[http]\n\textraHeader = X-Secret: {SECRET}\n\tuserAgent = {SECRET}\n"
        f"\tcookieFile = {home}/cookies\n\tproxy = {trap.url}\n\temptyAuth = true\n"
        f"\tsslCert = {home}/helper\n\tfollowRedirects = true\n"
        f"[core]\n\taskPass = {helper}\n\tsshCommand = {helper}\n\tfsmonitor = {helper}\n"
        f'[protocol]\n\tversion = 0\n[alias]\n\tls-remote = "!{helper}"\n'
    )
    for name in (".gitconfig", ".config/git/config", "system"):
        (home / name).write_text(text)
    around = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_SYSTEM": str(home / "system"),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"X-Secret: {SECRET}",
        "GIT_CONFIG_PARAMETERS": f"'http.extraheader'='X-Secret: {SECRET}'",
        "GIT_HTTP_USER_AGENT": SECRET,
        "GIT_ASKPASS": str(helper),
        "SSH_ASKPASS": str(helper),
        "GIT_SSH_COMMAND": str(helper),
        "GIT_PROXY_COMMAND": str(helper),
        "GIT_TRACE": str(home / "asked"),
        "GIT_TRACE_CURL": str(home / "asked"),
        "GIT_TRACE2": str(home / "asked"),
        "GIT_DIR": str(home),
        "GIT_EXEC_PATH": str(home),
        "GIT_OBJECT_DIRECTORY": str(home / "asked"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(home),
        "GIT_ALLOW_PROTOCOL": "ext:file:http",
    }
    for name, value in around.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GIT_CONFIG_NOSYSTEM", raising=False)
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, trap.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "*")
    return home


def test_settings_and_variables_do_not_count(
    asking: Asking, hostile: Hostile, trap: Hostile, settings: Path
) -> None:
    commit, pack = small_pack()
    hostile.honest(commit, pack)
    for host in ("127.0.0.1", "forge.test"):
        repository = asking.open(f"http://{host}:{hostile.port}/r")
        assert asyncio.run(repository.resolve("main")) == commit
        asyncio.run(repository.fetch(commit))
        assert [entry.path for entry in repository.entries(commit, 10)] == ["a"]
        with repository.tree(commit) as tree:
            assert tree.read("a") == "hello\n"
    assert trap.seen == []
    assert not (settings / "asked").exists()
    assert SECRET not in "".join(hostile.headers)
    assert "Authorization" not in "".join(hostile.headers)


@pytest.mark.parametrize("challenge", ['Basic realm="x"', "Negotiate", "NTLM", "Digest realm=x"])
def test_who_asks_for_a_password_gets_none(
    asking: Asking, hostile: Hostile, settings: Path, challenge: str
) -> None:
    """Nor is a ticket tried, which needs no password: nothing is asked a second time."""
    hostile.answers["info"] = plain(b"", status=401, WWW_Authenticate=challenge)
    with pytest.raises(ResolveError, match="or it is private"):
        asyncio.run(asking.open(f"http://127.0.0.1:{hostile.port}/r").resolve("main"))
    assert len(hostile.seen) == 1
    assert "uthorization" not in "".join(hostile.headers)
    assert not (settings / "asked").exists()


def test_the_whole_environment(settings: Path) -> None:  # noqa: ARG001 - the variables of it
    assert set(closed(None)) - {"LD_LIBRARY_PATH", "TMPDIR"} == {
        "GIT_ALLOW_PROTOCOL",
        "GIT_ATTR_NOSYSTEM",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_LFS_SKIP_SMUDGE",
        "GIT_OPTIONAL_LOCKS",
        "GIT_TERMINAL_PROMPT",
        "HOME",
        "LC_ALL",
        "PATH",
    }
    assert closed(None)["GIT_ALLOW_PROTOCOL"] == "file"
    assert closed("socks5h://x")["GIT_ALLOW_PROTOCOL"] == "http:https"


def test_no_ticket_is_tried_by_newer_gits(tmp_path: Path) -> None:
    """Which try Kerberos before they ask for a password. Here it is what git is told."""
    done = git.run_closed(
        ["config", "--get-all", "http.emptyAuth"],
        tmp_path,
        called=["git"],
        proxy=None,
        max_bytes=100,
    )
    assert asyncio.run(done).stdout == b"false\n"


def test_settings_do_not_count_for_what_is_read(
    asking: Asking,
    origin: Origin,
    serve: Serve,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Nor for a working copy: their filters and hooks would run."""
    commit = origin.commit({"a": "1", ".gitattributes": "* filter=evil\n"})
    home: Path = request.getfixturevalue("settings")
    touch = f"touch {home}/asked; cat"
    with (home / ".gitconfig").open("a") as file:
        file.write(f'[filter "evil"]\n\tsmudge = "{touch}"\n[core]\n\thooksPath = {home}\n')
    with serve(origin.path.parent) as server:
        repository = asking.open(f"{server.url}/origin.git")
        asyncio.run(repository.fetch(commit))
        (tmp_path / "run").mkdir()
        asyncio.run(repository.check_out(commit, tmp_path / "copy", tmp_path / "run"))
    assert (tmp_path / "copy" / "a").read_text() == "1"
    assert not (home / "asked").exists()
