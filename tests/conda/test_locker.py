"""environment.yml frozen by its Locker: what stays, what moves, what is gone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest
from tests.conda.channel import ChannelFolder, channel

from binderclip import conda
from binderclip.conda import exactly
from binderclip.errors import Refused, ResolveError, Unreachable
from binderclip.freeze.conda import CondaLocker
from binderclip.freeze.locking import Lockable, Locked
from binderclip.freeze.requirements import RequirementsLocker

HASH = "a" * 64


@dataclass
class Pip:
    """A Locker for the pip: list that knows one version of everything."""

    seen: list[tuple[str, str, str | None, str]] = field(default_factory=list)
    dead: str | None = None
    clash: bool = False

    async def lock(
        self, wanted: Lockable, *, upgrade: bool, observe: Callable[[str], None]
    ) -> Locked:
        text = self._note(wanted)
        observe(f"pip, upgrade={upgrade}")
        if self.clash and "-c " in text:
            raise ResolveError("no version of it fits")
        names = [line for line in text.splitlines() if not line.startswith("-")]
        body = "".join(
            f"{name}==1.0 \\\n    --hash=sha256:{HASH} \\\n    --hash=sha256:{HASH}\n    # via x\n"
            for name in (*names, "helper")
        )
        return Locked(f"# made by a tool\n{body}", ("a remark of pip's",))

    def holds(self, wanted: Lockable) -> str | None:
        text = self._note(wanted)
        missing = [line for line in text.splitlines() if f"{line}==" not in (wanted.previous or "")]
        return f"it has no {missing[0]}" if missing else None

    async def alive(self, wanted: Lockable) -> str | None:
        self._note(wanted)
        return self.dead

    def _note(self, wanted: Lockable) -> str:
        text = (wanted.root / wanted.path).read_text("utf-8")
        self.seen.append((wanted.path, text, wanted.previous, wanted.python))
        return text


class Kit:
    def __init__(self, ch: ChannelFolder, tmp_path: Path) -> None:
        self.ch, self.pip, self.said = ch, Pip(), list[str]()
        self.locker = CondaLocker(tmp_path / "cache", self.pip)
        self.root = tmp_path / "root"
        (self.root / "binder").mkdir(parents=True)

    def wanted(
        self, *dependencies: str, previous: str | None = None, channels: str = ""
    ) -> Lockable:
        entries = "".join(f"- {one}\n" for one in dependencies)
        text = f"channels: [{channels or self.ch.url}, nodefaults]\ndependencies:\n{entries}"
        (self.root / "binder/environment.yml").write_text(text, "utf-8")
        return Lockable(self.root, "binder/environment.yml", "3.11", "linux-64", previous)

    def lock(self, wanted: Lockable, *, upgrade: bool = False) -> Locked:
        return asyncio.run(self.locker.lock(wanted, upgrade=upgrade, observe=self.said.append))

    def alive(self, wanted: Lockable) -> str | None:
        return asyncio.run(self.locker.alive(wanted))

    def left(self) -> list[str]:
        return sorted(path.name for path in (self.root / "binder").iterdir())


@pytest.fixture
def kit(ch: ChannelFolder, tmp_path: Path) -> Kit:
    for version in ("3.10.4", "3.11.7", "3.12.1"):
        ch.add("python", version, build="h1_0_cpython", indexed=False)
    ch.add("helper", "1.0", depends=["python"], indexed=False)
    ch.add("pip", "24.0", depends=["python"])
    return Kit(ch, tmp_path)


def _versions(text: str) -> dict[str, str]:
    return {one.name: one.version for one in exactly.pins(conda.read(text, "e"))}


def test_everything_is_pinned_and_pinning_again_changes_nothing(kit: Kit) -> None:
    wanted = kit.wanted("tool", "python=3.11", "pip: [zarr]")
    locked = kit.lock(wanted)
    assert _versions(locked.text).keys() == {"part", "pip", "python", "tool"}
    assert _versions(locked.text)["python"] == "3.11.7"
    pip = conda.read(locked.text, "e").pip
    assert f"zarr==1.0 --hash=sha256:{HASH} --hash=sha256:{HASH}" in pip
    again = replace(wanted, previous=locked.text)
    assert kit.locker.holds(again) is None
    assert kit.alive(again) is None
    kit.ch.add("tool", "2.0")
    assert kit.lock(again).text == locked.text
    assert _versions(kit.lock(again, upgrade=True).text)["tool"] == "2.0"
    assert kit.left() == ["environment.yml"]
    assert locked.remarks == ("a remark of pip's",)


def test_the_pip_list_lies_beside_the_file_and_knows_what_conda_brings(kit: Kit) -> None:
    locked = kit.lock(kit.wanted("tool", "helper", "pip: [zarr, -e .]"))
    path, text, previous, python = kit.pip.seen[0]
    assert path == "binder/environment.yml.pip.txt"
    assert text == "zarr\n-e .\n-c environment.yml.pip-constraints.txt\n"
    assert (previous, python) == (None, "3.11")
    lines = conda.read(locked.text, "e").pip
    assert [line.split("==")[0] for line in lines] == ["zarr"]


def test_what_the_pip_list_asks_for_itself_stays_in_it(kit: Kit) -> None:
    locked = kit.lock(kit.wanted("helper", "pip: [zarr, Helper]"))
    names = [line.split("==")[0] for line in conda.read(locked.text, "e").pip]
    assert names == ["zarr", "Helper", "helper"]


def test_a_pip_list_that_conda_cannot_serve_gets_its_own_versions(kit: Kit) -> None:
    kit.pip.clash = True
    locked = kit.lock(kit.wanted("helper", "pip: [zarr]"))
    assert [line.split("==")[0] for line in conda.read(locked.text, "e").pip] == ["zarr", "helper"]
    assert any("other versions than conda's" in one for one in locked.remarks)


def test_a_file_without_python_gets_the_one_that_repo2docker_has(kit: Kit) -> None:
    wanted = kit.wanted("tool")
    locked = kit.lock(replace(wanted, python="3.10"))
    assert _versions(locked.text)["python"] == "3.10.4"
    again = replace(wanted, previous=locked.text)
    assert kit.locker.holds(replace(again, python="3.10")) is None
    assert "python" in str(kit.locker.holds(replace(again, python="3.12")))


@pytest.mark.parametrize(
    ("dependencies", "why"),
    [
        (("tool=2", "python=3.11"), "it has tool 1.0, and tool=2 is asked for"),
        (("tool", "python>=3.12"), "it has python 3.11.7, and python>=3.12 is asked for"),
        (("tool", "python=3.11", "extra"), "it has no extra"),
        (("tool", "python=3.11", "pip: [zarr]"), "it has no pip"),
        (("tool", "python=3.11.*=*_cpython"), None),
        (("'tool[version=\">=1,<2\",build=0]'", "python=3.11"), None),
        (("part", "python=3.11"), None),
    ],
)
def test_a_frozen_file_holds_or_says_why_not(
    kit: Kit, dependencies: tuple[str, ...], why: str | None
) -> None:
    locked = kit.lock(kit.wanted("tool", "python=3.11"))
    assert kit.locker.holds(kit.wanted(*dependencies, previous=locked.text)) == why


def test_other_reasons_not_to_hold(kit: Kit) -> None:
    wanted = kit.wanted("tool", "pip: [zarr]")
    locked = kit.lock(wanted)
    again = replace(wanted, previous=locked.text)
    assert kit.locker.holds(wanted) == "it was never frozen"
    assert kit.locker.holds(replace(again, previous="- nonsense")) == "it cannot be read"
    assert "osx-64 is asked for" in str(kit.locker.holds(replace(again, platform="osx-64")))
    other = kit.wanted("tool", "pip: [zarr]", previous=locked.text, channels="file:///else")
    assert kit.locker.holds(other) == "the channels are others"
    more = kit.wanted("tool", "pip: [zarr, extra]", previous=locked.text)
    assert kit.locker.holds(more) == "it has no extra"
    less = kit.wanted("tool", "pip", previous=locked.text)
    assert kit.locker.holds(less) == "the pip: list is gone"
    loose = locked.text.replace("tool==1.0=0", "tool>=1")
    assert "exactly" in str(kit.locker.holds(replace(again, previous=loose)))


def test_what_is_gone_is_named(kit: Kit) -> None:
    wanted = kit.wanted("tool", "pip: [zarr]", channels=kit.ch.http)
    again = replace(wanted, previous=kit.lock(wanted).text)
    assert kit.alive(again) is None
    kit.pip.dead = "zarr 1.0 was withdrawn"
    assert kit.alive(again) == "zarr 1.0 was withdrawn"
    kit.ch.add("part", "1.0", files={"share/part": b"changed"})
    assert kit.alive(again) == "no channel offers part 1.0 0, the very file"
    kit.ch.statuses["repodata"] = 404
    assert "there is no channel at" in str(kit.alive(again))
    kit.ch.statuses["repodata"] = 503
    with pytest.raises(Unreachable):
        kit.alive(again)


def test_errors_come_through_the_process(kit: Kit) -> None:
    with pytest.raises(ResolveError, match=r"binder/environment\.yml: .*nowhere"):
        kit.lock(kit.wanted("nowhere"))
    with pytest.raises(Refused, match="dependencies\\[0\\]"):
        kit.lock(kit.wanted("''"))
    with pytest.raises(Unreachable):
        kit.lock(kit.wanted("tool", channels="http://127.0.0.1:1/c"))
    assert kit.left() == ["environment.yml"]


def test_what_is_taken_for_names_of_ours_is_left_alone(kit: Kit) -> None:
    taken = kit.root / "binder/environment.yml.pip.txt"
    taken.symlink_to("/dev/null")
    kit.lock(kit.wanted("tool", "pip: [zarr]"))
    assert kit.pip.seen[0][0] == "binder/environment.yml.pip1.txt"
    assert taken.is_symlink()


def test_two_channels_are_kept_apart(kit: Kit, tmp_path: Path) -> None:
    with channel(tmp_path / "second") as second:
        second.add("other", "1.0")
        both = f"{kit.ch.url}, {second.url}"
        wanted = kit.wanted("tool", "other", channels=both)
        locked = kit.lock(wanted)
        assert f"other==1.0=0[channel={second.url}," in locked.text
        again = replace(wanted, previous=locked.text)
        assert kit.locker.holds(again) is None
        assert kit.alive(again) is None
        kit.ch.add("other", "2.0")
        assert kit.lock(again).text == locked.text
        asked = kit.wanted("tool", f"{kit.ch.url}::other", channels=both, previous=locked.text)
        assert "from the channel" in str(kit.locker.holds(asked))


def test_the_pip_list_is_pinned_by_the_locker_of_requirements(kit: Kit, tmp_path: Path) -> None:
    """The real one, with uv and PyPI; an included file lies where the list says."""
    (kit.root / "binder/more.txt").write_text("iniconfig<2.1\n", "utf-8")
    locker = CondaLocker(tmp_path / "cache", RequirementsLocker())
    wanted = kit.wanted("tool", "python=3.11", "pip: [-r more.txt, six]")
    locked = asyncio.run(locker.lock(wanted, upgrade=False, observe=kit.said.append))
    lines = conda.read(locked.text, "e").pip
    assert [line.split("==")[0] for line in lines] == ["iniconfig", "six"]
    assert all(" --hash=sha256:" in line for line in lines)
    again = replace(wanted, previous=locked.text)
    assert locker.holds(again) is None
    assert asyncio.run(locker.alive(again)) is None
    assert asyncio.run(locker.lock(again, upgrade=False, observe=print)).text == locked.text
    (kit.root / "binder/more.txt").write_text("iniconfig<2.0\n", "utf-8")
    assert locker.holds(again) is not None


def test_cancelling_ends_the_process_that_asks(kit: Kit) -> None:
    children = psutil.Process().children

    async def work(port: int, asked: socket.socket) -> None:
        wanted = kit.wanted("tool", channels=f"http://127.0.0.1:{port}/c")
        locking = asyncio.create_task(kit.locker.lock(wanted, upgrade=False, observe=print))
        connection, _ = await asyncio.to_thread(asked.accept)
        assert children()
        locking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await locking
        connection.close()

    before = {one.pid for one in children()}
    with socket.create_server(("127.0.0.1", 0)) as asked:
        asyncio.run(work(asked.getsockname()[1], asked))
    assert {one.pid for one in children()} <= before


def test_words_about_the_pip_list_name_the_file_that_people_know(kit: Kit) -> None:
    locker = CondaLocker(kit.locker.cache, RequirementsLocker())
    wanted = kit.wanted("tool", "pip: [-r gone.txt]")
    with pytest.raises(Refused, match=r"environment\.yml \(pip:\)"):
        asyncio.run(locker.lock(wanted, upgrade=False, observe=print))
    assert kit.left() == ["environment.yml"]
