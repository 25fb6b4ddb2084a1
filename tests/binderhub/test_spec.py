"""What a BinderHub is asked for, and what it is not."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from tests.targets.case import IMAGE, files

from binderclip.environment import Environment
from binderclip.guard import OpenGuard
from binderclip.spec.model import Frozen, Reference
from binderclip.targets.binderhub import BinderHubTarget, spec

COMMIT = "0123456789" * 4
BUILD = Reference("https://github.com", "o/r")
PINNED = MappingProxyType({"requirements.txt": "numpy==2.0"})


@pytest.mark.parametrize(
    ("build", "path"),
    [
        (Reference("https://github.com", "o/r"), "build/gh/o/r/HEAD"),
        (Reference("https://github.com", "o/r.git", "a/b"), "build/gh/o/r/a/b"),
        (Reference("https://github.com", "o/r", "main", COMMIT), f"build/gh/o/r/{COMMIT}"),
        (Reference("https://github.com", "o/r", "a#b&c"), "build/gh/o/r/a%23b%26c"),
        (Reference("https://gitlab.com", "group/sub/p", "main"), "build/gl/group%2Fsub%2Fp/main"),
        (Reference("https://gist.github.com", "u/0a1b"), "build/gist/u/0a1b/HEAD"),
        (
            Reference("https://git.example.org:8443", "a/b.git", "x/y"),
            "build/git/https%3A%2F%2Fgit.example.org%3A8443%2Fa%2Fb.git/x/y",
        ),
        (
            Reference("http://127.0.0.1:8000", "r.git"),
            "build/git/http%3A%2F%2F127.0.0.1%3A8000%2Fr.git/HEAD",
        ),
        (
            Reference("https://doi.org", "10.5281/zenodo.3242074"),
            "build/zenodo/10.5281/zenodo.3242074",
        ),
        (
            Reference("https://doi.org", "10.6084/m9.figshare.9782777.v1"),
            "build/figshare/10.6084/m9.figshare.9782777.v1",
        ),
        (Reference("https://doi.org", "10.7910/DVN/TJCLKP"), "build/dataverse/10.7910/DVN/TJCLKP"),
        (
            Reference("https://doi.org", "10.1002/(SICI)1097<1::AID?#>3.0"),
            "build/dataverse/10.1002/(SICI)1097%3C1::AID%3F%23%3E3.0",
        ),
        (
            Reference("https://www.hydroshare.org", "resource/8f7c2f0341ef4180b0dbe97f59130756"),
            "build/hydroshare/8f7c2f0341ef4180b0dbe97f59130756",
        ),
        (
            Reference("https://demo.ckan.org", "dataset/name"),
            "build/ckan/https%3A%2F%2Fdemo.ckan.org%2Fdataset%2Fname",
        ),
    ],
)
def test_providers_and_specs(build: Reference, path: str) -> None:
    assert spec.build_path(build) == path


@pytest.mark.parametrize(
    ("env", "words"),
    [
        (Environment(), "names none: run it with --on local"),
        (Environment(image=IMAGE), "names an image alone: name the repository"),
        (files(requirements_txt="numpy"), "brings files of its own (requirements.txt)"),
        (
            Environment(build=BUILD, files=MappingProxyType({"b": "", "a": "", "c": ""})),
            "files of its own over its repository (a and 2 more): run it with --on local",
        ),
        (
            Environment(image=IMAGE, files=MappingProxyType({"apt.txt": "gcc"})),
            "files of its own (apt.txt)",
        ),
        (
            Environment(build=BUILD, frozen=Frozen(platform="linux-64", files=PINNED)),
            "files that were pinned for it (requirements.txt)",
        ),
        (Environment(build=BUILD, frozen=Frozen(files=PINNED)), "drop them with --latest"),
        (Environment(frozen=Frozen(files=PINNED)), "pinned for it"),
        (
            Environment(frozen=Frozen(platform="osx-arm64", files=PINNED)),
            "names none: run it with --on local",
        ),
        (Environment(build=Reference("file:///home/ada", "r")), "this is a folder of this machine"),
        (Environment(build=Reference("ssh://git@h.org", "o/r")), "this is one behind ssh"),
        (Environment(build=Reference("git@h.org:", "o/r")), "this is no web address"),
        (
            Environment(build=Reference("https://ada:secret@h.org", "o/r")),
            "holds a password or token",
        ),
    ],
)
def test_refusals_say_what_to_do(env: Environment, words: str) -> None:
    reason = BinderHubTarget(["https://hub.example.org"], guard=OpenGuard()).refusal(env)
    assert reason is not None
    assert words in reason
    assert "--on local" in reason or "--build" in reason
    assert "secret" not in reason


@pytest.mark.parametrize(
    ("env", "remark"),
    [
        (Environment(build=BUILD), ()),
        (Environment(build=BUILD, frozen=Frozen(at="2026-11-22T20:00:00Z")), ()),
        (Environment(build=BUILD, image=IMAGE), ("image", "set aside for its repository")),
        (
            Environment(build=BUILD, frozen=Frozen(platform="osx-arm64", files=PINNED)),
            ("frozen", "for osx-arm64, and hubs run Linux"),
        ),
    ],
)
def test_what_is_set_aside_is_said(env: Environment, remark: tuple[str, ...]) -> None:
    assert spec.refusal(env) is None
    said = spec.remarks(env)
    assert bool(said) is bool(remark)
    for words in remark:
        assert words in said[0]


def test_without_a_hub_everything_is_refused() -> None:
    assert "no BinderHub is named" in str(
        BinderHubTarget([], guard=OpenGuard()).refusal(Environment(build=BUILD))
    )
