"""Solving against real indexes, over files and over loopback."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.conda.channel import ChannelFolder, channel
from tests.conda.conftest import Steps, written

from binderclip import conda
from binderclip.conda import virtual
from binderclip.errors import (
    BinderclipError,
    RateLimited,
    Refused,
    ResolveError,
    Unreachable,
)


@pytest.mark.parametrize("over", ["url", "http"])
def test_what_is_asked_for_and_what_it_needs(ch: ChannelFolder, steps: Steps, over: str) -> None:
    solution = steps.solve(written(getattr(ch, over), "tool=1"))
    assert [(one.name, one.version, one.build) for one in solution.pinned] == [
        ("part", "1.0", "0"),
        ("tool", "1.0", "0"),
    ]
    assert all(len(one.sha256) == 64 for one in solution.pinned)
    assert {one.channel for one in solution.pinned} == {getattr(ch, over)}
    assert solution.version("part") == "1.0"
    assert steps.said == [f"solving 1 package from {getattr(ch, over)}"]


def test_extra_specs_are_solved_with_the_rest(ch: ChannelFolder, steps: Steps) -> None:
    ch.add("part", "2.0")
    solution = steps.solve(written(ch.url, "tool"), "part<2")
    assert solution.version("part") == "1.0"


def test_preferred_packages_stay_until_they_no_longer_answer(
    ch: ChannelFolder, steps: Steps
) -> None:
    before = steps.solve(written(ch.url, "tool")).pinned
    ch.add("part", "2.0", indexed=False)
    ch.add("tool", "2.0", depends=["part"])
    assert steps.solve(written(ch.url, "tool"), preferred=before).pinned == before
    moved = steps.solve(written(ch.url, "tool=2"), preferred=before)
    assert (moved.version("tool"), moved.version("part")) == ("2.0", "1.0")
    assert steps.solve(written(ch.url, "tool")).version("part") == "2.0"


def test_the_first_channel_that_has_a_package_is_its_only_one(
    ch: ChannelFolder, steps: Steps, tmp_path: Path
) -> None:
    with channel(tmp_path / "second") as second:
        second.add("part", "9.0", indexed=False)
        second.add("other", "1.0")
        both = written(f"{ch.url}, {second.url}", "tool", "other")
        assert steps.solve(both).version("part") == "1.0"
        named = written(f"{ch.url}, {second.url}", "tool", f"{second.url}::part")
        assert steps.solve(named).version("part") == "9.0"
        alone = written(ch.url, "tool", f"\"part[channel='{second.url}']\"")
        assert steps.solve(alone).version("part") == "9.0"
        # py-rattler looks further only for a version that is asked for, as mamba does.
        asked = written(f"{ch.url}, {second.url}", "tool", "part=9")
        assert steps.solve(asked).version("part") == "9.0"


def test_names_are_kept_and_mirrors_are_not_written(
    ch: ChannelFolder, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The channel that a notebook names is the person's mirror of it, and stays a name."""
    monkeypatch.setenv("CONDA_CHANNEL_ALIAS", ch.folder.parent.as_uri())
    solution = steps.solve("channels: [channel, nodefaults]\ndependencies: [channel::tool]")
    assert {one.channel for one in solution.pinned} == {"channel"}
    assert {one.channel_url.rstrip("/") for one in solution.pinned} == {ch.url}
    assert ch.url not in repr(solution)


def test_defaults_are_several_channels(ch: ChannelFolder, steps: Steps, tmp_path: Path) -> None:
    with channel(tmp_path / "second") as second:
        second.add("other", "1.0")
        Path(os.environ["CONDARC"]).write_text(
            json.dumps({"default_channels": [ch.url, second.url]}), "utf-8"
        )
        solution = steps.solve(written("defaults", "defaults::tool", "defaults::other"))
        assert {one.channel for one in solution.pinned} == {"defaults"}
        text = conda.exact(conda.read(written("defaults", "tool"), "e"), solution, [])
        assert steps.solve(text).pinned == solution.pinned


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("nothing-of-that-name", "No candidates were found for nothing-of-that-name"),
        ("tool>=7", "No candidates were found for tool >=7"),
        ("broken", "missing-part"),
    ],
)
def test_what_cannot_be_solved_is_said_in_short(
    ch: ChannelFolder, steps: Steps, spec: str, said: str
) -> None:
    ch.add("broken", "1.0", depends=["missing-part >=3"])
    with pytest.raises(ResolveError) as caught:
        steps.solve(written(ch.url, "tool", f"'{spec}'"))
    assert caught.value.message.startswith("environment.yml: its packages do not go together.")
    assert said in caught.value.message
    assert len(caught.value.message) < 2000


def test_a_long_explanation_is_cut(ch: ChannelFolder, steps: Steps) -> None:
    for n in range(60):
        ch.add("many", f"1.{n}", depends=[f"gone-{n}"], indexed=False)
    ch.index()
    with pytest.raises(ResolveError) as caught:
        steps.solve(written(ch.url, "many"))
    assert len(caught.value.message) < 2000


@pytest.mark.parametrize("spec", ["tool==", "tool>=1,", "tool=1.0*.2", "tool[a=b]"])
def test_what_is_no_match_spec_is_refused(ch: ChannelFolder, steps: Steps, spec: str) -> None:
    with pytest.raises(Refused, match=r"environment\.yml: .*no match spec"):
        steps.solve(written(ch.url, f"'{spec}'"))


def test_a_channel_that_is_not_there_is_named(ch: ChannelFolder, steps: Steps) -> None:
    for gone in (f"{ch.url}/gone", f"{ch.http}/gone"):
        with pytest.raises(ResolveError, match=r"no channel at .*/gone"):
            steps.solve(written(gone, "tool"))


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, ResolveError, "asks for a login"),
        (403, ResolveError, "asks for a login"),
        (429, RateLimited, "fewer requests"),
        (503, Unreachable, "cannot be reached"),
    ],
)
def test_a_channel_that_answers_an_error(
    ch: ChannelFolder, steps: Steps, status: int, error: type[BinderclipError], said: str
) -> None:
    ch.statuses["repodata"] = status
    with pytest.raises(error, match=said):
        steps.solve(written(ch.http, "tool"))


def test_a_channel_that_cannot_be_reached(steps: Steps) -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1/") as caught:
        steps.solve(written("http://127.0.0.1:1/c", "tool"))
    assert "refused" in caught.value.message
    assert "\n" not in caught.value.message


def test_what_no_channel_has(ch: ChannelFolder, steps: Steps) -> None:
    with pytest.raises(ResolveError, match="needs the package pip") as caught:
        steps.solve(written(ch.url, "tool", "{pip: [six]}"))
    assert ch.url in caught.value.message
    with pytest.raises(ResolveError, match="No candidates were found for gone") as caught:
        steps.solve(written(ch.url, "gone"))
    assert ch.url in (caught.value.hint or "")


def test_a_channel_that_answers_nonsense(ch: ChannelFolder, steps: Steps) -> None:
    for text in ("<html>", "{}", '{"packages": 3}', '{"packages": {"x-1-0.tar.bz2": {}}}'):
        (ch.folder / "noarch" / "repodata.json").write_text(text, "utf-8")
        with pytest.raises(ResolveError, match=r"environment\.yml: "):
            steps.solve(written(ch.url, "tool"))


def test_offline_goes_by_what_was_kept(ch: ChannelFolder, steps: Steps, tmp_path: Path) -> None:
    before = steps.solve(written(ch.http, "tool"))
    steps.install(before, tmp_path / "one")
    ch.add("part", "2.0")
    asked = len(ch.asked)
    again = steps.solve(written(ch.http, "tool"), offline=True)
    assert again.pinned == before.pinned
    steps.install(again, tmp_path / "two", offline=True)
    assert (tmp_path / "two/share/part").read_bytes() == b"one"
    assert len(ch.asked) == asked


def test_offline_and_nothing_kept(ch: ChannelFolder, steps: Steps, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="offline, and nothing is known of"):
        steps.solve(written(ch.http, "tool"), offline=True)
    solution = steps.solve(written(ch.http, "tool"))
    with pytest.raises(Unreachable, match=r"offline, and not in the cache: part 1\.0, tool 1\.0"):
        steps.install(solution, tmp_path / "prefix", offline=True)


def test_another_platform_is_solved_for_a_plain_machine(ch: ChannelFolder, steps: Steps) -> None:
    for platform, system in (("osx-arm64", "__osx"), ("linux-64", "__glibc"), ("win-64", "__win")):
        ch.add("native", "1.0", subdir=platform, noarch=None, depends=[system])
        solution = steps.solve(written(ch.url, "native"), platform=platform, here=False)
        assert solution.pinned[0].subdir == platform
    ch.add("gpu", "1.0", depends=["__cuda"], indexed=False)
    ch.add("new", "1.0", depends=["__glibc >=2.36"])
    for spec in ("gpu", "new"):
        with pytest.raises(ResolveError):
            steps.solve(written(ch.url, spec), here=False)


def test_the_persons_overrides_count_here(
    ch: ChannelFolder, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    from binderclip.platforms import this_platform

    ch.add("gpu", "1.0", depends=["__cuda >=12"])
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")
    solution = steps.solve(written(ch.url, "gpu"), platform=this_platform())
    assert solution.version("gpu") == "1.0"
    assert not any("cuda" in str(one) for one in virtual.provided("linux-64", here=False))


def test_a_platform_that_conda_does_not_have(ch: ChannelFolder, steps: Steps) -> None:
    with pytest.raises(Refused, match="'linux-z80'"):
        steps.solve(written(ch.url, "tool"), platform="linux-z80")
