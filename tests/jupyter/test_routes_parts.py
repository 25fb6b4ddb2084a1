"""The parts of the routes that need no server: requests, folders, errors."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.errors import (
    CacheError,
    Failure,
    FreezeFailed,
    Problem,
    Refused,
    SpecError,
)
from binderclip.filling import Facts
from binderclip.guard import PublicGuard
from binderclip.jupyter.here import Here, hub_of
from binderclip.jupyter.routes import answers, placing, requests
from binderclip.jupyter.routes.placing import Root
from binderclip.notebook import MISSING
from binderclip.portrait import rows
from binderclip.rest import bodies, faults
from binderclip.spec import read
from binderclip.spec.model import JSON, Binder

KINDS = (
    bodies.Subject,
    requests.FillAsked,
    requests.BuildpackAsked,
    requests.FreezeAsked,
    requests.LinksAsked,
    requests.ImportAsked,
)
ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


# Requests


@given(data=st.binary(max_size=60), kind=st.sampled_from(KINDS))
def test_bytes_are_read_or_refused(data: bytes, kind: type[Any]) -> None:
    with suppress(faults.BadRequest):
        assert isinstance(bodies.parsed(data, kind), kind)


@given(binder=ANY_JSON)
def test_any_value_is_judged(binder: Any) -> None:
    body = json.dumps({"metadata": {"binder": binder, "more": [1]}}).encode()
    try:
        asked = bodies.parsed(body, bodies.Subject)
    except faults.BadRequest:  # half of a surrogate pair, or a number that is none
        return
    verdict = answers.validated(asked.value, Facts())
    assert verdict["status"] in {"good", "wrong", "opted-out"}
    assert bool(verdict["problems"]) == (verdict["status"] == "wrong")


def test_absent_is_not_null() -> None:
    assert bodies.parsed(b'{"metadata": {}}', bodies.Subject).value is MISSING
    assert bodies.parsed(b'{"metadata": {"binder": null}}', bodies.Subject).value is None
    assert bodies.parsed(b'{"binder": null}', bodies.Subject).value is None
    assert answers.validated(MISSING, Facts())["status"] == "nothing"
    assert answers.validated(None, Facts())["status"] == "wrong"


def test_requests_cannot_be_changed() -> None:
    asked = bodies.parsed(b'{"binder": 1}', bodies.Subject)
    with pytest.raises(AttributeError):
        asked.binder = 2  # type: ignore[misc]  # that is what is tested


def test_words_of_what_is_rare() -> None:
    assert rows(Binder()) == [("builds", ["none: a plain Python with a kernel"])]
    value: JSON = {"version": 1, "files": {"a": "x"}, "frozen": {"platform": "linux-64"}}
    assert rows(read(value).binder or Binder()) == [
        ("files", ["a (1 B, 1 line)"]),
        ("frozen", ["at an unknown time, and nothing is any more"]),
    ]


@pytest.mark.parametrize(
    ("body", "message", "hint"),
    [
        (
            {"kinds": ["binder", "hub-opne"]},
            "kinds[1]: found 'hub-opne', expected one of gateway, binder, ",
            "did you mean 'hub-open'?",
        ),
        (
            {"ui": "labb"},
            "ui: found 'labb', expected one of lab, notebook, retro, classic",
            "did you mean 'lab'?",
        ),
        ({"kinds": ["\x1b'" * 99]}, "kinds[0]: found ", "docs/links.md says what each does"),
    ],
)
def test_a_word_that_is_none_of_a_few(body: dict[str, Any], message: str, hint: str) -> None:
    data = json.dumps({"metadata": {}, **body}).encode()
    with pytest.raises(faults.BadRequest) as caught:
        bodies.parsed(data, requests.LinksAsked)
    assert caught.value.message.startswith(message)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300
    assert caught.value.hint == hint


def linked(**asked: Any) -> dict[str, Any]:
    body = json.dumps({"metadata": {}, **asked}).encode()
    question = bodies.parsed(body, requests.LinksAsked)
    return placing.linked(question, Root(None), Here(Facts(), PublicGuard()))


BUILD = {"host": "https://github.com", "path": "o/env"}
ENVIRONMENT = {"binder": {"version": 1, "build": BUILD}}


def test_links_speak_of_keys_and_not_of_options() -> None:
    place = {"repository": "https://github.com/o/r", "path": "a.ipynb"}
    elsewhere = {"repository": "https://git.example.org/o/r", "path": "a.ipynb"}
    hub = ["https://hub.example.org"]
    told: list[dict[str, Any]] = [
        linked(metadata=ENVIRONMENT, hubs=hub),
        linked(metadata=ENVIRONMENT, kinds=["hub-open", "hub-pull", "binder-empty"]),
        linked(metadata=ENVIRONMENT, place=place, kinds=["hub-open", "binder-pull"]),
        linked(place=elsewhere, kinds=["binder-open", "binder-content"]),
    ]
    assert "say with `place` where it is" in json.dumps(told)
    for asked in (
        {"kinds": ["binder-open"], "place": elsewhere, "metadata": ENVIRONMENT},
        {"kinds": ["binder-content"]},
        {"kinds": ["hub-open", "hub-pull"]},
    ):
        with pytest.raises(Refused) as caught:
            linked(**asked)
        told.append({"hint": caught.value.hint})
    assert told[-1] == {"hint": "name one with `hubs`"}
    assert told[-2] == {"hint": "push it to a repository, or say with `place` where it is"}
    for option in ("with --", "--url", "--hub", "--ref"):
        assert option not in json.dumps(told)


# The folder of the server


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "a" / ".b").mkdir(parents=True)
    for name in ("x.ipynb", "a/x.ipynb", "a/.b/x.ipynb", ".x.ipynb"):
        (folder / name).touch()
    (tmp_path / "root-other").mkdir()
    (tmp_path / "root-other" / "x.ipynb").touch()
    (folder / "out").symlink_to(tmp_path / "root-other")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "in.ipynb").symlink_to(folder / "a" / "x.ipynb")
    return folder


@pytest.mark.parametrize("path", ["x.ipynb", "/x.ipynb", "a/x.ipynb", "a//x.ipynb", "./x.ipynb"])
def test_files_of_the_root(root: Path, path: str) -> None:
    assert Root(root).file(path) == (root / path.strip("/")).resolve()


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", ".", "..", "a", "none", "../root-other/x.ipynb", "a/../../root-other/x.ipynb"),
        *("out/x.ipynb", "loop", "a/.b/x.ipynb", ".x.ipynb", "a\0", "x.ipynb/y", "a" * 5000),
    ],
)
def test_what_is_none_of_the_root(root: Path, path: str) -> None:
    with pytest.raises(faults.NotFound, match="no such file") as caught:
        Root(root).file(path)
    assert str(root) not in str(caught.value)


def test_links_within_and_hidden_files(root: Path) -> None:
    assert Root(root).file("in.ipynb") == root / "a" / "x.ipynb"
    assert Root(root, hidden=True).file("a/.b/x.ipynb") == root / "a" / ".b" / "x.ipynb"
    assert Root(None).file("x.ipynb") is None
    linked = root.parent / "linked"
    linked.symlink_to(root)
    assert Root(linked).file("x.ipynb") == root / "x.ipynb"


@given(st.text())
def test_no_text_leads_out(text: str) -> None:
    with pytest.raises(faults.NotFound):
        Root(Path("/var/empty/none")).file(text)


@pytest.mark.parametrize("said", ["https://hub.example.org", "http://127.0.0.1:8000/jupyter"])
def test_hubs(said: str) -> None:
    assert hub_of({"BINDERCLIP_HUB": said}) == (said, ())


def test_no_hub() -> None:
    assert hub_of({}) == (None, ())


@pytest.mark.parametrize(
    "said",
    ["javascript:alert(1)", "https://me:secret@hub.example", "x", "https://hub.example.org/?x=1"],
)
def test_a_broken_hub_address_is_not_told(said: str) -> None:
    hub, (remark,) = hub_of({"BINDERCLIP_HUB": said})
    assert hub is None
    assert "expected an address" in remark
    assert "secret" not in remark


# Errors


def test_errors_leave_without_folders() -> None:
    home = str(Path.home())
    failure = Failure("binder.files", SpecError((Problem("p", f"{home}/x", "y"),), hint=home))
    body = faults.as_json(FreezeFailed((failure,), hint="/srv/data/nb"), ["/srv/data"])
    text = json.dumps(body)
    assert "/srv/data" not in text
    assert home not in text or home == "/"
    assert body["error"]["hint"] == "…/nb"  # type: ignore[index]  # it is a dict
    told = faults.as_json(CacheError("/var/cache/x: cannot be used", hint="/var/cache"))
    assert "/var/cache" not in json.dumps(told)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 418, 500, 503])
def test_all_statuses_have_words(status: int) -> None:
    error: Any = faults.http_error(status)["error"]
    assert error.keys() == {"code", "message", "hint"}
    assert re_word(error["code"])


def re_word(text: str) -> bool:
    return text.replace("-", "").isalnum()
