"""The images that Dockerfiles name, and the same files with digests."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.dockerfile import From, parse, pinned
from binderclip.dockerfile.froms import without_digest
from binderclip.errors import Refused

D = f"sha256:{'d' * 64}"
E = f"sha256:{'e' * 64}"
DOUBLING = "ARG A=$A$A\n" * 40


def images(text: str) -> list[str]:
    return [one.image for one in parse(text)]


def all_pinned(text: str) -> str:
    return pinned(text, dict.fromkeys(parse(text), D))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM python:3.12\n", ["python:3.12"]),
        ("from python", ["python"]),
        ("FROM a AS b\nFROM b\nFROM c", ["a", "c"]),
        ("FROM a as Build\nFROM build\nFROM BUILD", ["a"]),
        ("FROM scratch\nCOPY x y", []),
        ("# c\n\n  # d\nFROM a", ["a"]),
        ("FROM \\\n  # between\n\n  a \\\n  AS b", ["a"]),
        ("FROM pyth\\\non:3.12", ["python:3.12"]),
        ("# escape=`\nFROM `\n  a\nRUN x \\\nFROM b", ["a", "b"]),
        ("# syntax=docker/dockerfile:1\n# escape=`\nFROM a`\nb", ["ab"]),
        ("\n# escape=`\nFROM a\nRUN x \\\nFROM b", ["a"]),
        ("FROM a\\\\\nFROM b", "line 1"),
        ("\ufeffFROM a\r\nRUN x \\\r\n FROM b\r\nFROM c\r\n", ["a", "c"]),
        ("FROM a\nRUN <<EOF\nFROM b\nEOF\nFROM c", ["a", "c"]),
        ("FROM a\nRUN cat <<'E' <<-F\nFROM b\nE\nFROM c\n\tF\nFROM d", ["a", "d"]),
        ("FROM a\nCOPY <<E /x\nFROM b\nE\n", ["a"]),
        ('FROM a\nRUN ["x", "<<E"]\nFROM b', ["a", "b"]),
        ("FROM a\nENV X=<<E\nFROM b", ["a", "b"]),
        ("FROM a\nRUN x \\\n# FROM b\n y\nFROM c", ["a", "c"]),
        ("FROM a\nONBUILD RUN <<EOF\nFROM b\nEOF\n", ["a"]),
        ("FROM 127.0.0.1:5000/a/b:c", ["127.0.0.1:5000/a/b:c"]),
        (f"FROM a:b@{D}", [f"a:b@{D}"]),
        ("", []),
        ("FROM a\nRUN <<EOF\nx", "line 2: found a here-document without its last line"),
        ("# escape=x\nFROM a", "escape directive"),
        ("# escape=`\n# escape=`\nFROM a", "second directive"),
        ("FROM a b", "found 2 words after FROM"),
        ("FROM", "found 0 words after FROM"),
        ("FROM a AS b c", "found 4 words"),
        ("FROM Python", "found 'Python', expected an image"),
        ("FROM https://x/y", "expected an image"),
        ("FROM a@sha256:12", "expected an image"),
    ],
)
def test_images(text: str, found: list[str] | str) -> None:
    if isinstance(found, str):
        with pytest.raises(Refused, match=found):
            parse(text)
    else:
        assert images(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ARG V=3.12\nFROM python:$V", ["python:3.12"]),
        ("ARG V='3.12' I=\"python\"\nFROM ${I}:${V}-slim", ["python:3.12-slim"]),
        ("ARG V\nFROM python:${V:-3.12}", ["python:3.12"]),
        ("ARG V=\nFROM python:${V:-3.12}", ["python:3.12"]),
        ("ARG V=\nFROM python${V-:3.12}", ["python"]),
        ("ARG V=1\nFROM python${V:+:3.12}", ["python:3.12"]),
        ("FROM python${V:+:3.12}", ["python"]),
        ("ARG V=1\nARG I=a:$V\nARG V=2\nFROM $I", ["a:1"]),
        ("ARG V=1\nARG V\nFROM a:$V", ["a:1"]),
        ("ARG R\nFROM ${R}a:1", ["a:1"]),
        ("ARG A=${B:-${C:-x}}\nFROM $A", ["x"]),
        ('ARG V=1\nFROM "a:$V"', ["a:1"]),
        ("ARG V=1\nFROM a:1-$TARGETARCH", ["a:1-arm64"]),
        ("FROM b\nARG V=1\nFROM a:${V:-2}", ["b", "a:2"]),
        ("ARG B=base\nFROM a AS base\nFROM $B", ["a"]),
        ("ARG N=scratch\nFROM $N", []),
        ("ARG I\nFROM $I", "depends on \\$I, without a default"),
        ("ARG I\nFROM a:${I}", "depends on \\$I"),
        ("FROM ${I:?say-it}", "has to be set"),
        ("FROM ${I%x}", "more than can be worked out"),
        ("FROM ${I", "more than|missing"),
        ("FROM ${}", "without a name"),
        ("FROM 'a", "does not end"),
        (f"ARG X={'${X:-' * 400}\nFROM a", "too deep"),
        (f"ARG A={'x' * 1000}\n{DOUBLING}FROM $A", "more than 4096 characters"),
        (f"ARG A={'x' * 2000}\nFROM {'$A' * 100_000}", "more than 4096 characters"),
        (f"ARG A={'x' * 2000}\nFROM {'${A:-}' * 100_000}", "more than 4096 characters"),
        ("FROM a AS b\n" * 1001, "line 1001: found more than 1000 FROM lines"),
    ],
)
def test_variables(text: str, found: list[str] | str) -> None:
    if isinstance(found, str):
        with pytest.raises(Refused, match=found):
            parse(text)
    else:
        assert [one.image for one in parse(text, platform="linux-aarch64")] == found


def test_platforms_and_names() -> None:
    text = (
        "ARG P=linux/s390x\n"
        "FROM --platform=$BUILDPLATFORM a AS one\n"
        "FROM --platform=$P b\n"
        "FROM --platform=linux/arm64 one\n"
        "FROM c:$BUILDARCH AS Two\n"
    )
    found = [(one.line, one.image, one.platform, one.name, one.argued) for one in parse(text)]
    assert found == [
        (2, "a", "linux/amd64", "one", False),
        (3, "b", "linux/s390x", None, False),
        (5, "c:amd64", None, "Two", True),
    ]


def test_images_that_files_are_taken_from() -> None:
    text = (
        "FROM a AS one\n"
        "COPY --from=one x y\n"
        "COPY --from=0 x y\n"
        "COPY --chown=a --from=ghcr.io/x/uv:1 /uv /bin/\n"
        'COPY --from="y:1" x y\n'
        "COPY --from=$V x y\n"
        "RUN --mount=type=cache,target=/x --mount=type=bind,from=z:2,source=/a true\n"
        "RUN --mount=from=one true\n"
        "RUN echo --mount=from=not/this\n"
    )
    found = [(one.line, one.keyword, one.image) for one in parse(text)]
    assert found == [
        (1, "FROM", "a"),
        (4, "COPY", "ghcr.io/x/uv:1"),
        (5, "COPY", "y:1"),
        (7, "RUN", "z:2"),
    ]
    changed = all_pinned(text).splitlines()
    assert changed[3] == f"COPY --chown=a --from=ghcr.io/x/uv:1@{D} /uv /bin/"
    assert changed[4] == f'COPY --from="y:1@{D}" x y'
    assert f"from=z:2@{D},source=/a true" in changed[6]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM python:3.12", f"FROM python:3.12@{D}"),
        ("FROM python", f"FROM python@{D}"),
        (f"from\tpython:3@{E}  as x \r\n", f"from\tpython:3@{D}  as x \r\n"),
        ("ARG V=3\nFROM a:$V AS b\nARG V\n", f"ARG V=3\nFROM a:3@{D} AS b\nARG V\n"),
        ("FROM a\\\nb AS c", f"FROM ab@{D} AS c"),
        ("FROM --platform=$BUILDPLATFORM a", f"FROM --platform=$BUILDPLATFORM a@{D}"),
        ("FROM scratch\n", "FROM scratch\n"),
    ],
)
def test_only_the_image_words_change(before: str, after: str) -> None:
    assert all_pinned(before) == after
    assert all_pinned(after) == after


names = st.sampled_from(["a", "b/c:1", "quay.io/x/y:2.0-z", f"d@{E}", "$V", "x:${V:-1}", '"e:$W"'])
bases = st.tuples(
    st.sampled_from(["FROM ", "from\t", "FROM \\\n  ", "FROM --platform=linux/arm64 "]),
    names,
    st.sampled_from(["", " AS s", " as t  "]),
).map("".join)
others = st.sampled_from(
    [
        "ARG V=1",
        'ARG W="2" V=3',
        "RUN <<EOF\nFROM no\nEOF",
        "# FROM no",
        "RUN x \\\n # y\n FROM no",
        "COPY --from=i/j:9 a b",
        "COPY --from=s a b",
        "",
        "  ",
    ]
)
files = st.tuples(
    st.sampled_from(["", "\ufeff", "# escape=\\\n"]),
    st.lists(bases | others, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
).map(lambda parts: parts[0] + parts[2].join(line.replace("\n", parts[2]) for line in parts[1]))


@given(files)
def test_a_pinned_file_says_the_same_with_digests(text: str) -> None:
    try:
        before = parse(text)
    except Refused:
        return
    digests = {one: f"sha256:{number:064x}" for number, one in enumerate(before)}
    changed = pinned(text, digests)
    after = parse(changed)
    assert [one.image for one in after] == [
        f"{without_digest(one.image)}@{digests[one]}" for one in before
    ]
    assert [(one.keyword, one.platform, one.name) for one in after] == [
        (one.keyword, one.platform, one.name) for one in before
    ]
    assert apart(text, before) == apart(changed, after)
    assert pinned(changed, dict(zip(after, digests.values(), strict=True))) == changed


def apart(text: str, froms: tuple[From, ...]) -> list[str]:
    """What stands between the image words."""
    edges = [0, *itertools.chain.from_iterable(one.span for one in froms), len(text)]
    return [text[begin:end] for begin, end in zip(edges[::2], edges[1::2], strict=True)]


atoms = st.sampled_from(
    [
        *("FROM ", "COPY ", "RUN ", "ARG X=", "ONBUILD ", "AS ", "a", "b:1", "--from=", "--mount="),
        *("--platform=", "$X", "${X:-", "}", "'", '"', "\\", "`", "\n", "\r", " ", "#", "<<E", "E"),
        *("# escape=`\n", "from=c,", "\ufeff", "\x0c", "\x85", "\u2028", "é", "@", "[", "\x00"),
    ]
)


@given(st.lists(atoms, max_size=25).map("".join) | st.text(max_size=60))
def test_anything_is_parsed_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except Refused:
        return
    for one in found:
        begin, end = one.span
        assert 0 <= begin < end <= len(text)
    spans = [one.span for one in found]
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    changed = pinned(text, dict.fromkeys(found, D))
    assert [one.image for one in parse(changed)] == [
        f"{without_digest(one.image)}@{D}" for one in found
    ]
