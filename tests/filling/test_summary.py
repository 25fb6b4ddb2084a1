"""The line of a server's log that says what saves carry."""

from __future__ import annotations

from hypothesis import given
from tests.filling.strategies import COMMIT
from tests.filling.strategies import facts as any_facts

from binderclip.filling import Facts, Stated
from binderclip.filling.gather import gather
from binderclip.filling.summary import carried


def test_it_says_where_each_part_comes_from() -> None:
    stated = Stated(policy="managed", hosts=("https://a.org",), build=f"https://x.org/r@{COMMIT}")
    assert carried(gather(stated, {"JUPYTER_IMAGE_SPEC": "quay.io/o/i:1"}, shipped=())) == (
        f"saves carry build x.org/r at commit {COMMIT[:12]} (c.Binderclip.build), "
        "image quay.io/o/i:1 (JUPYTER_IMAGE_SPEC), host https://a.org (c.Binderclip.hosts); "
        "the policy is managed"
    )


def test_or_why_there_is_nothing() -> None:
    nothing = "saves carry nothing: no image and no repository is known (docs/saving.md)"
    assert carried(Facts()) == nothing
    assert carried(Facts(host=("https://a.org",))) == nothing
    assert carried(Facts(policy="never")) == "saves carry nothing: the policy is never"


@given(any_facts)
def test_it_is_one_line(facts: Facts) -> None:
    line = carried(facts)
    assert line.isprintable()
    assert len(line) <= 1001
    writes = facts.value is not None and facts.policy != "never"
    assert line.startswith("saves carry nothing: ") != writes
