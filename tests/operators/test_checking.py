"""A keyword that is wrong is named, with what was found and what is expected."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import binderclip.hub
from binderclip.errors import ConfigError
from binderclip.filling.strange import KNOWN
from binderclip.hub.variables import Told

ENV = "https://github.com/o/env@main"
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no repository": ({"build": "not a repo"}, "build: found 'not a repo', expected a repository"),
    "ssh": ({"build": "git@github.com:o/r"}, "build: found an address for ssh"),
    "a page": ({"build": "https://github.com/o/r/blob/main/a.py"}, "a file's address"),
    "two refs": ({"build": "https://github.com/o/r/tree/main@dev"}, "build: found two refs"),
    "a list": ({"build": [ENV]}, "build: found a list of 1, expected a repository"),
    "no word": ({"build": None}, "build: found null, expected a repository"),
    "no image": ({"image": "Quay.io/O/Env"}, "image: found 'Quay.io/O/Env', expected an image"),
    "a tag": ({"image": "quay.io/o/e:a b"}, "image: found the tag 'a b'"),
    "a class": ({"image": object()}, "image: found a object, expected an image"),
    "one host": ({"hosts": "https://b.example.org"}, "write hosts=['https://b.example.org']"),
    "no address": ({"hosts": ["b.example.org"]}, "hosts[0]: found 'b.example.org', expected the"),
    "a number": ({"known_hosts": [1]}, "known_hosts[0]: found 1, expected the address"),
    "a dict": ({"hosts": {}}, "hosts: found an empty object, expected a list"),
    "too many": ({"hosts": ["https://b.example.org"] * 17}, "hosts: found 17 addresses"),
    "spaces": ({"hosts": ["https://a.org https://b.org"]}, "hosts[0]: found 'https://a.org h"),
    "no hub": ({"hub": "hub.example.org"}, "hub: found 'hub.example.org', expected the public"),
    "its path": ({"hub": "https://a.org/p/hub/"}, "without 'hub': 'https://a.org/p/'"),
    "a page of it": ({"hub": "https://a.org/?x=1"}, "hub: found 'https://a.org/?…'"),
    "policy": (
        {"policy": "mangaed"},
        "policy: found 'mangaed', expected missing, managed or never",
    ),
    "near": ({"policy": "mangaed"}, "did you mean 'managed'?"),
    "its case": ({"policy": "Never"}, "did you mean 'never'?"),
    "long": ({"policy": "x" * 99}, f"policy: found '{'x' * 40}…', expected"),
    "a launch link": (
        {"hosts": ["https://mybinder.org/v2/gh/o/r"]},
        "of a BinderHub like 'https://mybinder.org' (did you mean 'https://mybinder.org'?)",
    ),
    "a known one": ({"known_hosts": ["https://a.org/b/v2/gh/o/r"]}, "mean 'https://a.org/b'?"),
    "pasted": (
        {"hosts": ["https://mybinder.org/v2/gh/o/r"]},
        "hosts[0]: found the launch link 'https://mybinder.org/v2/gh/o/r', expected the address",
    ),
    "this machine": ({"hosts": ["http://127.1:8585"]}, "an address of this machine itself"),
    "its name": ({"hosts": ["http://localhost"]}, "hosts[0]: found 'http://localhost', an address"),
    "an id": ({"image": f"sha256:{'0' * 64}"}, "the id of an image on this machine, not a name"),
    "a registry": ({"image": "localhost:5000/o/x"}, "in a registry of this machine, expected an"),
    "a short one": (
        {"image": "127.1:5000/x"},
        "image: found '127.1:5000/x', in a registry of this",
    ),
    "hexadecimal": ({"image": "0x7f.1/o/x"}, "in a registry of this machine"),
    "IPv6": ({"image": "[::1]:5000/o/x"}, "in a registry of this machine"),
    "no owner": ({"image": "singleuser:5"}, "docker.io/library/singleuser:5 is the one of Docker"),
    "unknown": ({"biuld": ENV}, "biuld: found an unknown keyword, expected build, builds, image,"),
    "misspelt": ({"biuld": ENV}, "(did you mean 'build'?)"),
    "two of them": ({"biuld": ENV, "Ümläut\n": 1}, "\\n: found an unknown keyword, expected build"),
    "yes": ({"policy": True}, "policy: found true, expected missing, managed or never"),
    "builds": ({"builds": [ENV]}, "builds: found a list of 1, expected a dict such as {"),
    "its key": ({"builds": {"a b": ENV}}, "builds['a b']: found 'a b', expected an image"),
    "its value": ({"builds": {"o/i": "x y"}}, "builds['o/i']: found 'x y', expected a repository"),
    "its kind": ({"builds": {1: ENV}}, "builds[1]: found 1, expected an image"),
    "empty": ({"builds": {"o/i": ""}}, "builds['o/i']: found '', expected an image"),
    "twice": (
        {"builds": {"o/i": ENV, "docker.io/o/i:latest": ENV}},
        "builds['docker.io/o/i:latest']: found 'docker.io/o/i:latest', expected each image once",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_named(name: str) -> None:
    said, message = WRONG[name]
    with pytest.raises(ConfigError) as caught:
        binderclip.hub.configure(**said)
    assert str(caught.value).startswith("binderclip.hub.configure: ")
    assert message in str(caught.value)


def test_all_of_it_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        binderclip.hub.configure(build="a b", policy="x", hosts=["y"])
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize("key", ["build", "image", "hub"])
def test_no_secret_is_shown(key: str) -> None:
    said: dict[str, Any] = {key: "https://ada:s3cret@example.org/o/r"}
    with pytest.raises(ConfigError) as caught:
        binderclip.hub.configure(**said)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        binderclip.hub.configure(hosts=["https://ada:s3cret@example.org"])
    assert "s3cret" not in str(caught.value)


def test_it_belongs_in_a_hub() -> None:
    """There is none in this Python."""
    with pytest.raises(ConfigError, match="found no JupyterHub in this Python") as caught:
        binderclip.hub.configure(build=ENV)
    assert caught.value.hint is not None
    assert "jupyterhub_config.py" in caught.value.hint


def test_a_hub_pays_little_for_it() -> None:
    """The standard library and what parses addresses: a hub's image may have other versions of
    anything heavier.
    """
    code = (
        "import sys, binderclip.hub; print(*sorted({n.partition('.')[0] for n in sys.modules"
        " if getattr(sys.modules[n], '__file__', None) and 'site-packages' in"
        " sys.modules[n].__file__}))"
    )
    out = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)
    loaded = set(out.stdout.decode().split())
    assert not loaded & {"httpx", "msgspec", "jupyter_server", "nbformat", "yaml", "traitlets"}


def test_what_a_hub_hands_on_is_known_to_its_servers() -> None:
    told = Told(build="b", image="i", hosts=("h",), hub="u", policy="p", known_hosts=("k",))
    assert set(told.variables(image="", usual="", public="")) <= set(KNOWN)
