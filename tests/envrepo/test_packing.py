"""What of an environment is packed, and that it is always the same."""

from __future__ import annotations

import asyncio
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.envrepo.conftest import DIGEST, sound

from binderclip import spec
from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.envrepo import Limits, NetworkSources, Packed, needs_none, pack, part
from binderclip.errors import Refused, ResolveError, TooLarge
from binderclip.guard import OpenGuard
from binderclip.spec.model import Frozen, Reference

if TYPE_CHECKING:
    from tests.envrepo.conftest import Known
    from tests.registries.rig import Registry

    from binderclip.repositories import Repository

Pack: TypeAlias = Callable[..., Packed]

CASES = tomllib.loads(Path(__file__).with_name("golden.toml").read_text("utf-8"))["case"]
IMAGE = Reference("https://quay.io", "o/image", "1")
BUILD = Reference("https://github.com", "o/r", "main")
REQUIREMENTS = {"requirements.txt": "numpy\n"}


def of(value: Any) -> Environment:
    binder = spec.read(value).binder
    assert binder is not None
    return Environment.of(binder)


def contents(found: Packed) -> Mapping[str, str]:
    return {file.path: file.content.decode() for file in found.files}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_same_for_ever(case: dict[str, Any], packed: Pack, tmp_path: Path) -> None:
    found = packed(of(case["binder"]))
    assert found.commit == case["commit"]
    assert found.remarks == ()
    sound(found, tmp_path / "sound")


def test_however_it_is_written(packed: Pack) -> None:
    one = of({"version": 1, "files": {"apt.txt": ["a\n", "b"], "requirements.txt": "x\ny\n"}})
    other = of({"files": {"requirements.txt": ["x\n", "y\n"], "apt.txt": "a\nb"}, "version": 1})
    assert one != other
    assert one.key == other.key
    assert packed(one).commit == packed(other).commit
    digest = f"sha256:{'1' * 64}"
    image = {"host": "https://quay.io", "path": "o/i", "ref": "1", "hash": digest}
    newer = of({"version": 1, "image": image, "host": "https://a.example.org", "auto": True})
    older = of({"version": 0, "binder": "https://b.example.org", "image": image})
    other = of({"version": 1, "image": {**image, "ref": "2", "host": "https://quay.io/"}})
    found = [packed(env) for env in (newer, older, other)]
    assert len({one.commit for one in found}) == len({one.key for one in found}) == 1


def test_an_image_comes_first_and_by_its_digest(packed: Pack, sources: Known) -> None:
    env = Environment(image=IMAGE, build=BUILD, files=REQUIREMENTS)
    found = packed(env)
    assert contents(found) == {"Dockerfile": f"FROM quay.io/o/image@{DIGEST}\n"}
    assert sources.digests == [("1", "linux-64")]
    assert found.environment == Environment(image=replace(IMAGE, hash=DIGEST))
    assert found.buildpack == "docker"


def test_unless_the_repository_is_preferred() -> None:
    env = Environment(image=IMAGE, build=BUILD)
    assert part(env, prefer="build") == Environment(build=BUILD)
    assert part(Environment(image=IMAGE), prefer="build") == Environment(image=IMAGE)
    assert part(replace(env, files=REQUIREMENTS), prefer="build").files == REQUIREMENTS


def test_a_repository_alone_needs_no_other(packed: Pack) -> None:
    env = Environment(build=BUILD)
    assert needs_none(part(env))
    with pytest.raises(Refused, match="a repository already"):
        packed(env)
    away = Frozen(platform="osx-arm64", files=REQUIREMENTS)
    assert needs_none(part(replace(env, frozen=away)))
    assert not needs_none(part(replace(env, frozen=replace(away, platform="linux-64"))))


def test_nothing_named(packed: Pack) -> None:
    with pytest.raises(Refused, match="names no environment"):
        packed(Environment())
    away = Frozen(platform="osx-arm64", files=REQUIREMENTS)
    with pytest.raises(Refused, match="names no environment for linux-64"):
        packed(Environment(frozen=away))
    found = packed(Environment(image=IMAGE, frozen=away), prefer="build")
    assert set(contents(found)) == {"Dockerfile"}


def test_what_was_frozen_counts_on_its_platform_alone(packed: Pack) -> None:
    frozen = Frozen(platform="linux-aarch64", files={"requirements.txt": "numpy==2\n"})
    env = Environment(files=REQUIREMENTS, frozen=frozen)
    other = packed(env)
    assert contents(other) == REQUIREMENTS
    assert "pinned for linux-aarch64, not for linux-64" in other.remarks[0]
    # The key tells the commit: it is that of what is in it.
    assert other.key == Environment(files=REQUIREMENTS).key != env.key
    own = packed(env, platform="linux-aarch64")
    assert contents(own) == {"requirements.txt": "numpy==2\n"}
    assert own.key == env.key
    anywhere = packed(replace(env, frozen=replace(frozen, platform=None)))
    assert anywhere.commit == own.commit


def test_scripts_are_executable_and_nothing_else(packed: Pack) -> None:
    names = ("postBuild", "start", "sub/postBuild", "run.sh", "requirements.txt")
    found = packed(Environment(files=dict.fromkeys(names, "#!/bin/sh\n")))
    assert {file.path for file in found.files if file.executable} == {"postBuild", "start"}


def test_what_surprises_is_told(packed: Pack) -> None:
    (said,) = packed(Environment(files={"README.md": "x"})).remarks
    assert "names nothing to install" in said
    (said,) = packed(Environment(files={"runtime.txt": "python-3.11.4"})).remarks
    assert said.startswith("no hub will build it: runtime.txt: asks for Python '3.11.4'")


@pytest.mark.parametrize(
    "name",
    [
        "../x", "/x", ".git/config", ".GIT/hooks/x", "git~1/config", ".gi\u200ct/config", ".git ",
        "a\\b", "a\nb", "a/../../b", "", "a//b", "...", "x" * 256, "\u200d..", "a\ud800",
    ],
)  # fmt: skip
def test_hostile_names(packed: Pack, name: str) -> None:
    """The specification refuses most of them before."""
    with pytest.raises(Refused, match=r"binder\.files: found"):
        packed(Environment(files={**REQUIREMENTS, name: "x"}))


@pytest.mark.parametrize(
    "name",
    [".gitmodules", ".GitModules", "a/.gitmodules", "gitmod~1", ".gitmodules .",
     ".git\u200dmodules", ".gitattributes", "a/.gitattributes", ".lfsconfig"],
)  # fmt: skip
def test_files_by_which_git_fetches_or_changes_are_left_out(packed: Pack, name: str) -> None:
    found = packed(Environment(files={**REQUIREMENTS, name: "x"}))
    assert contents(found) == REQUIREMENTS
    assert "binder.files: left out " in found.remarks[0]
    assert found.commit == packed(Environment(files=REQUIREMENTS)).commit


def test_what_would_be_a_repository(packed: Pack) -> None:
    inside = {f"x/{name}": "" for name in ("HEAD", "objects/x", "refs/x", "config")}
    with pytest.raises(Refused, match="a git repository of 'x'"):
        packed(Environment(files=inside))


def test_a_file_and_a_folder(packed: Pack) -> None:
    with pytest.raises(Refused, match="a file 'a', and a folder, for 'a/b/c'"):
        packed(Environment(files={"a": "", "a/b/c": ""}))


def test_text_that_cannot_be_written(packed: Pack) -> None:
    with pytest.raises(Refused, match="no text in UTF-8"):
        packed(Environment(files={"a.txt": "\ud800"}))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(files=1), "found 2 files, expected at most 1"),
        (Limits(file_bytes=5), "found 6 B in 'requirements.txt', expected at most 5 B in a file"),
        (Limits(total_bytes=7), "found 8 B in 2 files, expected at most 7 B"),
    ],
)
def test_limits(packed: Pack, limits: Limits, said: str) -> None:
    with pytest.raises(TooLarge, match=said):
        packed(Environment(files={**REQUIREMENTS, "apt.txt": "a\n"}), limits=limits)


@pytest.mark.parametrize(
    ("image", "text"),
    [
        (Reference("https://docker.io", "python"), "docker.io/library/python"),
        (Reference("https://index.docker.io", "o/i"), "docker.io/o/i"),
        (Reference("https://quay.io/", "o/i"), "quay.io/o/i"),
        (Reference("https://ghcr.io/o", "i"), "ghcr.io/o/i"),
        (Reference("http://127.0.0.1:5055", "i"), "127.0.0.1:5055/i"),
        (Reference("https://QUAY.io", "o/i"), "quay.io/o/i"),
    ],
)
def test_how_an_image_is_named(packed: Pack, image: Reference, text: str) -> None:
    found = packed(Environment(image=image))
    assert contents(found) == {"Dockerfile": f"FROM {text}@{DIGEST}\n"}


@pytest.mark.parametrize(
    "image",
    [
        Reference("https://registry", "o/i"),  # to Docker o is a name on Docker Hub
        Reference("https://quay.io/$HOME", "i"),
        Reference("https://quay.io/A", "i"),
        Reference("https://quay.io/a%20b", "i"),
        Reference("https://quay.io", "i\nRUN x"),
    ],
)
def test_names_that_a_dockerfile_would_read_otherwise(packed: Pack, image: Reference) -> None:
    with pytest.raises(Refused, match="Dockerfile"):
        packed(Environment(image=image))


@pytest.fixture
def through(tmp_path: Path) -> Callable[..., Packed]:
    """The real sources."""

    def make(env: Environment, **named: Any) -> Packed:
        async def go() -> Packed:
            async with NetworkSources(Cache(tmp_path / "cache"), OpenGuard()) as sources:
                return await pack(env, sources, **named)

        return asyncio.run(go())

    return make


def test_a_real_registry_tells_the_digest(
    through: Pack, new_registry: Callable[..., Registry]
) -> None:
    registry = new_registry()
    digest = registry.push("a/b", "1.0")
    image = Reference(registry.url, "a/b", "1.0")
    found = through(Environment(image=image))
    assert contents(found) == {"Dockerfile": f"FROM {registry.host}/a/b@{digest}\n"}
    registry.push("a/b", "1.0", content="other")
    assert through(Environment(image=found.environment.image)).commit == found.commit
    assert through(Environment(image=image)).commit != found.commit
    with pytest.raises(ResolveError, match=r"no tag '2\.0'"):
        through(Environment(image=replace(image, ref="2.0")))
    with pytest.raises(ResolveError, match="not for linux/arm64"):
        through(Environment(image=image), platform="linux-aarch64")


def test_a_deposit_is_no_repository(through: Pack) -> None:
    zenodo = Reference("https://doi.org", "10.5281/zenodo.3242074")
    with pytest.raises(Refused, match="over git repositories"):
        through(Environment(build=zenodo, files=REQUIREMENTS))


PARTS = st.text(
    st.one_of(st.sampled_from(".git~1 modules\u200c\\:/"), st.characters()), min_size=1, max_size=12
)


@settings(max_examples=40)
@given(names=st.lists(PARTS, min_size=1, max_size=3))
def test_whatever_the_names_git_is_content_or_they_are_refused(names: list[str]) -> None:
    """Those that are refused by themselves are, and the others make a sound repository."""
    env = Environment(files={**REQUIREMENTS, **dict.fromkeys(names, "x")})
    try:
        found = asyncio.run(pack(env, Nobody()))
    except Refused:
        return
    with tempfile.TemporaryDirectory() as temporary:
        sound(found, Path(temporary))


class Nobody:
    """Knows no image and no repository: for files alone."""

    async def digest(self, image: Reference, platform: str) -> str:
        raise AssertionError(image, platform)

    async def fetched(self, build: Reference) -> tuple[Repository, str]:
        raise AssertionError(build)
