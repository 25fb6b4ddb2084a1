"""Values made to be slow, deep or large: read or refused, in messages that stay short."""

from __future__ import annotations

from typing import Any

import pytest

from binderclip import spec

MANY = 20_000
BUILD = {"host": "https://github.com", "path": "o/r"}


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"x": [value]}
    return value


@pytest.mark.parametrize(
    "value",
    [
        {"version": 1, **{f"k{n}": n for n in range(MANY)}},
        {f"versionn{n}": n for n in range(MANY)},
        {"version": 1, "build": {f"hots{n}": n for n in range(MANY)}},
        {"version": 1, "host": ["x"] * MANY},
        {"version": 1, "files": {f"../{n}": n for n in range(MANY)}},
        {"version": 1, "files": {"a": [None] * MANY}},
        {"version": 1, "files": {"/".join("a" * 500) + str(n): "" for n in range(64)}},
        {"version": 1, "config": {**BUILD, "copy": {f"../{n}": n for n in range(MANY)}}},
        {"version": 1, "k" * MANY: "v" * MANY},
        {"version": 10**4000},
        *({"version": 1, "host": part * MANY} for part in ("a", ":", "@", "/", "%2", "//", "a.")),
        *({"version": 1, "build": {**BUILD, "path": part * MANY}} for part in "a:@/%-"),
        *({"version": 1, "build": {**BUILD, "path": part * 1023 + " "}} for part in "a:@/%-"),
        *({"version": 1, "build": {**BUILD, "ref": part * 254 + " "}} for part in "a./@{"),
        *({"version": 1, "image": {**BUILD, "path": part * 250 + " "}} for part in "a_-."),
        *({"environment_url": f"https://h{part * MANY}{end}"} for part in "/a?:" for end in "#\n"),
        *(
            {"binder_repo": f"https://h/{part * MANY}{end}"}
            for part in ("a/", "//")
            for end in "# "
        ),
        *(f"https://h/{part * 4000}#" for part in ("v2/", "/", "a")),
        *(f"https://h/{part * 2000}" for part in ("v2/", "/v2//", "%25", "v2/gh/")),
        f"https://h/v2/git/{'%25' * 2000}/x",
        f"https://h/v2/gh/o/r/x?{'a=b&' * 2000}",
    ],
    ids=lambda value: str(value)[:40],
)
def test_read_or_refused_in_short(value: Any) -> None:
    problems = spec.problems(value)
    assert len(problems) <= 150
    assert all(len(str(problem)) < 3000 for problem in problems)
    if not problems:
        assert len(spec.read(value).warnings) <= 20


def test_deep_unknown_values_survive() -> None:
    value: Any = {"version": 1, "host": "https://h", "build": BUILD, "deep": deep(450)}
    binder = spec.read(value).binder
    assert binder is not None
    assert spec.write(binder) == value
    components: Any = spec.write(binder, "components")
    assert components["deep"] is value["deep"]
    assert spec.write(binder, "url", accept_loss=True) == "https://h/v2/gh/o/r/HEAD"
