"""What must hold for every value: the schema and the reader agree, nothing is lost unsaid,
and no secret is repeated.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from binderclip import spec
from binderclip.errors import LossError, SpecError

thorough = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)

# --- values -------------------------------------------------------------------------------

hosts = st.sampled_from(
    [
        "https://mybinder.org",
        "https://hub.example.org/prefix/",
        "http://127.0.0.1:8585/services/binder",
        "https://[2001:db8::1]:8443",
        "https://github.com",
        "https://gitlab.com",
        "https://gist.github.com",
        "https://doi.org",
        "https://zenodo.org",
        "https://demo.ckan.org",
        "https://codeberg.org",
        "https://bitbucket.org/",
        "https://GIT.example.org/a",
        "https://www.hydroshare.org",
    ]
)
words = st.text("abcAZ09._~-+@,", min_size=1, max_size=8)
paths = st.one_of(
    st.sampled_from(
        [
            "owner/name",
            "owner/name.git",
            "group/sub/project",
            "group%2Fproject",
            "o/r/tree/main",
            "src/branch",
            "10.5281/zenodo.123",
            "10.6084/m9.figshare.9782777.v1",
            "10.7910/DVN/TJCLKP",
            "records/123",
            "dataset/some-data",
            "resource/8f7c2f0341ef4180b0dbe97f59130756",
            "~user/x",
        ]
    ),
    st.lists(words, min_size=1, max_size=4).map("/".join),
)
refs = st.one_of(
    st.sampled_from(["HEAD", "main", "feature/x#1", "größe", "v1.0+b", "100%", "a" * 40, "B" * 40]),
    words,
)
commits = st.sampled_from(["a" * 40, "0123456789abcdef" * 4])
digests = st.sampled_from(["sha256:" + "c" * 64])
names = st.one_of(
    st.sampled_from(["requirements.txt", "environment.yml", "postBuild", "a/b", "a/c", "*.ipynb"]),
    st.text(st.characters(categories=["L", "N", "S"]), min_size=1, max_size=6),
)
text = st.text(max_size=12)
contents = st.one_of(text, st.lists(text, max_size=3))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
extras = st.dictionaries(
    st.sampled_from(["x-mine", "note", "binder", "files", "copy", "binder_url", "repo", "é\n"]),
    json_values,
    max_size=2,
)


def with_extras(known: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda value, extra: {**extra, **value}, known, st.just({}) | extras)


def references(path: Any, ref: Any, pin: Any, **more: Any) -> st.SearchStrategy[dict[str, Any]]:
    optional = {"ref": ref, "hash": pin, **more}
    return with_extras(st.fixed_dictionaries({"host": hosts, "path": path}, optional=optional))


targets = st.sampled_from(["$HOME", "$HOME/", "$HOME/.jupyter/", "$HOME/a b/ü"])
repositories = references(paths, refs, commits)
fetches = references(paths, refs, commits, copy=st.dictionaries(names, targets, max_size=2))
images = references(
    st.sampled_from(["pangeo/base-notebook", "a__b", "library/x.y-z"]),
    st.sampled_from(["latest", "2026.10.01", "_1"]),
    digests,
)
files = st.dictionaries(names, contents, max_size=3)
frozen = with_extras(
    st.fixed_dictionaries(
        {},
        optional={
            "at": st.sampled_from(["2026-11-22T20:00:00Z", "2026-11-22T20:00:00.5+01:00"]),
            "platform": st.sampled_from(["linux-64", "osx-arm64"]),
            "files": files,
        },
    )
)
values = with_extras(
    st.fixed_dictionaries(
        {"version": st.sampled_from([1, 1.0])},
        optional={
            "host": hosts | st.lists(hosts, min_size=1, max_size=3),
            "image": images,
            "build": repositories,
            "files": files,
            "config": fetches,
            "content": fetches,
            "frozen": frozen,
            "auto": st.booleans(),
        },
    )
)
"""Valid, most of them: names may collide or be out of bounds."""

FULL: Any = {
    "version": 1,
    "host": ["https://mybinder.org", "https://h"],
    "image": {"host": "https://h", "path": "o/i", "ref": "v", "hash": f"sha256:{'c' * 64}"},
    "build": {"host": "https://h", "path": "o/r", "ref": "v", "hash": "a" * 40, "note": [1]},
    "files": {"a": "x", "b/c": ["x\n", "y"]},
    "config": {"host": "https://h", "path": "o/r", "copy": {"*": "$HOME/x"}},
    "content": {"host": "https://h", "path": "o/r", "ref": "v", "hash": "a" * 64},
    "frozen": {"at": "2026-11-22T20:00:00Z", "platform": "linux-64", "files": {"a": "x"}},
    "auto": False,
    "note": {"any": None},
}

ODD_PATHS = [
    "/",
    "..",
    ".",
    "../x",
    "a/../b",
    "a/./b",
    "a//b",
    "a/",
    "/a",
    "-a",
    ".git/config",
    "a/.GIT",
    ".gitmodules",
    "C:x",
    "a\\b",
    "$HOME/..",
    "$HOME/-x",
    "$HOME//",
    "~/x",
    "%2e%2e",
    "a%00",
    "a%7Fb",
    "a%zz",
    "a@b",
    "a:b@c",
    "a?b",
    "a#b",
    "main~1",
    "a.lock",
    "@{u}",
    "x..y",
    ".x",
    "a/.x",
    "A/b",
    "a__b",
    "a___b",
    "a..b",
    "sha256:abc",
    "latest!",
    "1",
]
ODD_HOSTS = [
    "https://u:p@h",
    "https://h?q",
    "https://h#f",
    "ftp://h",
    "https://",
    "https://-h",
    "https://h:0",
    "https://h:65535",
    "https://h:65536",
    "https://[::1",
    "https://[:::]",
    "https://h/..",
    "HTTPS://h",
    "https://h.",
    "https://h/%2e%2E",
]
ODD_STRINGS = [
    *ODD_PATHS,
    *ODD_HOSTS,
    *["", " ", "a b", "a\n", "\n", "main\n", "a\u2028b", "a\u202eb", "\x85", "é/ü", "\ud800", "b"],
    *("0" * count for count in (1, 39, 40, 41, 63, 64, 65)),
    *(f"sha256:{'0' * count}" for count in (63, 64, 65)),
    *("a" * count for count in (128, 129, 255, 256, 1024, 1025)),
    *("a-" + "b" * count for count in (30, 31)),
    *("$HOME/" + "b" * count for count in (1018, 1019)),
    *("https://h/" + "b" * count for count in (2038, 2039)),
    *("2026-11-22T20:00:00Z", "2026-13-22T20:00:00Z", "2026-11-22T20:00:00", "2026-11-22"),
]
ODD_VALUES: list[Any] = [
    *ODD_STRINGS,
    *[None, True, False, 0, 1, 1.0, -1, 1.5, 2, 1e300, 10**60, [], {}, [[]], ["x"], {"a": "x"}],
    *(["https://h"] * count for count in (1, 16, 17)),
    *({f"f{n}": "" for n in range(count)} for count in (64, 65)),
    *({f"f{n}": "$HOME" for n in range(count)} for count in (64, 65)),
    *({"f": ["é" * 2**19, "x" * over]} for over in (0, 1)),
    {"a/b": "x"},
    {"b": "x"},
    {"host": "https://h"},
    {"path": "x"},
    {"host": "https://h", "path": "x"},
    {"host": "https://h", "path": "A"},
]
odd_strings = st.one_of(
    st.text(st.characters(), max_size=8),  # halves of surrogate pairs included
    st.sampled_from(ODD_STRINGS),
)
odd_values = st.one_of(st.sampled_from(ODD_VALUES), json_values)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of ``value``."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [(value, key) for key, _ in items] + [
        place for _, inner in items for place in places(inner)
    ]


@st.composite
def near_valid(draw: st.DrawFn) -> Any:
    """A valid value with up to two faults, anywhere."""
    value = copy.deepcopy(draw(values))
    for _ in range(draw(st.integers(0, 2))):
        holder, key = draw(st.sampled_from(places({"value": value})[1:] or [({}, "x")]))
        change = draw(st.sampled_from(["replace", "drop", "insert", "rename", "add"]))
        held = holder.get(key) if isinstance(holder, dict) else holder[key]
        if change == "drop" and isinstance(holder, dict):
            holder.pop(key, None)
        elif change == "insert" and isinstance(held, str):
            at = draw(st.integers(0, len(held)))
            holder[key] = held[:at] + draw(odd_strings) + held[at:]
        elif change == "rename" and isinstance(holder, dict):
            holder[draw(odd_strings | names)] = holder.pop(key, None)
        elif change == "add" and isinstance(holder, dict):
            holder[draw(odd_strings | names)] = copy.deepcopy(draw(odd_values))
        else:
            holder[key] = copy.deepcopy(draw(odd_values))
    return value


def attempt(call: Callable[[], Any]) -> tuple[Any, SpecError | None]:
    try:
        return call(), None
    except SpecError as error:
        return None, error


def read(value: Any) -> spec.Reading | None:
    """None where it is refused; ``problems`` must then be the error's."""
    problems = spec.problems(value)
    reading, error = attempt(lambda: spec.read(value))
    assert (error.problems if error else ()) == problems
    assert all(p.path.startswith("binder") and p.found and p.expected for p in problems)
    str(error).encode()  # can be printed
    return reading if isinstance(reading, spec.Reading) else None


# --- properties ---------------------------------------------------------------------------


def accepts(value: Any) -> bool:
    reading = read(value)
    return reading is not None and reading.dialect == "v1" and not reading.newer


@thorough
@given(value=near_valid() | odd_values)
def test_schema_and_reader_agree(schema_accepts: Callable[[Any], bool], value: Any) -> None:
    assert schema_accepts(value) == accepts(value), spec.problems(value)


@pytest.mark.parametrize("index", range(len(places(FULL))))
def test_schema_and_reader_agree_on_every_odd_value_in_every_place(
    schema_accepts: Callable[[Any], bool], index: int
) -> None:
    """One fault at a time in a value that is right elsewhere, so that nothing hides it."""
    assert schema_accepts(FULL)
    for odd in ODD_VALUES:
        value = copy.deepcopy(FULL)
        holder, key = places(value)[index]
        holder[key] = odd
        assert schema_accepts(value) == accepts(value), (key, odd)


@pytest.mark.parametrize("index", range(len(places(FULL))))
def test_schema_and_reader_agree_on_every_odd_key_and_every_gap(
    schema_accepts: Callable[[Any], bool], index: int
) -> None:
    for odd in [*ODD_STRINGS, None]:
        value = copy.deepcopy(FULL)
        holder, key = places(value)[index]
        held = holder.pop(key)
        if isinstance(holder, dict) and odd is not None:
            holder[odd] = held
        assert schema_accepts(value) == accepts(value), (key, odd)


@thorough
@given(value=near_valid())
def test_what_was_read_is_written_as_it_was(value: Any) -> None:
    reading = read(value)
    if reading is None or reading.dialect != "v1" or reading.newer:
        return
    written = spec.write(reading.binder)
    again = spec.read(json.loads(json.dumps(written)))
    assert again.binder == reading.binder
    assert spec.write(again.binder) == written
    assert spec.problems(written) == ()


def same(binder: spec.Binder) -> Any:
    """One form for what means the same."""
    from binderclip.spec.write import _normal

    return _normal(binder)


@pytest.mark.parametrize("dialect", [d for d in spec.DIALECTS if d != "v1"])
@thorough
@given(value=values)
def test_a_dialect_says_it_whole_or_names_the_loss(dialect: spec.Dialect, value: Any) -> None:
    reading = read(value)
    if reading is None or reading.binder is None:
        return
    binder = reading.binder
    written, error = attempt(lambda: spec.write(binder, dialect))
    if error:
        assert all(p.path.startswith("binder") for p in error.problems)
        if not isinstance(error, LossError):
            assert {p.path for p in error.problems} <= {"binder.host", "binder.build"}
            assert binder.build is None or not binder.host
        return
    again = spec.read(json.loads(json.dumps(written)))
    assert again.dialect == dialect
    assert again.binder is not None
    assert same(again.binder) == same(binder)


plain_places = st.sampled_from(
    [
        ("https://github.com", "owner/name"),
        ("https://gitlab.com", "group/sub/project"),
        ("https://gist.github.com", "user/0123abc"),
        ("https://codeberg.org", "owner/name"),
        ("https://bitbucket.org", "owner/name"),
        ("https://git.example.org:8443", "deep/er/repo.git"),
        ("http://127.0.0.1:3000", "~user/repo"),
    ]
)
plain_words = st.one_of(
    st.none(),
    refs.filter(lambda ref: ref != "HEAD" and not spec.problems(build_of("h/x", ref))),
    commits,
)


def build_of(path: str, ref: str) -> Any:
    return {"version": 1, "build": {"host": "https://h", "path": path, "ref": ref}}


@pytest.mark.parametrize("dialect", spec.DIALECTS)
@thorough
@given(place=plain_places, word=plain_words)
def test_a_repository_at_a_ref_is_said_in_every_dialect(
    dialect: spec.Dialect, place: tuple[str, str], word: str | None
) -> None:
    """The common case, by plain equality."""
    whole = word is not None and len(word) in {40, 64} and set(word) <= set("0123456789abcdef")
    build = spec.Reference(*place, *((None, word) if whole else (word, None)))
    binder = spec.Binder(host=("https://hub.example.org/prefix",), build=build)
    written = spec.write(binder, dialect)
    reading = spec.read(json.loads(json.dumps(written)))
    assert (reading.binder, reading.dialect, reading.warnings) == (binder, dialect, ())


@pytest.mark.parametrize("dialect", [d for d in spec.DIALECTS if d != "v1"])
@thorough
@given(host=hosts, build=repositories, value=values)
def test_a_loss_that_is_accepted_leaves_the_rest(
    dialect: spec.Dialect, host: str, build: Any, value: Any
) -> None:
    reading = read({**value, "host": host, "build": build})
    if reading is None or reading.binder is None:
        return
    binder = reading.binder
    written, error = attempt(lambda: spec.write(binder, dialect, accept_loss=True))
    if error:
        assert [p.path for p in error.problems] == ["binder.build"]
        return
    again = spec.read(written).binder
    assert again is not None
    assert same(replace(binder, extra={}))["host"] == same(again)["host"]
    assert again.build is not None


@thorough
@given(host=hosts, build=repositories, opens=st.dictionaries(st.just("labpath"), text))
def test_links_round_trip(host: str, build: Any, opens: dict[str, str]) -> None:
    reading = read({"version": 1, "host": host, "build": build})
    assert reading is None or reading.binder is not None
    if reading is None or reading.binder is None:
        return
    try:
        link = spec.write(reading.binder, "url", opens=opens)
    except LossError:
        return
    assert isinstance(link, str)
    again = read(link)
    if again is None:
        assert any(ord(char) < 32 or ord(char) == 127 for char in opens["labpath"])
        return
    assert dict(again.opens) == opens
    assert again.binder is not None
    assert spec.write(again.binder, "url", opens=again.opens) == link


SECRET = "hunter2-s3cr3t"
leaks = st.sampled_from(
    [
        "https://user:{}@hub.example.org",
        "https://{}@hub.example.org/x",
        "//me:{}@h/x y",
        "me:{}@hub.example.org",
        "https://hub.example.org/?token={}",
        "https://hub.example.org/x#access_token={}",
        "https://mybinder.org/v2/git/https%3A%2F%2Fu%3A{}%40h%2Fx/HEAD",
        "https://mybinder.org/v2/gh/o/r/main?urlpath=git-pull%3Frepo%3Dhttps%253A%252F%252F{}%2540h",
        "https://mybinder.org/v2/gh/o/r/main?token={}",
        "https://o:p {}@h",
    ]
).map(lambda form: form.format(SECRET))


@thorough
@given(data=st.data())
def test_no_secret_is_repeated(data: st.DataObject) -> None:
    leak = data.draw(leaks)
    legacy: list[Any] = [
        leak,
        {"binder_url": leak, "binder_repo": leak, "binder_ref": leak},
        {"binder_url": "https://h", "environment_url": leak},
        {"version": 0, "binder": {"host": leak}, "build": {"host": leak, "path": leak}},
    ]
    value = copy.deepcopy(data.draw(values | st.sampled_from(legacy)))
    for holder, key in places(value):
        if isinstance(holder[key], str) and data.draw(st.booleans()):
            holder[key] = leak
    reading = read(value)
    if reading is None:
        assert SECRET not in "\n".join(map(str, spec.problems(value)))
    else:
        assert SECRET not in "\n".join(map(str, reading.warnings))
