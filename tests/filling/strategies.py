"""Metadata of people, hooks and strangers, and what servers may know."""

from __future__ import annotations

from hypothesis import strategies as st

from binderclip.filling import POLICIES, Facts
from binderclip.spec.model import Reference

COMMIT, OTHER_COMMIT = "0123456789abcdef" * 2 + "01234567", "f" * 40
DIGEST = "sha256:" + "ab" * 32

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8))
json = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
hosts = st.builds("https://{}.example{}".format, words, st.sampled_from(["", "/hub", ":8443/a"]))
commits = st.text("0123456789abcdef", min_size=40, max_size=40)
digests = st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format)
images = st.builds(
    Reference,
    st.just("https://quay.io"),
    st.builds("{}/{}".format, words, words),
    st.none() | words,
    st.none() | digests,
)
builds = st.builds(
    Reference,
    st.sampled_from(["https://github.com", "https://git.example.org:8443"]),
    st.builds("{}/{}".format, words, words),
    st.none() | st.builds("{}/{}".format, words, words),
    st.none() | commits,
)
facts = st.builds(
    Facts,
    policy=st.sampled_from(POLICIES),
    host=st.lists(hosts, max_size=3, unique=True).map(tuple),
    image=st.none() | images,
    build=st.none() | builds,
)


def as_object(reference: Reference) -> dict[str, object]:
    pairs = vars_of(reference)
    return {key: value for key, value in pairs.items() if value is not None}


def vars_of(reference: Reference) -> dict[str, object]:
    return {key: getattr(reference, key) for key in ("host", "path", "ref", "hash")}


references = builds.map(as_object)
entries = st.fixed_dictionaries(
    {"version": st.sampled_from([1, 1, 1, 1.0, 2, 0, True, "1"])},
    optional={
        "host": hosts | st.lists(hosts, min_size=1, max_size=2) | scalars,
        "image": images.map(as_object) | json,
        "build": references,
        "content": references,
        "config": references,
        "files": st.dictionaries(words, st.text(max_size=8), max_size=2),
        "frozen": st.fixed_dictionaries({}, optional={"at": st.just("2026-11-22T20:00:00Z")}),
        "auto": st.sampled_from([True, True, True, False, 1, "true"]),
        "x-mine": json,
        "unheard of": json,
    },
)
# As a hook wrote them, with what others may have added since.
hooked = st.fixed_dictionaries(
    {"version": st.just(1), "auto": st.just(value=True)},
    optional={
        "host": hosts | st.lists(hosts, min_size=1, max_size=2),
        "image": images.map(as_object),
        "build": references,
        "content": references,
        "config": references,
        "x-mine": json,
        "unheard of": json,
    },
)
values = st.one_of(
    hooked,
    st.just(value=False),
    entries,
    json,
    st.just("https://mybinder.org/v2/gh/o/r/HEAD"),
    st.just({"binder_url": "https://mybinder.org", "binder_repo": "o/r", "auto": True}),
    st.just({"version": 0, "host": "https://mybinder.org", "auto": True}),
)
metadata = st.fixed_dictionaries(
    {}, optional={"binder": values, "kernelspec": json, "widgets": json, "": json}
)
