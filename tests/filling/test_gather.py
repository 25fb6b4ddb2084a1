"""``gather``: who says what, and who is believed before whom."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.filling.strategies import COMMIT

from binderclip.filling import Facts, Stated, fill
from binderclip.filling.gather import gather
from binderclip.spec.model import Reference

FILE = {
    "host": "https://file.example",
    "image": "quay.io/file/image:1",
    "build": "https://github.com/file/build",
}
ON_BINDERHUB = {
    "BINDER_LAUNCH_HOST": "https://mybinder.org/",
    "BINDER_REQUEST": "v2/gh/binder/hub/main",
    "BINDER_PERSISTENT_REQUEST": f"v2/gh/binder/hub/{COMMIT}",
}
VARIABLES = {
    "BINDERCLIP_FILL_HOSTS": "https://one.example https://two.example/",
    "BINDERCLIP_FILL_IMAGE": "quay.io/variable/image:1",
    "BINDERCLIP_FILL_BUILD": "variable/build",
}
STATED = Stated(
    hosts=("https://stated.example",),
    image="quay.io/stated/image:1",
    build="https://github.com/stated/build@main",
)


def gathered(stated: Stated = STATED, **environ: str) -> Facts:
    return gather(stated, environ, shipped=())


def test_of_nothing() -> None:
    assert gathered(Stated()) == Facts()
    blank = dict.fromkeys([*VARIABLES, *ON_BINDERHUB, "JUPYTER_IMAGE_SPEC", "BINDERCLIP_FILL"], " ")
    assert gathered(Stated(policy=" ", hosts=("", " ")), **blank) == Facts()


def test_the_order(tmp_path: Path) -> None:
    """Each is taken away in turn; the next below speaks."""
    path = tmp_path / "binderclip.json"
    path.write_text(json.dumps(FILE))
    spawned = {"JUPYTER_IMAGE_SPEC": "quay.io/spawner/image:1"}
    environ = {**VARIABLES, **ON_BINDERHUB, **spawned}
    facts = gather(STATED, environ, shipped=[path])
    assert (facts.host, facts.image, facts.build) == (
        ("https://stated.example",),
        Reference("https://quay.io", "stated/image", "1"),
        Reference("https://github.com", "stated/build", "main"),
    )
    assert facts.sources == {
        "host": "c.Binderclip.hosts",
        "image": "c.Binderclip.image",
        "build": "c.Binderclip.build",
    }
    facts = gather(Stated(), environ, shipped=[path])
    assert facts.host == ("https://one.example", "https://two.example")
    assert facts.image == Reference("https://quay.io", "variable/image", "1")
    assert facts.build == Reference("https://github.com", "variable/build")
    assert set(facts.sources.values()) == set(VARIABLES)
    facts = gather(Stated(), {**ON_BINDERHUB, **spawned}, shipped=[path])
    assert facts.host == ("https://mybinder.org",)
    assert facts.image == Reference("https://quay.io", "file/image", "1")
    assert facts.build == Reference("https://github.com", "binder/hub", "main", COMMIT)
    assert facts.sources["build"] == "BINDER_REQUEST and BINDER_PERSISTENT_REQUEST"
    facts = gather(Stated(), spawned, shipped=[path])
    assert facts.image == Reference("https://quay.io", "spawner/image", "1")
    assert facts.build == Reference("https://github.com", "file/build")
    assert facts.sources == {
        "host": str(path),
        "image": "JUPYTER_IMAGE_SPEC",
        "build": str(path),
    }
    assert not facts.remarks


@pytest.mark.parametrize(
    ("stated", "part", "word"),
    [
        (Stated(hosts=("https://a.example", "ftp://b.example")), "host", "ftp"),
        (Stated(hosts=tuple(f"https://h{n}.example" for n in range(17))), "host", "17"),
        (Stated(image="quay.io/Upper/Case"), "image", "Upper"),
        (Stated(image="quay.io/" + "a/" * 200 + "b"), "image", "255"),
        (Stated(build="git@github.com:o/r"), "build", "ssh"),
        (Stated(build="no repository"), "build", "no repository"),
        (Stated(build="x" * 9000), "build", "9000"),
    ],
)
def test_a_broken_word_does_not_fall_through(stated: Stated, part: str, word: str) -> None:
    facts = gathered(stated, **VARIABLES)
    assert not getattr(facts, part)
    assert part not in facts.sources
    assert len(facts.sources) == 2
    (remark,) = facts.remarks
    assert remark.startswith(f"c.Binderclip.{part}")
    assert word in remark
    assert f"no {part} is filled in" in remark


def test_one_host_that_is_broken_takes_the_others_along() -> None:
    facts = gathered(Stated(), BINDERCLIP_FILL_HOSTS="https://a.example nonsense")
    assert facts.host == ()
    assert len(facts.remarks) == 1


@pytest.mark.parametrize("word", ["https://Ada:sekrit@x.org/o/r", "https://x.org/r?token=sekrit"])
@pytest.mark.parametrize("name", [*VARIABLES, *ON_BINDERHUB, "JUPYTER_IMAGE_SPEC"])
def test_secrets_are_not_repeated(word: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "binderclip.json").write_text(json.dumps(dict.fromkeys(FILE, word)))
    stated = Stated(hosts=(word,), image=word, build=word, known_hosts=(word,), policy=word)
    assert "sekrit" not in repr(replaced_policy(stated))
    for facts in (
        gathered(stated),
        gathered(Stated(), **{name: word, "BINDERCLIP_FILL_KNOWN_HOSTS": word}),
        gather(Stated(), {}, shipped=[tmp_path / "binderclip.json"]),
    ):
        assert facts.remarks
        assert facts.value is None
        assert "sekrit" not in repr(facts)


def replaced_policy(stated: Stated) -> Stated:
    return Stated(hosts=stated.hosts, image=stated.image, build=stated.build)


@pytest.mark.parametrize(
    ("word", "host"),
    [
        ("HTTPS://Hub.Example:443/", "https://hub.example"),
        ("http://hub.example:80/Prefix/", "http://hub.example/Prefix"),
        ("http://127.0.0.1:8585", "http://127.0.0.1:8585"),
        ("http://[::1]:8585/x", "http://[::1]:8585/x"),
        ("https://bücher.example/hub", "https://xn--bcher-kva.example/hub"),
        ("https://hub.example./", "https://hub.example"),
    ],
)
def test_one_form_for_a_host(word: str, host: str) -> None:
    facts = gathered(Stated(hosts=(word, host)))
    assert facts.host == (host,)


@pytest.mark.parametrize(
    "word",
    [
        "hub.example",
        "https://",
        "https://hub.example:0",
        "https://hub.example:99999",
        "https://hub.example/?x=1",
        "https://hub.example/#x",
        "https://hub .example",
        "https://hub.example\n",
        "https://hub.exam\x00ple",
        "https://hub.example/\x1b[31m",
        "https://\u202ehub.example",
        "https://hub.example\\@evil.example",
        "https://@hub.example",
        "https://" + "a" * 64 + ".example",
        "https://hub.example/%00",
        "https://\udcff.example",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_host(word: str) -> None:
    facts = gathered(Stated(hosts=("https://a.example", word, word)))
    if word.endswith("\n"):  # white space around a word is nobody's intention
        assert facts.host == ("https://a.example", "https://hub.example")
        return
    assert facts.host == ()
    (remark,) = facts.remarks
    assert remark.isprintable()
    assert len(remark) <= 401


@pytest.mark.parametrize("policy", ["missing", "managed", "never"])
def test_policies(policy: str) -> None:
    assert gathered(Stated(policy=policy), BINDERCLIP_FILL="else").policy == policy
    facts = gathered(Stated(), BINDERCLIP_FILL=f" {policy} ")
    assert (facts.policy, facts.remarks) == (policy, ())


@pytest.mark.parametrize("word", ["Managed", "always", "true", "\x1b[31m", "x" * 10_000])
def test_a_word_that_is_no_policy_is_never(word: str) -> None:
    for facts in (
        gathered(Stated(policy=word), BINDERCLIP_FILL="managed", **VARIABLES),
        gathered(Stated(), BINDERCLIP_FILL=word, **VARIABLES),
    ):
        assert facts.policy == "never"
        assert fill({}, facts) == {}
        (remark,) = facts.remarks
        assert "expected missing, managed or never" in remark
        assert ("did you mean 'managed'?" in remark) == (word == "Managed")
        assert remark.isprintable()
        assert word[:41] not in remark or len(word) <= 40


def test_a_word_that_is_no_yes_is_no(tmp_path: Path) -> None:
    for word in ("0", "no", "False", " "):
        assert (
            gather(Stated(), {"BINDERCLIP_FILL_GIT": word}, folder=tmp_path, shipped=()) == Facts()
        )
    facts = gather(Stated(), {"BINDERCLIP_FILL_GIT": "perhaps"}, folder=tmp_path, shipped=())
    (remark,) = facts.remarks
    assert "'perhaps'" in remark


class Watched(Mapping[str, str]):
    """Notes who is asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ, self.asked = environ, set[str]()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.environ[name]

    def __iter__(self) -> Iterator[str]:
        """Of names alone: misspelt ones are told."""
        return iter(self.environ)

    def __len__(self) -> int:
        raise AssertionError("somebody counts everything")


def test_the_address_of_the_browser_is_not_read() -> None:
    environ = Watched({**ON_BINDERHUB, "BINDER_CLIENT_IP": "192.0.2.7"})
    facts = gather(Stated(), environ)
    assert "BINDER_CLIENT_IP" not in environ.asked
    assert facts == gather(Stated(), ON_BINDERHUB)
    assert "192.0.2.7" not in repr(facts)


def test_nothing_is_kept_of_a_hub_s_own_address() -> None:
    assert gathered(Stated(), BINDERCLIP_HUB="https://hub.example") == Facts()


@pytest.mark.parametrize(
    ("pasted", "alone"),
    [
        ("https://mybinder.org/v2/gh/o/r", "https://mybinder.org"),
        ("https://mybinder.org/v2/gh/o/r/main?labpath=a.ipynb", "https://mybinder.org"),
        (
            "https://hub.example/binder/v2/git/https%3A%2F%2Fx.org%2Fr/HEAD",
            "https://hub.example/binder",
        ),
    ],
)
def test_a_launch_link_is_no_host(pasted: str, alone: str) -> None:
    for facts in (
        gathered(Stated(hosts=("https://a.example", pasted))),
        gathered(Stated(), BINDERCLIP_FILL_HOSTS=f"https://a.example {pasted}"),
    ):
        assert facts.host == ()
        (remark,) = facts.remarks
        assert "found the launch link 'https://" in remark
        assert f"(did you mean {alone!r}?); no host is filled in" in remark
    (remark,) = gathered(Stated(known_hosts=(pasted,))).remarks
    assert f"did you mean {alone!r}?" in remark


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (f"sha256:{'0' * 64}", "the id of an image"),
        (f"docker://sha256:{'0' * 64}", "the id of an image"),
        ("0123456789ab", "the id of an image"),
        ("localhost:5000/o/x", "in a registry of this machine"),
        ("http://127.1:5000/o/x", "in a registry of this machine"),
        ("0x7f.1/o/x:1", "in a registry of this machine"),
        ("2130706433:5000/o/x", "in a registry of this machine"),
        ("[::1]:5000/o/x", "in a registry of this machine"),
        ("[::ffff:7f00:1]:5000/o/x", "in a registry of this machine"),
        ("singleuser:5", "docker.io/library/singleuser:5 is the one of Docker Hub"),
    ],
)
def test_an_image_that_only_this_machine_has(image: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "binderclip.json"
    path.write_text(json.dumps({"image": image}))
    for facts in (
        gathered(Stated(image=image)),
        gathered(Stated(), BINDERCLIP_FILL_IMAGE=image),
        gathered(Stated(), JUPYTER_IMAGE_SPEC=image),
        gather(Stated(), {}, shipped=[path]),
    ):
        assert facts.image is None
        (remark,) = facts.remarks
        assert why in remark
        assert remark.endswith("no image is filled in")


def test_an_image_of_this_machine_as_metadata_has_it(tmp_path: Path) -> None:
    path = tmp_path / "binderclip.json"
    path.write_text(json.dumps({"image": {"host": "http://localhost:5000", "path": "o/x"}}))
    facts = gather(Stated(), {}, shipped=[path])
    assert facts.image is None
    assert "in a registry of this machine" in facts.remarks[0]


def test_docker_hub_s_own_image_has_to_be_said() -> None:
    facts = gathered(Stated(image="docker.io/library/python:3.12"))
    assert facts.image == Reference("https://docker.io", "library/python", "3.12")
    assert not facts.remarks


def test_addresses_of_this_machine_are_taken_with_a_remark() -> None:
    """Whoever tries a BinderHub out has it there."""
    facts = gathered(Stated(hosts=("http://127.1:8585",), build="http://localhost:3000/o/r@main"))
    assert facts.host == ("http://127.1:8585",)
    assert facts.build == Reference("http://localhost:3000", "o/r", "main")
    assert [remark.partition(":")[0] for remark in facts.remarks] == [
        "c.Binderclip.hosts",
        "c.Binderclip.build",
    ]
    assert all("an address of this machine itself" in remark for remark in facts.remarks)
    assert facts.value


def test_a_host_is_an_address() -> None:
    like = "expected the address of a BinderHub like 'https://mybinder.org'"
    (remark,) = gathered(Stated(hosts=("mybinder.org",))).remarks
    assert remark.startswith(f"c.Binderclip.hosts: found 'mybinder.org', {like}")
    (remark,) = gathered(Stated(known_hosts=("mybinder.org",))).remarks
    assert remark == f"c.Binderclip.known_hosts: found 'mybinder.org', {like}"


@pytest.mark.parametrize("said", ["https://a.org,https://b.org", "https://a.org, https://b.org"])
def test_spaces_stand_between_hosts(said: str) -> None:
    facts = gathered(Stated(), BINDERCLIP_FILL_HOSTS=said, BINDERCLIP_FILL_KNOWN_HOSTS=said)
    assert facts.host == ()
    commas = "found commas, expected addresses with spaces between them"
    assert facts.remarks == (
        f"BINDERCLIP_FILL_KNOWN_HOSTS: {commas}",
        f"BINDERCLIP_FILL_HOSTS: {commas}; no host is filled in",
    )


def test_no_secret_of_a_policy_is_repeated_by_half() -> None:
    word = f"https://ada:{'s3cret' * 20}@example.org"
    (remark,) = gathered(Stated(policy=word)).remarks
    assert "s3cret" not in remark


def test_misspelt_variables_are_told() -> None:
    misspelt = {
        "BINDERCLIP_FILL_HOST": "did you mean BINDERCLIP_FILL_HOSTS?",
        "BINDERCLIP_FILLBUILD": "did you mean BINDERCLIP_FILL_BUILD?",
        "BINDERCLIP_FIL": "did you mean BINDERCLIP_FILL?",
        "BINDERCLIP_HUBS": "did you mean BINDERCLIP_HUB?",
        "BINDERCLIP_FILM_\x1b_" + "X" * 300: "expected one of BINDERCLIP_FILL, ",
    }
    others = {"BINDERCLIP_CACHE": "/x", "BINDERCLIP_HUB": "https://x.org", "BINDERCLIP_ON": "auto"}
    for name, meant in misspelt.items():
        (remark,) = gathered(Stated(), **{name: "s3cret"}, **others).remarks
        assert f" is not known; {meant}" in remark
        assert remark.isprintable()
        assert "s3cret" not in remark
    many = {f"BINDERCLIP_FILL_{number}": "" for number in range(100)}
    assert len(gathered(Stated(), **many).remarks) == 8
