"""Whatever hubs and images say: ``gather`` does not raise, and what comes of it is valid."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.filling.strategies import COMMIT, OTHER_COMMIT, builds, entries, hosts, images
from tests.filling.strategies import json as any_json

from binderclip import spec
from binderclip.filling import PARTS, POLICIES, Facts, Stated, fill
from binderclip.filling.gather import gather
from binderclip.spec.providers import PROVIDERS, SPECS, provider_of

SECRET = "sekrit"
VARIABLES = (
    *("BINDERCLIP_FILL", "BINDERCLIP_FILL_HOSTS", "BINDERCLIP_FILL_IMAGE", "BINDERCLIP_FILL_BUILD"),
    *("BINDERCLIP_FILL_KNOWN_HOSTS", "BINDERCLIP_FILL_GIT", "CONDA_PREFIX", "JUPYTER_IMAGE_SPEC"),
    *("BINDER_LAUNCH_HOST", "BINDER_REQUEST", "BINDER_PERSISTENT_REQUEST", "BINDER_CLIENT_IP"),
)

# What hostile words are made of.
PIECES = (
    *("http", "https", "ssh", "file", "docker", "://", "/", "//", "\\", ":", "@", "?", "#", "%"),
    *("%2F", "%25", "%00", "%0A", "%40", "..", ".", "-", " ", "\n", "\0", "\x1b[31m", "\u202e"),
    *(
        "\udcff",
        "é",
        "\uff4d",
        "\u0131",
        "[::1]",
        "127.0.0.1",
        "localhost",
        ":80",
        ":443",
        ":99999",
    ),
    *("mybinder.org", "quay.io", "github.com", "doi.org", "o", "r", "main", "HEAD", ".git"),
    *("v2", "gh", "gl", "git", "gist", "zenodo", "10.5281", "zenodo.1", "dataset", "sha256:"),
    *("ab" * 32, COMMIT, OTHER_COMMIT, "latest", "tree", "token=", "tree/main", "x" * 300),
)
noise = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)
# Odd ones, and right ones with something odd in them.
right = st.one_of(
    hosts,
    images.map(lambda found: found.url.removeprefix("https://")),
    builds.map(lambda found: found.url),
    builds.map(lambda found: "v2/" + "/".join(provider_of(found))),
    st.sampled_from(PROVIDERS).map(lambda name: f"v2/{name}/{SPECS[name]}"),
    st.sampled_from(["https://mybinder.org/", "https://gesis.mybinder.org", *POLICIES, "1", "yes"]),
)
bent = st.builds(
    lambda word, at, piece: word[: at % (len(word) + 1)] + piece + word[at % (len(word) + 1) :],
    right,
    st.integers(0, 200),
    st.sampled_from(PIECES),
)
words = st.one_of(right, bent, noise, st.text(max_size=30))


def check(facts: Facts) -> None:
    metadata: Any = fill({}, facts)
    known = facts.policy != "never" and (facts.image or facts.build)
    assert ("binder" in metadata) == bool(known)
    if known:
        assert not spec.problems(metadata["binder"])
        reading = spec.read(metadata["binder"])
        assert reading.binder
        assert not reading.warnings
        assert (reading.binder.host, reading.binder.image) == (facts.host, facts.image)
        assert reading.binder.build == facts.build
        assert fill(metadata, facts) is metadata
    for line in (*facts.remarks, *facts.sources.values()):
        assert line
        assert line.isprintable()
        assert len(line) <= 401
    told = {part for part in PARTS if getattr(facts, part)}
    assert told == set(facts.sources)


environs = st.dictionaries(st.sampled_from(VARIABLES), words)


@given(environs)
def test_variables(environ: dict[str, str]) -> None:
    check(gather(Stated(), environ, shipped=()))


@given(environs)
def test_the_address_of_the_browser_changes_nothing(environ: dict[str, str]) -> None:
    without = {name: word for name, word in environ.items() if name != "BINDER_CLIENT_IP"}
    told = [gather(Stated(), around, shipped=()) for around in (environ, without)]
    assert told[0] == told[1]


several = st.lists(words, max_size=3).map(tuple)
configurations = st.builds(
    Stated,
    policy=words,
    hosts=several,
    image=words,
    build=words,
    known_hosts=several,
    git=st.booleans(),
)


@given(configurations, environs)
def test_configuration(stated: Stated, environ: dict[str, str]) -> None:
    check(gather(stated, environ, shipped=()))


@given(words, words)
@example("v2/gh/o/r/main", f"v2/gh/o/r/{COMMIT}")
def test_requests(asked: str, resolved: str) -> None:
    environ = {"BINDER_REQUEST": asked, "BINDER_PERSISTENT_REQUEST": resolved}
    facts = gather(Stated(), environ, shipped=())
    check(facts)
    if facts.build and facts.build.hash:
        assert facts.build.hash in f"{asked} {resolved}"


@given(words)
def test_launch_hosts(word: str) -> None:
    facts = gather(Stated(), {"BINDER_LAUNCH_HOST": word}, shipped=())
    check(facts)
    assert facts.host in {(), ("https://mybinder.org",)}


@given(
    st.one_of(
        st.binary(max_size=60),
        st.one_of(any_json, entries, st.dictionaries(st.sampled_from(PARTS), words)).map(
            lambda value: json.dumps(value).encode()
        ),
    )
)
def test_files(data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        check(gather(Stated(), {}, shipped=[Path(file.name)]))


@given(words.filter(bool))
def test_names_of_files(name: str) -> None:
    check(gather(Stated(), {}, shipped=[Path(name)]))


leaks = st.sampled_from(
    [
        "https://ada:{}@x.org/o/r",
        "https://{}@x.org/o/r",
        "//{}@x.org",
        "https://x.org/o/r?token={}",
        "https://x.org/o/r?a=b&private_token={}#main",
        "https%3A%2F%2Fada%3A{}%40x.org%2Fr",
        "v2/git/https%3A%2F%2Fada%3A{}%40x.org%2Fr/HEAD",
        "v2/git/https%253A%252F%252Fada%253A{}%2540x.org%252Fr/HEAD",
        "ssh://ada:{}@x.org/r",
        "git+https://ada:{}@x.org/r@main",
        "docker://ada:{}@quay.io/o/r",
        "ada:{}@quay.io/o/r:1",
        "https://mybinder.org/v2/gh/o/r/HEAD?token={}",
    ]
)


@given(st.sampled_from(VARIABLES), leaks, noise)
def test_no_secret_is_repeated(name: str, leak: str, tail: str) -> None:
    word = leak.format(SECRET)
    for text in (word, f"{word} {word}", word + tail):
        facts = gather(Stated(), {name: text}, shipped=())
        check(facts)
        assert SECRET not in repr(facts)


@pytest.fixture(scope="module")
def checkout_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """A checkout with a remote and a branch of that name, as far as git takes them."""
    folder = tmp_path_factory.mktemp("checkout")

    def git(*words: str) -> None:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *who, *words], cwd=folder, check=False, capture_output=True)

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "one")

    def make(remote: str, branch: str) -> Path:
        git("config", "remote.origin.url", remote)
        git("update-ref", f"refs/heads/{branch}", "HEAD")
        git("update-ref", f"refs/remotes/origin/{branch}", "HEAD")
        git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        return folder

    return make


@settings(max_examples=10)
@given(remote=words | leaks, branch=noise)
def test_checkouts(checkout_of: Callable[[str, str], Path], remote: str, branch: str) -> None:
    assume("\0" not in remote + branch)
    remote = remote.format(SECRET) if "{}" in remote else remote
    facts = gather(Stated(git=True), {}, folder=checkout_of(remote, branch), shipped=())
    check(facts)
    assert SECRET not in repr(facts)
