"""``c.Binderclip``: what is wrong is told, without secrets, and costs no server its start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.jupyter.rig import notebook, served
from traitlets.config import Config, Configurable

from binderclip.filling import Stated
from binderclip.jupyter.guarding import guard_of
from binderclip.jupyter.settings import Said, said

# Servers and programs that start for each.
pytestmark = pytest.mark.slow


def of(config: dict[str, Any]) -> Said:
    return said(Configurable(config=Config(config)))


def test_what_is_set() -> None:
    values = {"policy": "managed", "hosts": ["https://a.org"], "image": "o/i", "build": "o/r"}
    networks = {"allowed_networks": ["10.2.0.0/16"]}
    found = of({"Binderclip": {**values, "git": True, **networks}, "ServerApp": {"port": 1}})
    stated = Stated(policy="managed", hosts=("https://a.org",), image="o/i", build="o/r", git=True)
    assert found == Said(stated, ("10.2.0.0/16",), ())
    assert of({}) == Said(Stated(), (), ())
    lazy = Config()
    lazy.Binderclip.hosts.append("https://a.org")
    assert said(Configurable(config=lazy)).stated.hosts == ("https://a.org",)


@pytest.mark.parametrize(
    ("key", "value", "remark"),
    [
        ("git", "yes", "found 'yes', expected True or False"),
        ("git", None, "found None, expected True or False"),
        ("policy", 3, "found a number, expected missing, managed or never"),
        ("policy", True, "found a truth value, expected missing, managed or never"),
        ("image", ["s3cret"], "found a list, expected text like 'quay.io/owner/name:tag'"),
        ("build", {"s3cret": 1}, "found a dict, expected text like 'https://github.com/owner/name"),
        ("hosts", {"s3cret"}, "found a set, expected a list of addresses of BinderHubs"),
        ("hosts", ["s3cret", 1], "found a list with a number in it, expected a list of addresses"),
        ("known_hosts", None, "found None, expected a list of addresses of BinderHubs"),
        ("build", object(), "found a object, expected text"),
    ],
)
def test_a_wrong_type(key: str, value: Any, remark: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever set it wanted something else than the default."""
    found = of({"Binderclip": {"allowed_networks": ["10.2.0.0/16"], key: value}})
    assert found.stated == Stated(policy="never")
    assert found.networks == ("10.2.0.0/16",)
    (told,) = found.remarks
    assert told.startswith(f"c.Binderclip.{key}: {remark}")
    assert told.endswith("; nothing is filled in")
    assert "s3cret" not in told
    assert not caplog.records


def test_networks_of_a_wrong_type_allow_none() -> None:
    found = of({"Binderclip": {"allowed_networks": 5, "image": "o/i"}})
    assert (found.stated, found.networks) == (Stated(image="o/i"), ())
    (told,) = found.remarks
    assert told.startswith("c.Binderclip.allowed_networks: found a number, expected a list of netw")


def test_a_network_that_is_none() -> None:
    _, (remark,) = guard_of(["10.2.0.1/16", "10.3.0.0/16"])
    assert remark.startswith("c.Binderclip.allowed_networks: 10.2.0.1/16 has host bits set; ")
    _, (remark,) = guard_of(["\x1b[31m"])
    assert remark.isprintable()
    assert "expected a network like 10.2.0.0/16" in remark


def test_misspelt_settings(caplog: pytest.LogCaptureFixture) -> None:
    found = of(
        {
            "Binderclip": {"host": ["s3cret"], "image": "o/i", "zzz": 1},
            "BinderClip": {"image": "s3cret"},
            "Binderclips": {},
            "BinderHub": {"image": "x"},
            "BinderSpawner": {"x": 1},
        }
    )
    assert found.stated == Stated(image="o/i")
    known = "policy, hosts, image, build, known_hosts, git, allowed_networks"
    assert found.remarks == (
        "c.BinderClip: not known; did you mean c.Binderclip?",
        "c.Binderclip.host: not known; did you mean c.Binderclip.hosts?",
        f"c.Binderclip.zzz: not known; expected one of {known}",
    )
    assert not caplog.records, "traitlets would say it once more"


@pytest.mark.parametrize("section", [5, None, "x", [1]])
def test_no_configuration_stops_a_server(section: Any) -> None:
    config = Config()
    dict.__setitem__(config, "Binderclip", section)
    assert said(Configurable(config=config)).networks == ()


CONFIG = """
c.Binderclip.git = "yes"
c.Binderclip.allowed_networks = ["10.2.0.1/16"]
c.Binderclip.polcy = "never"
c.BinderClip.image = "o/i"
"""


def test_a_server_tells_all_of_it(jupyter_python: Path, tmp_path: Path) -> None:
    misspelt = {"BINDERCLIP_FILL_HOST": "https://a.org"}
    with served(jupyter_python, tmp_path / "root", config=CONFIG, environ=misspelt) as server:
        server.save("a.ipynb", notebook())
        assert "binder" not in server.on_disk("a.ipynb")["metadata"]
        facts = server.ask("GET", "binderclip/api/v1/facts").json()
        assert facts["policy"] == "never"
        expected = "expected a network like 10.2.0.0/16"
        assert facts["remarks"] == [
            "c.BinderClip: not known; did you mean c.Binderclip?",
            "c.Binderclip.polcy: not known; did you mean c.Binderclip.policy?",
            "c.Binderclip.git: found 'yes', expected True or False; nothing is filled in",
            "BINDERCLIP_FILL_HOST is not known; did you mean BINDERCLIP_FILL_HOSTS?",
            f"c.Binderclip.allowed_networks: 10.2.0.1/16 has host bits set; {expected}",
        ]
        assert [one.partition("binderclip: ")[2] for one in server.warnings] == facts["remarks"]
        assert "binderclip: saves carry nothing: the policy is never" in server.log
        assert "not recognized by" not in server.log


def test_a_server_says_what_saves_carry(jupyter_python: Path, tmp_path: Path) -> None:
    told = {
        "BINDERCLIP_FILL_BUILD": "https://github.com/o/r@main",
        "JUPYTER_IMAGE_SPEC": "quay.io/o/i:1",
    }
    config = 'c.Binderclip.hosts = ["https://a.org", "https://b.org"]\n'
    with served(jupyter_python, tmp_path / "root", config=config, environ=told) as server:
        (line,) = [one for one in server.log.splitlines() if "binderclip: " in one]
    assert line.startswith("[I ")
    assert line.endswith(
        "binderclip: saves carry build github.com/o/r at main (BINDERCLIP_FILL_BUILD), "
        "image quay.io/o/i:1 (JUPYTER_IMAGE_SPEC), "
        "host https://a.org https://b.org (c.Binderclip.hosts)"
    )
