"""Which tags are newer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.registries import newer

HEX = "85f615d5cafa"


@pytest.mark.parametrize(
    ("tag", "tags", "found"),
    [
        ("2026.10.01", "2026.11.01 2026.09.01 2026.11.1 latest 3.1.1", "2026.11.01"),
        ("3.12-slim", "3.13-slim 3.13 3.13.1-slim 3.9-slim 3.13-alpine", "3.13-slim"),
        ("v1.2.3", "v1.3.0 1.4.0 v1.3.0rc1 v1.10.0 v1.2.3", "v1.3.0 v1.10.0"),
        ("22.04", "24.04 20.04 24.10 9", "24.04 24.10"),
        (
            "jammy-20240111",
            "jammy-20240530 jammy-20231231 noble-20240530 jammy-2",
            "jammy-20240530",
        ),
        ("x86_64-2023-10-20", "x86_64-2023-11-05 aarch64-2023-11-05", "x86_64-2023-11-05"),
        (
            "cuda11.8-ubuntu22.04",
            "cuda12.4-ubuntu22.04 cuda12.1-ubuntu20.04 cuda12.6-ubuntu24.04",
            "cuda12.4-ubuntu22.04 cuda12.6-ubuntu24.04",
        ),
        ("9", "10 11 9.1 8", "10 11"),
        ("1.2.3_4", "1.2.3_5 1.2.4_0", "1.2.3_5 1.2.4_0"),
        ("3.9", "3.09 3.10", "3.10"),
        ("latest", "latest 1 2", ""),
        ("main", "main2 3", ""),
        (HEX, f"{HEX[::-1]} 1", ""),
        (f"git-{HEX}", f"git-{HEX[::-1]}", ""),
        ("1234567", "1234568 20261001", ""),
        ("1.0", HEX, ""),
        ("", "1", ""),
    ],
)
def test_newer(tag: str, tags: str, found: str) -> None:
    assert newer(tag, tags.split()) == tuple(found.split())


versions = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(lambda n: ".".join(map(str, n)))
tags = st.tuples(
    st.sampled_from(["", "v", "py"]), versions, st.sampled_from(["", "-slim", "-x1"])
).map("".join) | st.text(max_size=12)


@given(tags, st.lists(tags, max_size=12))
def test_newer_is_an_order(tag: str, others: list[str]) -> None:
    found = newer(tag, others)
    assert set(found) <= set(others) - {tag}
    for one in found:
        assert tag not in newer(one, [tag])
    assert newer(tag, reversed(others)) == found
    for one in found:
        assert set(newer(one, found)) <= set(found)


@given(versions, versions)
def test_of_two_versions_of_one_shape_one_is_newer(a: str, b: str) -> None:
    if a.count(".") == b.count(".") and a != b:
        assert bool(newer(a, [b])) != bool(newer(b, [a]))
