"""``JUPYTER_IMAGE_SPEC``."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.filling.strategies import DIGEST

from binderclip.filling import Facts, Stated
from binderclip.filling.gather import gather
from binderclip.spec.model import Reference


def spawned(spec: str, **others: str) -> Facts:
    return gather(Stated(), {"JUPYTER_IMAGE_SPEC": spec, **others}, shipped=())


@pytest.mark.parametrize(
    ("spec", "host", "path", "tag", "digest"),
    [
        ("quay.io/o/base:2026.1", "https://quay.io", "o/base", "2026.1", None),
        ("quay.io/o/base", "https://quay.io", "o/base", None, None),
        (f"quay.io/o/base@{DIGEST}", "https://quay.io", "o/base", None, DIGEST),
        (f"quay.io/o/base:1@{DIGEST}", "https://quay.io", "o/base", "1", DIGEST),
        ("jupyterhub/singleuser:5", "https://docker.io", "jupyterhub/singleuser", "5", None),
        ("registry.corp:5000/a/b/c:x", "https://registry.corp:5000", "a/b/c", "x", None),
    ],
)
def test_images(spec: str, host: str, path: str, tag: str | None, digest: str | None) -> None:
    facts = spawned(f" {spec} ")
    assert facts.image == Reference(host, path, tag, digest)
    assert facts.sources == {"image": "JUPYTER_IMAGE_SPEC"}
    assert not facts.remarks


@pytest.mark.parametrize(
    "name", ["BINDER_REQUEST", "BINDER_PERSISTENT_REQUEST", "BINDER_LAUNCH_HOST"]
)
def test_a_binderhub_s_own_registry_is_nobody_s_business(name: str) -> None:
    facts = spawned("registry.example/r2d-o-r:abc", **{name: "v2/gh/o/r/main"})
    assert facts.image is None
    assert "JUPYTER_IMAGE_SPEC" not in repr(facts)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("localhost:5000/o/base:1", "registry of this machine"),
        ("127.0.0.1:5000/o/base:1", "registry of this machine"),
        ("127.1.2.3:5000/o/base:1", "registry of this machine"),
        ("[::1]:5000/o/base:1", "registry of this machine"),
        ("0.0.0.0:5000/o/base:1", "registry of this machine"),
        ("registry.localhost/o/base:1", "registry of this machine"),
        ("singleuser:5", "without a registry or an owner"),
        (f"{DIGEST}", "the id of an image"),
        ("0123456789ab", "the id of an image"),
        ("quay.io/Upper/case", "expected an image"),
        ("quay.io/o/base@sha256:12", "the digest"),
        ("quay.io/o/base:1\n2", "the tag"),
        ("$(whoami)", "expected an image"),
        ("\udcff/x", "expected an image"),
    ],
)
def test_images_that_nobody_else_can_get(spec: str, why: str) -> None:
    facts = spawned(spec)
    assert facts.image is None
    (remark,) = facts.remarks
    assert why in remark
    assert remark.isprintable()


def test_a_broken_one_does_not_fall_through(tmp_path: Path) -> None:
    file = tmp_path / "binderclip.json"
    file.write_text('{"image": "quay.io/o/base"}')
    facts = gather(Stated(), {"JUPYTER_IMAGE_SPEC": "quay.io/Upper/case"}, shipped=[file])
    assert facts.image is None
    assert len(facts.remarks) == 1
