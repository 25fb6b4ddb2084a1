"""Tags and digests, against a real registry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.registries.asking import asked, at
from tests.registries.rig import Kind

from binderclip.errors import ResolveError, Unreachable
from binderclip.registries import Image, Registries
from binderclip.spec.model import Reference

if TYPE_CHECKING:
    from tests.registries.conftest import NewRegistry


@pytest.mark.parametrize("kind", ["oci", "docker"])
def test_a_tag_has_the_digest_of_what_was_pushed(new_registry: NewRegistry, kind: Kind) -> None:
    there = new_registry()
    single = there.push("a/b", "1", kind=kind)
    index = there.push_index("a/b", "2", kind=kind)
    assert asked(lambda r: r.digest(at(there, "a/b", "1"))) == single
    assert asked(lambda r: r.digest(at(there, "a/b", "2"))) == index
    assert asked(lambda r: r.digest(at(there, "a/b", None, single))) == single


def test_no_tag_is_latest_and_a_tag_moves_on(new_registry: NewRegistry) -> None:
    there = new_registry()
    first = there.push("a/b", "latest", content="1")
    assert asked(lambda r: r.digest(at(there, "a/b"))) == first
    second = there.push("a/b", "latest", content="2")
    assert asked(lambda r: r.digest(at(there, "a/b"))) == second != first


def test_the_platform_has_to_be_offered(new_registry: NewRegistry) -> None:
    there = new_registry()
    index = there.push_index("a/b", "two", platforms=("linux/amd64", "linux/arm64/v8"))
    two = at(there, "a/b", "two")
    for platform in ("linux-64", "linux-aarch64", "linux/arm64", "osx-arm64", "no-such"):
        assert asked(partial(Registries.digest, image=two, platform=platform)) == index
    with pytest.raises(ResolveError, match="made for linux/amd64, linux/arm64/v8, not for linux/s"):
        asked(lambda r: r.digest(two, platform="linux-s390x"))


@pytest.mark.parametrize("kind", ["oci", "docker"])
def test_the_platform_of_a_single_image_too(new_registry: NewRegistry, kind: Kind) -> None:
    there = new_registry()
    digest = there.push("a/b", "arm", kind=kind, platform="linux/arm64")
    assert asked(lambda r: r.digest(at(there, "a/b", "arm"), platform="linux-aarch64")) == digest
    with pytest.raises(ResolveError, match="made for linux/arm64, not for linux/amd64"):
        asked(lambda r: r.digest(at(there, "a/b", "arm"), platform="linux-64"))


def test_near_tags_are_named(new_registry: NewRegistry) -> None:
    there = new_registry()
    for tag in ("2026.10.01", "2026.09.01", "main"):
        there.push("a/b", tag)
    with pytest.raises(ResolveError, match=r"no tag '2026.10.1' \(it has 2026.10.01") as error:
        asked(lambda r: r.digest(at(there, "a/b", "2026.10.1")))
    assert error.value.hint == "Did you mean '2026.10.01'?"
    with pytest.raises(ResolveError, match=r"no tag 'xyz' \(it has 2026.09.01, 2026.10.01, main\)"):
        asked(lambda r: r.digest(at(there, "a/b", "xyz")))
    with pytest.raises(ResolveError, match=r"a/nothing:1: no such image at 127\.0\.0\.1"):
        asked(lambda r: r.digest(at(there, "a/nothing", "1")))


def test_a_withdrawn_image_is_no_more(new_registry: NewRegistry) -> None:
    there = new_registry()
    digest = there.push("a/b", "1")
    assert asked(lambda r: r.exists(at(there, "a/b", "1", digest)))
    there.remove("a/b", digest)
    assert not asked(lambda r: r.exists(at(there, "a/b", "1", digest)))
    assert not asked(lambda r: r.exists(at(there, "a/b", "1")))
    with pytest.raises(ResolveError, match="has no such image any more"):
        asked(lambda r: r.digest(at(there, "a/b", None, digest)))


def test_all_tags_are_listed(new_registry: NewRegistry) -> None:
    there = new_registry()
    digest = {there.push("a/b", f"1.{number}") for number in range(30)}
    assert len(digest) == 1
    assert set(asked(lambda r: r.tags(at(there, "a/b")))) == {f"1.{n}" for n in range(30)}
    with pytest.raises(ResolveError, match="no such image"):
        asked(lambda r: r.tags(at(there, "a/c")))


def test_a_registry_on_this_machine_may_speak_http(new_registry: NewRegistry) -> None:
    there = new_registry()
    digest = there.push("a/b", "1")
    image = Image.parse(there.image("a/b:1"))
    assert image.registry == f"https://{there.host}"
    assert asked(lambda r: r.digest(image)) == digest


def test_nobody_is_at_home() -> None:
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9/"):
        asked(lambda r: r.digest(at("http://127.0.0.1:9", "a/b", "1")))


def test_each_tag_is_asked_once(serve: Callable[[Any], str]) -> None:
    paths = []

    def site(request: Any) -> tuple[int, dict[str, str], bytes]:
        paths.append((request.command, request.path))
        kind = "application/vnd.oci.image.index.v1+json"
        digest = f"sha256:{'a' * 64}"
        return 200, {"Content-Type": kind, "Docker-Content-Digest": digest}, b""

    async def many(registries: Registries) -> set[str]:
        image = at(url, "a/b", "1")
        first = asyncio.create_task(registries.digest(image))
        await asyncio.sleep(0)
        first.cancel()  # nobody else's answer goes with it
        return set(await asyncio.gather(*(registries.digest(image) for _ in range(50))))

    url = serve(site)
    assert asked(many) == {f"sha256:{'a' * 64}"}
    assert paths == [("HEAD", "/v2/a/b/manifests/1")]


@pytest.mark.parametrize(
    ("text", "image", "shown"),
    [
        ("python", Image("https://docker.io", "library/python"), "python"),
        ("python:3.12", Image("https://docker.io", "library/python", "3.12"), "python:3.12"),
        ("a/b", Image("https://docker.io", "a/b"), "a/b"),
        ("index.docker.io/a/b:c", Image("https://docker.io", "a/b", "c"), "a/b:c"),
        ("quay.io/a/b/c:d", Image("https://quay.io", "a/b/c", "d"), "quay.io/a/b/c:d"),
        ("http://h:5000/a", Image("http://h:5000", "a"), "h:5000/a"),
        (
            f"a.b/c:d@sha256:{'0' * 64}",
            Image("https://a.b", "c", "d", f"sha256:{'0' * 64}"),
            f"a.b/c:d@sha256:{'0' * 64}",
        ),
    ],
)
def test_names(text: str, image: Image, shown: str) -> None:
    assert Image.parse(text) == image
    assert str(image) == shown


def test_names_of_a_notebook() -> None:
    image = Image.of(Reference("https://docker.io/", "python", "3.12"))
    assert image == Image("https://docker.io", "library/python", "3.12")
    assert image.api == "https://registry-1.docker.io"
    image = Image.of(Reference("https://Quay.io/pangeo/", "base", hash=f"sha256:{'0' * 64}"))
    assert image == Image("https://quay.io", "pangeo/base", None, f"sha256:{'0' * 64}")
