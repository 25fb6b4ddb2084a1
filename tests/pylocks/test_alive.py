"""Are pinned files still to be had? And what uv says when something fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.pylocks.conftest import Case
from tests.pylocks.index import Index

from binderclip.errors import RateLimited, ResolveError, Unreachable
from binderclip.freeze.python import failures


def test_all_there(case: Callable[..., Case], ours: Index) -> None:
    made = case("alpha\nbeta[more]")
    lock = made.lock().text
    assert made.after(lock).alive() is None
    ours.yank("beta", "1.5")
    ours.add("beta", "9")
    assert made.after(lock).alive() is None, "withdrawn, and still to be had"
    assert made.alive() is None, "nothing is pinned"


def test_what_is_gone_is_named(case: Callable[..., Case], ours: Index) -> None:
    made = case("alpha\nbeta[more]")
    lock = made.lock().text
    ours.remove("beta", "1.5")
    assert made.after(lock).alive() == "beta==1.5 is gone from the index"
    ours.remove("gamma")
    told = made.after(lock).alive()
    assert told
    assert set(told.split("; ")) == {
        "beta==1.5 is gone from the index",
        "gamma==0.1 is gone from the index",
    }


def test_names_that_begin_alike(case: Callable[..., Case], ours: Index) -> None:
    for name in ("a", "a-b", "b-a", "a1"):
        ours.add(name, "1.0")
    made = case("a\na-b\nb-a\na1")
    lock = made.lock().text
    ours.remove("a-b", "1.0")
    ours.add("a-b", "1.0.1")
    assert made.after(lock).alive() == "a-b==1.0 is gone from the index"


def test_many_that_are_gone(case: Callable[..., Case], ours: Index) -> None:
    names = [f"p{n}" for n in range(8)]
    for name in names:
        ours.add(name, "1.0")
    made = case("\n".join(names))
    lock = made.lock().text
    for name in names:
        ours.remove(name)
    told = made.after(lock).alive()
    assert told
    assert told.endswith("; and 3 more")


def test_other_content(case: Callable[..., Case], ours: Index) -> None:
    made = case("beta")
    lock = made.lock().text
    ours.replace("beta", "1.5")
    assert made.after(lock).alive() == (
        "beta==1.5: the index has other files of it than those pinned"
    )


def test_a_file_for_another_platform_is_no_help(case: Callable[..., Case], ours: Index) -> None:
    ours.add("fast", "1.0", tag="cp311-cp311-manylinux_2_28_x86_64")
    ours.add("fast", "1.0", tag="cp311-cp311-macosx_11_0_arm64")
    made = case("fast")
    lock = made.lock().text
    page = ours.projects["fast"]
    del page[next(name for name in page if "x86_64" in name)]
    assert made.after(lock).alive() == "fast==1.0 is gone from the index"


def test_no_lock_at_all(case: Callable[..., Case]) -> None:
    for text in ("numpy>=2", "-r /etc/passwd", "--find-links ../..", "x @ file:///etc"):
        with pytest.raises(Unreachable):
            case("numpy").after(text).alive()
    with pytest.raises(Unreachable, match="found the platform 'win-64'"):
        case("numpy", platform="win-64").after("numpy==2.0").alive()


def test_an_index_that_cannot_be_asked(case: Callable[..., Case], ours: Index) -> None:
    made = case("beta")
    lock = made.lock().text
    for status, kind in ((500, Unreachable), (401, Unreachable), (429, RateLimited)):
        ours.broken = status
        with pytest.raises(kind):
            made.after(lock).alive()
        with pytest.raises(kind):
            made.after(lock).lock(upgrade=True)


def test_no_index_at_all(case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://ada:hunter2@127.0.0.1:1/simple/")
    with pytest.raises(Unreachable, match="the package index could not be asked") as caught:
        case("beta").lock()
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    assert "refused" in caught.value.message
    assert "\n" not in f"{caught.value} {caught.value.hint}"


def test_offline(case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(Unreachable):
        case("never-cached-before").lock()


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nowhere", "the package index has no package 'nowhere'"),
        ("beta>=3", "Because only beta<=1.5 is available and you require beta>=3"),
        ("alpha\nbeta<1", "alpha==1.0 depend.* on beta>=1|alpha depend on beta>=1"),
    ],
)
def test_what_cannot_be(
    case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    with pytest.raises(ResolveError, match=told) as caught:
        case(text).lock()
    assert str(caught.value).startswith("requirements.txt: ")
    assert "unsatisfiable" not in str(caught.value)


def test_words_of_older_releases() -> None:
    said = (
        "  \u00d7 No solution found when resolving dependencies:\n"
        "  ╰─▶ Because there is no version of x==9 and you require x==9, we can conclude that\n"
        "      your requirements are unsatisfiable.\n"
    )
    error = failures.failure(said, "r.txt", builds=False)
    assert isinstance(error, ResolveError)
    assert "Because there is no version of x==9 and you require x==9" in error.message
    assert "\u00d7" not in error.message
    said = "  \u00d7 Failed to fetch: `https://h/simple/x/`\n  ├─▶ error sending request\n"
    assert isinstance(failures.failure(said, "r.txt", builds=False), Unreachable)


def test_nothing_secret_is_told() -> None:
    said = (
        "error: Failed to fetch: `https://ada:hunter2@h/simple/x/?token=hunter2`\n"
        "\x1b[31m  cause: HTTP status client error (404 Not Found) for url "
        "(https://hunter2@h/x)\x1b[0m\n"
    )
    error = failures.failure(said, "r.txt", builds=False)
    assert "hunter2" not in f"{error} {error.hint}"
    assert "\x1b" not in str(error)
