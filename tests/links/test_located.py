"""From addresses to repositories: without the network, but for the names of branches."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from binderclip import sources
from binderclip.links import Nowhere, Place
from binderclip.links.branches import settled
from binderclip.links.located import at_address, of_source
from binderclip.links.remotes import on_the_web, same
from binderclip.spec.model import Reference

GIST = "0123456789abcdef0123456789abcdef"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def located(address: str, *refs: str, fetched: str | None = None) -> tuple[str, str | None, str]:
    """(repository, ref or hash, path) of an address as people paste it."""
    source = sources.resolve(address)
    place = of_source(replace(source, url=fetched or source.url), refs=refs)
    assert isinstance(place, Place), place
    return place.repository.url, place.repository.hash or place.repository.ref, place.path


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://github.com/o/r/blob/main/sub/a.ipynb", ("github.com/o/r", "main", "sub/a.ipynb")),
        (
            "https://github.com/o/r/raw/refs/heads/main/a%20b%23.ipynb",
            ("github.com/o/r", "main", "a b#.ipynb"),
        ),
        (f"https://github.com/o/r/blob/{COMMIT}/a.ipynb", ("github.com/o/r", COMMIT, "a.ipynb")),
        (
            "https://git.corp.example/o/r/blob/main/a.ipynb",
            ("git.corp.example/o/r", "main", "a.ipynb"),
        ),
        (
            "https://gitlab.com/g/h/p/-/blob/main/a.ipynb?ref_type=heads",
            ("gitlab.com/g/h/p", "main", "a.ipynb"),
        ),
        (
            "https://gitlab.corp.example:8443/g/p/-/blob/main/a.ipynb",
            ("gitlab.corp.example:8443/g/p", "main", "a.ipynb"),
        ),
        (
            "https://codeberg.org/o/r/src/branch/main/-/a.ipynb",
            ("codeberg.org/o/r", "main", "-/a.ipynb"),
        ),
        ("https://bitbucket.org/w/r/src/main/a.ipynb", ("bitbucket.org/w/r", "main", "a.ipynb")),
        (
            "https://codeberg.org/o/r/src/branch/main/d/a.ipynb",
            ("codeberg.org/o/r", "main", "d/a.ipynb"),
        ),
        (
            "https://huggingface.co/datasets/o/r/blob/main/sub/a.ipynb",
            ("huggingface.co/datasets/o/r", "main", "sub/a.ipynb"),
        ),
        (
            "https://zenodo.org/records/1234/files/a.ipynb",
            ("doi.org/10.5281/zenodo.1234", None, "a.ipynb"),
        ),
        (
            "https://colab.research.google.com/github/o/r/blob/main/a.ipynb",
            ("github.com/o/r", "main", "a.ipynb"),
        ),
        (
            "https://mybinder.org/v2/gh/o/r/feature/x?urlpath=lab/tree/sub/a.ipynb",
            ("github.com/o/r", "feature/x", "sub/a.ipynb"),
        ),
        (
            "https://mybinder.org/v2/dataverse/10.7910/DVN/TJCLKP?labpath=a.ipynb",
            ("doi.org/10.7910/DVN/TJCLKP", None, "a.ipynb"),
        ),
        (
            (
                "https://mybinder.org/v2/gh/o/env/main?urlpath=git-pull%3Frepo%3Dhttps%253A%252F%252F"
                "github.com%252Fo%252Fr%26branch%3Dfeature%252Fx%26urlpath%3Dlab%252Ftree%252Fr%252Fa.ipynb"
            ),
            ("github.com/o/r", "feature/x", "a.ipynb"),
        ),
        (
            (
                "https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgitlab.com%2Fg%2F"
                "p.git&branch=f%2Fx&urlpath=tree%2Fp%2Fa.ipynb"
            ),
            ("gitlab.com/g/p", "f/x", "a.ipynb"),
        ),
        (
            (
                f"https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgist.github.com"
                f"%2Fu%2F{GIST}.git&urlpath=tree%2F{GIST}%2Fa.ipynb"
            ),
            (f"gist.github.com/u/{GIST}", None, "a.ipynb"),
        ),
    ],
)
def test_addresses(address: str, found: tuple[str, str | None, str]) -> None:
    url, word, path = located(address)
    assert (url.partition("://")[2], word, path) == found


def test_a_gist_is_known_once_it_was_asked() -> None:
    raw = f"https://gist.githubusercontent.com/u/{GIST}/raw/{'b' * 40}/a%20b.ipynb"
    place = (f"https://gist.github.com/u/{GIST}", None, "a b.ipynb")
    assert located(f"https://gist.github.com/{GIST}", fetched=raw) == place
    url, word, path = located(f"https://gist.github.com/u/{GIST}/{COMMIT}", fetched=raw)
    assert (url, word, path) == (place[0], COMMIT, place[2])


def test_a_branch_with_slashes() -> None:
    address = "https://github.com/o/r/blob/feature/new/plots/a.ipynb"
    assert located(address, "feature/new")[1:] == ("feature/new", "plots/a.ipynb")
    assert located(address, "main")[1:] == ("feature", "new/plots/a.ipynb")
    place = at_address("https://raw.githubusercontent.com/o/r/feature/new/plots/a.ipynb")
    assert isinstance(place, Place)
    assert "'feature' was taken for the branch" in place.notes[0]


@pytest.mark.parametrize(
    "address", ["https://example.org/a.ipynb", "s3://bucket/a.ipynb", "doi:10.5281/zenodo.1"]
)
def test_what_is_in_no_repository(address: str) -> None:
    source = sources.resolve(address)
    place = at_address(source.address, origin=source.origin, url=source.url)
    assert isinstance(place, Nowhere)
    assert "no place for repositories" in place.why


def test_no_secret_of_the_address_is_kept() -> None:
    address = "https://ada:sekrit@gitlab.corp.example/g/p/-/blob/main/a.ipynb?private_token=sekrit"
    assert "sekrit" not in repr(located(address))


@pytest.mark.parametrize(
    ("remote", "web"),
    [
        ("https://github.com/o/r.git", "https://github.com/o/r"),
        ("https://ada:sekrit@github.com/o/r.git", "https://github.com/o/r"),
        ("https://x-access-token:ghp_abc@github.com/o/r", "https://github.com/o/r"),
        ("git@github.com:o/r.git", "https://github.com/o/r"),
        ("git@gitlab.com:g/h/p.git", "https://gitlab.com/g/h/p"),
        ("ssh://git@ssh.github.com:443/o/r.git", "https://github.com/o/r"),
        ("ssh://git@git.example.org:2222/o/r.git", "https://git.example.org/o/r.git"),
        ("git://git.example.org/o/r", "https://git.example.org/o/r"),
        ("http://localhost:3000/o/r.git", "http://localhost:3000/o/r.git"),
        ("git+https://codeberg.org/o/r", "https://codeberg.org/o/r"),
        ("https://git.example.org/my group/r", "https://git.example.org/my%20group/r"),
        ("/srv/git/r.git", None),
        ("../r", None),
        ("file:///srv/r.git", None),
        ("work:o/r.git", None),
        ("ext::sh -c evil", None),
        ("C:/repos/r", None),
        ("https://github.com/../../x", None),
        ("", None),
    ],
)
def test_remotes(remote: str, web: str | None) -> None:
    found = on_the_web(remote)
    assert (found and found.url) == web


def test_the_same_repository() -> None:
    one = Reference("https://github.com", "O/R.git", "main")
    assert same(one, Reference("https://www.github.com", "o/r", hash=COMMIT))
    assert not same(one, Reference("https://gitlab.com", "o/r"))
    assert same(
        Reference("https://git.example.org", "o/r.git"), Reference("https://git.example.org/o", "r")
    )
    assert not same(
        Reference("https://git.example.org", "O/r"), Reference("https://git.example.org", "o/r")
    )


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """A repository with the branch ``feature/new``, as plain files over http."""
    subprocess.run(["git", "init", "-q", "-b", "feature/new", str(tmp_path / "work")], check=True)
    in_work = [
        "git",
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.org",
        "-C",
        str(tmp_path / "work"),
    ]
    subprocess.run([*in_work, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    bare = tmp_path / "web" / "o" / "r"
    subprocess.run(["git", "clone", "-q", "--bare", str(tmp_path / "work"), str(bare)], check=True)
    subprocess.run(["git", "-C", str(bare), "update-server-info"], check=True)
    handler = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(handler, directory=str(tmp_path / "web"))
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_repository_is_asked_where_a_branch_ends(served: str) -> None:
    address = f"{served}/o/r/raw/feature/new/plots/a.ipynb"
    guessed = at_address(address)
    assert isinstance(guessed, Place)
    assert guessed.path == "new/plots/a.ipynb"
    place = settled(guessed)
    assert (place.repository.ref, place.path, place.notes) == ("feature/new", "plots/a.ipynb", ())


def test_an_address_all_the_way(served: str, tmp_path: Path) -> None:
    """From a page's address on the command line, with a real fetch, to the link."""
    metadata = {"binder": {"version": 1, "build": {"host": "https://github.com", "path": "o/env"}}}
    file = tmp_path / "web" / "o" / "r" / "raw" / "feature" / "new" / "plots" / "a.ipynb"
    file.parent.mkdir(parents=True)
    body = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    file.write_text(json.dumps(body))
    command = [str(Path(sys.executable).parent / "binderclip"), "link", "--json"]
    done = subprocess.run(
        [*command, f"{served}/o/r/blob/feature/new/plots/a.ipynb"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    answer = json.loads(done.stdout)
    where = {"repository": f"{served}/o/r", "ref": "feature/new", "hash": None}
    assert answer["place"] == {**where, "path": "plots/a.ipynb", "notes": []}
    (link,) = answer["links"]
    assert link["kind"] == "binder-pull"
    assert "branch%3Dfeature%252Fnew%26urlpath%3Dlab%252Ftree%252Fr%252Fplots%252Fa" in link["url"]


def test_the_address_itself_is_opened(served: str, tmp_path: Path) -> None:
    """What was pasted, to the letter; a secret in it only where it is repeated with --url."""
    body = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "web" / "a b.ipynb").write_text(json.dumps(body))
    command = [str(Path(sys.executable).parent / "binderclip"), "link", "--open"]

    def link(address: str, *words: str) -> subprocess.CompletedProcess[str]:
        words = (address, "--hub", "hub.example.org", *words)
        return subprocess.run([*command, *words], capture_output=True, text=True, check=False)

    start = "https://hub.example.org/hub/user-redirect/binderclip/open?url="
    done = link(f"{served}/a%20b.ipynb?x=1")
    assert done.stdout == f"{start}{quote(f'{served}/a%20b.ipynb?x=1', safe='')}\n"
    assert "in a network of yours" in done.stderr
    secret = f"{served}/a%20b.ipynb?token=sekrit"
    done = link(secret)
    assert (done.returncode, done.stdout) == (21, "")
    assert "repeat the address with --url" in done.stderr
    assert "sekrit" not in done.stderr
    done = link(secret, "--url", secret)
    assert done.stdout == f"{start}{quote(secret, safe='')}\n"
    assert "whoever sees the link has it too" in done.stderr


def test_a_guess_stays_where_the_repository_does_not_help(served: str) -> None:
    for address in (f"{served}/o/r/raw/other/x/a.ipynb", f"{served}/o/none/raw/other/x/a.ipynb"):
        guessed = at_address(address)
        assert isinstance(guessed, Place)
        assert settled(guessed) == guessed
