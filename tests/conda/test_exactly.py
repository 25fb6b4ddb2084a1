"""Frozen files: read back by us, and read by conda where one is there."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.conda.channel import ChannelFolder
from tests.conda.conftest import Steps, written

from binderclip import conda
from binderclip.conda import CondaFile, Pinned, Solution, exactly
from binderclip.errors import ResolveError

ONE = "a" * 64
TWO = "b" * 32


def _pinned(name: str, channel: str, sha256: str = ONE, md5: str = "") -> Pinned:
    return Pinned(name, "1!2.0+3", "py311_0", "noarch", channel, "", "", sha256, md5)


def _file(*channels: str, name: str | None = None, **variables: str) -> CondaFile:
    return CondaFile("e", name, channels, (), variables=variables)


def _frozen(file: CondaFile, *pinned: Pinned, pip: tuple[str, ...] = ()) -> str:
    return conda.exact(file, Solution("linux-64", (), pinned), pip)


def test_the_form_of_a_frozen_file() -> None:
    asked = _file("bioconda", "conda-forge", name="x", GRID="4")
    text = _frozen(
        asked,
        _pinned("python", "conda-forge"),
        _pinned("samtools", "bioconda", "", TWO),
        pip=("zarr==2 --hash=sha256:ab --hash=sha256:cd",),
    )
    assert text == (
        "# exact packages for linux-64\n"
        f"# inputs: sha256:{exactly.digest(asked)}\n"
        "name: x\n"
        "channels:\n"
        "  - bioconda\n"
        "  - conda-forge\n"
        "dependencies:\n"
        f"  - python==1!2.0+3=py311_0[channel=conda-forge,sha256={ONE}]\n"
        f"  - samtools==1!2.0+3=py311_0[channel=bioconda,md5={TWO}]\n"
        "  - pip:\n"
        '      - "zarr==2 --hash=sha256:ab --hash=sha256:cd"\n'
        "variables:\n"
        '  GRID: "4"\n'
    )
    file = conda.read(text, "e")
    assert file.pip == ("zarr==2 --hash=sha256:ab --hash=sha256:cd",)
    assert file.variables == {"GRID": "4"}
    assert [(one.name, one.version, one.channel) for one in exactly.pins(file)] == [
        ("python", "1!2.0+3", "conda-forge"),
        ("samtools", "1!2.0+3", "bioconda"),
    ]
    assert exactly.platform_of(text) == "linux-64"
    assert exactly.digest_of(text) == exactly.digest(asked) != exactly.digest(file)


def test_repo2docker_reads_the_python_of_a_frozen_file() -> None:
    one = Pinned("python", "3.12.4", "h194c7f8_0_cpython", "linux-64", "a", "", "", ONE)
    assert conda.read(_frozen(_file("a", "b"), one), "e").python == "3.12"


def test_one_channel_needs_no_mention() -> None:
    text = _frozen(_file("conda-forge"), _pinned("x", "conda-forge"))
    assert f"  - x==1!2.0+3=py311_0[sha256={ONE}]\n" in text
    assert "nodefaults" not in text
    assert "nodefaults" in _frozen(_file("bioconda"), _pinned("x", "bioconda"))


@given(
    st.lists(st.text(max_size=30), max_size=3),
    st.dictionaries(st.from_regex(r"\A[A-Za-z_]\w{0,8}\Z"), st.text(max_size=30), max_size=3),
    st.sampled_from([None, "yes", "1.0", "a: b", "# x", "é", "null", "'", "0x1f", "1:30", "~"]),
)
def test_what_people_wrote_survives(
    pip: list[str], variables: dict[str, str], name: str | None
) -> None:
    lines = tuple(dict.fromkeys(line.strip() for line in pip if line.strip()))
    clean = {key: value.replace("\0", "") for key, value in variables.items() if key.isascii()}
    file = conda.read(_frozen(_file("a", name=name, **clean), pip=lines), "e")
    assert (file.name, file.pip, file.variables) == (name, lines, clean)


def test_a_frozen_file_is_plain_yaml() -> None:
    text = _frozen(_file("http://127.0.0.1:80/a b", "c"), _pinned("x", "http://127.0.0.1:80/a"))
    assert yaml.safe_load(text)["channels"] == ["http://127.0.0.1:80/a b", "c", "nodefaults"]


@pytest.mark.parametrize("over", ["url", "http"])
def test_a_frozen_file_keeps_the_old_when_the_channel_has_newer(
    ch: ChannelFolder, steps: Steps, over: str
) -> None:
    file = conda.read(written(getattr(ch, over), "tool"), "environment.yml")
    before = steps.solve(file)
    text = conda.exact(file, before, [])
    ch.add("part", "1.0", build="1", number=1, indexed=False)
    ch.add("part", "2.0", indexed=False)
    ch.add("tool", "1.1", depends=["part"])
    assert steps.solve(text).pinned == before.pinned
    assert steps.solve(file).version("tool") == "1.1"


def test_another_file_under_the_same_name_is_refused(ch: ChannelFolder, steps: Steps) -> None:
    file = conda.read(written(ch.url, "tool"), "environment.yml")
    text = conda.exact(file, steps.solve(file), [])
    ch.add("part", "1.0", files={"share/part": b"changed"})
    with pytest.raises(ResolveError) as caught:
        steps.solve(text)
    assert "part 1.0 0 is another file now" in caught.value.message
    assert "freeze again" in str(caught.value.hint)


def test_channels_without_sha256_are_pinned_by_md5(ch: ChannelFolder, steps: Steps) -> None:
    index = ch.folder / "noarch/repodata.json"
    known = json.loads(index.read_text("utf-8"))
    for packages in (known["packages"], known.get("packages.conda", {})):
        for record in packages.values():
            del record["sha256"]
    index.write_text(json.dumps(known), "utf-8")
    file = conda.read(written(ch.url, "tool"), "environment.yml")
    solution = steps.solve(file)
    text = conda.exact(file, solution, [])
    assert "[md5=" in text
    assert steps.solve(text).pinned == solution.pinned
