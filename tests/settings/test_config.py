"""``config.toml`` and its variables: what is right is read, what is wrong is named."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from binderclip.config import Config, HubEntry, base, load
from binderclip.errors import ConfigError, SourceError
from binderclip.folders import config_folder

Write: TypeAlias = Callable[..., Path]

FULL = """
hosts = ["https://MyBinder.org", "https://mybinder.org/", "http://[::1]:8080/binder"]
on = "pangeo"

[hubs.pangeo]
url = "https://hub.example.org/jupyter"
kind = "jupyterhub"
server = "binderclip"
options = { profile = "small", cpus = [1, 2.5, true] }
token_env = "PANGEO_TOKEN"

[hubs.lab]
url = "http://localhost:8888"
token_file = "secret/lab"

[hubs."https://binder.example.org"]
token = "s3cret"
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the file, for its owner alone."""

    def make(text: str | bytes, mode: int = 0o600) -> Path:
        file = tmp_path / "config.toml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(mode)
        return tmp_path

    return make


def refused(folder: Path, environ: Mapping[str, str] | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(folder, environ or {})
    return caught.value


def test_without_a_file(tmp_path: Path) -> None:
    assert load(tmp_path, {}) == Config()
    assert load(tmp_path / "none", {}) == Config(hosts=(), on="local", hubs={})


def test_every_key(write: Write) -> None:
    folder = write(FULL)
    config = load(folder, {})
    assert config.hosts == ("https://mybinder.org/", "http://[::1]:8080/binder/")
    assert config.on == "pangeo"
    assert config.hubs == {
        "pangeo": HubEntry(
            "https://hub.example.org/jupyter/",
            "jupyterhub",
            "binderclip",
            {"profile": "small", "cpus": [1, 2.5, True]},
            token_env="PANGEO_TOKEN",
        ),
        "lab": HubEntry("http://localhost:8888/", token_file=folder / "secret/lab"),
        "https://binder.example.org": HubEntry("https://binder.example.org/", token="s3cret"),
    }
    assert "s3cret" not in repr(config)


def test_whether_links_may_open_there(write: Write) -> None:
    hubs = load(
        write('[hubs.a]\nurl = "https://a"\nopen = true\n[hubs.b]\nurl = "https://b"'), {}
    ).hubs
    assert (hubs["a"].open, hubs["b"].open) == (True, False)


def test_a_home_in_a_path(write: Write) -> None:
    config = load(write('[hubs.a]\nurl = "https://h"\ntoken_file = "~/t"'), {})
    assert config.hubs["a"].token_file == Path.home() / "t"


def test_a_hub_by_name_or_address(write: Write) -> None:
    config = load(write(FULL + '[hubs.deep]\nurl = "https://hub.example.org/jupyter/deep"'), {})
    assert config.hub("lab") is config.hubs["lab"]
    assert config.hub("https://HUB.example.org/jupyter/hub/home?x=1") is config.hubs["pangeo"]
    assert config.hub("https://hub.example.org/jupyter/deep/x") is config.hubs["deep"]
    for stranger in (
        "http://hub.example.org/jupyter/",
        "https://hub.example.org/jupyterish/",
        "https://hub.example.org:8443/jupyter/",
        "https://hub.example.org.evil.example/jupyter/",
        "https://hub.example.org/",
        "nobody",
    ):
        assert config.hub(stranger) is None, stranger


def test_variables_stand_over_the_file(write: Write) -> None:
    folder = write(FULL)
    environ = {"BINDERCLIP_HOSTS": "https://a.example.org  https://b.example.org/x"}
    config = load(folder, environ)
    assert config.hosts == ("https://a.example.org/", "https://b.example.org/x/")
    assert config.on == "pangeo"
    assert load(folder, {"BINDERCLIP_ON": "lab"}).on == "lab"
    assert load(folder, {"BINDERCLIP_ON": "auto", "BINDERCLIP_HOSTS": ""}).on == "auto"
    assert load(folder, {"BINDERCLIP_ON": "http://localhost:8000"}).on == "http://localhost:8000"


def test_variables_at_fault(tmp_path: Path) -> None:
    environ = {"BINDERCLIP_HOSTS": "https://a.org mybinder.org ftp://x", "BINDERCLIP_ON": "lokal"}
    told = str(refused(tmp_path, environ))
    assert "BINDERCLIP_HOSTS[1]: found mybinder.org" in told
    assert "did you mean 'https://mybinder.org'?" in told
    assert "BINDERCLIP_HOSTS[2]: found ftp://x" in told
    assert "BINDERCLIP_ON: found 'lokal'" in told
    assert "did you mean 'local'?" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("host = []", ("host: found an unknown key", "did you mean 'hosts'?")),
        ('profile = "x"', ("profile: found an unknown key", "'options'")),
        ('hosts = "https://a.org"', ("hosts: found 'https://a.org'", "did you mean ['https")),
        ("hosts = [1]", ("hosts[0]: found 1",)),
        ('hosts = [""]', ("hosts[0]: found an empty string",)),
        ('hosts = ["https://a.org/?x=1"]', ("did you mean 'https://a.org/'?",)),
        ("on = true", ("on: found true, expected auto, local",)),
        ('on = "hub.example.org"', ("on: ", "did you mean 'https://hub.example.org'?")),
        ("on = 2026-01-01", ("on: found a date",)),
        ("hubs = 1", ("hubs: found 1, expected a table",)),
        ('[hubs]\na = "https://a.org"', ("hubs.a: ", "{ url = 'https://a.org' }")),
        ("[hubs.a]", ("hubs.a.url: found nothing",)),
        ("[hubs.local]\nurl='https://a.org'", ("hubs.local: found the name 'local'",)),
        ("[hubs.'--x']\nurl='https://a.org'", ("found the name '--x'",)),
        ("[hubs.a]\nurl='hub.org'", ("hubs.a.url: found hub.org", "'https://hub.org'")),
        ("[hubs.a]\nurl='ftp://hub.org'", ("hubs.a.url: found ftp://hub.org",)),
        ("[hubs.'https://a.org']\nurl='https://a.org'", ("hubs['https://a.org'].url",)),
        ("[hubs.a]\nurl='https://a.org'\nkind='binder'", ("kind: ", "did you mean 'binderhub'?")),
        ("[hubs.a]\nurl='https://a.org'\nkind='x'", ("leave it out",)),
        (
            "[hubs.a]\nurl='https://a.org'\nopen='True'",
            ("hubs.a.open: found 'True', expected true or false", "did you mean open = true?"),
        ),
        (
            "[hubs.a]\nurl='https://a.org'\nopen=1",
            ("hubs.a.open: found 1, expected true or false",),
        ),
        ("[hubs.a]\nurl='https://a.org'\nopens=true", ("did you mean 'open'?",)),
        ("[hubs.a]\nurl='https://a.org'\nsrever='x'", ("hubs.a.srever", "'server'")),
        ("[hubs.a]\nurl='https://a.org'\nserver=''", ("hubs.a.server: found ''",)),
        ("[hubs.a]\nurl='https://a.org'\noptions='x'", ("hubs.a.options: found 'x'",)),
        ("[hubs.a]\nurl='https://a.org'\noptions={x={y=inf}}", ("hubs.a.options.x.y: found inf",)),
        ("[hubs.a]\nurl='https://a.org'\noptions={x=00:00:00}", ("options.x: found a time",)),
        ("[hubs.a]\nurl='https://a.org'\ntoken_file='~nobody-here/x'", ("hubs.a.token_file",)),
        ("[hubs.a]\nurl='https://a.org'\ntoken=''", ("hubs.a.token: found",)),
        (
            "[hubs.a]\nurl='https://a.org'\ntoken='x'\ntoken_env='X'",
            ("hubs.a: found token and token_env, expected one of them",),
        ),
        ("on = local", ("cannot be read as TOML", "line 1")),
        (b'on = "\xff"', ("not UTF-8",)),
        (b"#" * (1 << 21), ("more than 1048576 bytes",)),
        ("x = " + "[" * 5000, ("cannot be read as TOML",)),
    ],
)
def test_what_is_wrong_is_named(text: str | bytes, words: tuple[str, ...], write: Write) -> None:
    error = refused(write(text))
    assert "config.toml" in error.message
    for word in words:
        assert word in error.message, error.message


def test_every_fault_at_once(write: Write) -> None:
    told = refused(write('on = 1\nhosts = 2\n[hubs.a]\nkind = "x"\nurll = ""')).message
    assert told.count("\n  ") == 5
    assert [path in told for path in ("on:", "hosts:", "hubs.a.kind:", "hubs.a.url:")] == [True] * 4


@pytest.mark.parametrize(
    "text",
    [
        "[hubs.a]\nurl='https://ada:s3cret@a.org'",
        "[hubs.a]\nurl='https://a.org/?token=s3cret'",
        "[hubs.a]\nurl='https://a.org'\ntoken='s3cret s3cret'",
        "[hubs.a]\nurl='https://a.org'\ntoken=['s3cret']",
        "[hubs.a]\nurl='https://a.org'\ntoken_env='s3cret-s3cret'",
        "[hubs.a]\nurl='https://a.org'\ntoken=s3cret",
        "hosts = ['https://ada:s3cret@a.org']",
        "on = 'https://ada:s3cret@a.org'",
    ],
)
def test_no_message_shows_a_token(text: str, write: Write) -> None:
    error = refused(write(text))
    assert "s3cret" not in f"{error.message}{error.hint}"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_token_that_others_may_read(mode: int, write: Write) -> None:
    error = refused(write("[hubs.a]\nurl='https://a.org'\ntoken='s3cret'", mode))
    assert "others may read" in error.message
    assert f"chmod 600 {write('', mode) / 'config.toml'}" in str(error.hint)
    assert "s3cret" not in error.message


def test_without_a_token_others_may_read(write: Write) -> None:
    assert load(write("on = 'auto'", 0o644), {}).on == "auto"


def test_a_link_is_followed(write: Write, tmp_path: Path) -> None:
    folder = write("on = 'auto'")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.toml").symlink_to(folder / "config.toml")
    assert load(tmp_path / "other", {}).on == "auto"


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    assert "cannot be read" in refused(tmp_path).message
    (tmp_path / "config.toml").rmdir()
    os.mkfifo(tmp_path / "config.toml")
    assert load(tmp_path, {}) == Config()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(write: Write) -> None:
    assert "cannot be read" in refused(write("", 0)).message


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("HTTPS://Hub.Example.ORG:443", "https://hub.example.org/"),
        ("https://hub.example.org/a//", "https://hub.example.org/a/"),
        ("https://hub.example.org/a/../b", "https://hub.example.org/b/"),
        ("https://büro.example/x", "https://xn--bro-hoa.example/x/"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/"),
    ],
)
def test_addresses_in_one_form(given: str, found: str) -> None:
    assert base(given) == found
    assert base(found) == found


@pytest.mark.parametrize(
    "given", ["hub", "https://", "https://u@h/", "https://h/?q=1", "https://h/#f"]
)
def test_what_is_no_address_of_a_hub(given: str) -> None:
    with pytest.raises(SourceError):
        base(given)


def test_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINDERCLIP_CONFIG", str(tmp_path))
    assert config_folder() == tmp_path
    monkeypatch.delenv("BINDERCLIP_CONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert config_folder().is_relative_to(tmp_path)
    assert config_folder().name == "binderclip"


def test_nothing_is_imported_without_a_file(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom binderclip.config import load\nload()\n"
        "print([m for m in ('tomllib', 'platformdirs', 'difflib', 'binderclip.config.parse')"
        " if m in sys.modules])"
    )
    env = {**os.environ, "BINDERCLIP_CONFIG": str(tmp_path)}
    env.pop("BINDERCLIP_ON", None)
    env.pop("BINDERCLIP_HOSTS", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
