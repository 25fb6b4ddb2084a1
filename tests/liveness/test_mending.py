"""What `--fix` would do about what is gone."""

from __future__ import annotations

from binderclip.liveness import Sign, State
from binderclip.liveness.mending import remedy
from binderclip.spec.model import Binder, Reference

IMAGE = Reference("https://quay.io", "a/b", "1", "sha256:" + "0" * 64)
BUILD = Reference("https://github.com", "o/r", "main", "0" * 40)


def sign(part: str, state: State, now: str | None = None) -> Sign:
    return Sign(part, "there", state, "said", now=now)


def test_what_still_has_a_ref_is_frozen_again() -> None:
    found = remedy(Binder(build=BUILD), [sign("build", "gone", "1" * 40)])
    assert found.again == {"build"}
    assert not found.hopeless


def test_a_lock_is_made_again() -> None:
    found = remedy(Binder(), [sign("frozen.requirements.txt", "gone")])
    assert found.again == {"requirements.txt"}


def test_a_dead_image_goes_where_something_to_build_remains() -> None:
    dead = sign("image", "gone")
    assert remedy(Binder(image=IMAGE, build=BUILD), [dead]).without_image
    assert remedy(Binder(image=IMAGE, files={"requirements.txt": "x"}), [dead]).without_image
    alone = remedy(Binder(image=IMAGE), [dead])
    assert alone.empty
    assert alone.hopeless == (dead,)


def test_an_image_stays_where_the_repository_is_gone_too() -> None:
    signs = [sign("image", "gone"), sign("build", "gone")]
    found = remedy(Binder(image=IMAGE, build=BUILD), signs)
    assert found.empty
    assert len(found.hopeless) == 2


def test_what_moved_on_is_left_as_it_is() -> None:
    assert remedy(Binder(build=BUILD), [sign("build", "moved", "1" * 40)]).empty
