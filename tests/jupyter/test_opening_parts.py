"""Open by address, in process: files, the page, what is kept."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import weakref
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.jupyter.reader import Reader

from binderclip.copying.model import Copies, File, Origin
from binderclip.errors import (
    BinderclipError,
    Refused,
    TooLarge,
)
from binderclip.fetch import Fetched
from binderclip.filling import Facts
from binderclip.jupyter.opening.asking import asking
from binderclip.jupyter.opening.contents import Spot
from binderclip.jupyter.opening.describing import Wanted, wanted
from binderclip.jupyter.opening.finding import Finder, Found
from binderclip.jupyter.opening.names import Destination
from binderclip.jupyter.opening.offer import Offer, offer_as_json
from binderclip.jupyter.opening.pages import Frame, front
from binderclip.jupyter.opening.present import present
from binderclip.jupyter.opening.query import Query
from binderclip.notebook import parse
from binderclip.pages.excerpt import Excerpt
from binderclip.pages.kept import Kept, Tell, bare
from binderclip.pages.lengths import TEXT_BYTES
from binderclip.pages.markup import Html
from binderclip.sources import OpenGuard, resolve

HERE = Frame("/user/ada/", "1")
LONG = "https://example.org/a.ipynb?X-Amz-Signature=" + "é&<\"'" * 1500


class TestFront:
    def test_one_field(self) -> None:
        page = Reader(front(HERE, *Query("", "p/", "lab").mended()))
        assert page.inputs == {"url": "", "path": "p/", "app": "lab"}
        assert "address" in page.heading

    def test_what_leads_nowhere_is_left_out_and_told(self) -> None:
        page = Reader(front(HERE, *Query("u", "../x", "labb", ("pth",)).mended()))
        assert page.inputs == {"url": "u"}
        for words in ("Left out of the link: path:", "app: found 'labb'", "did you mean path=?"):
            assert words in page.text


def copied(*files: tuple[str, bytes], kind: str = "sha1") -> tuple[File, ...]:
    repository = SimpleNamespace(shown="https://example.org/o/r")
    origin = Origin("content", "main", "1" * 40, cast("Any", repository))
    return tuple(
        File(
            path,
            origin,
            path,
            hashlib.new(kind, b"blob %d\0" % len(data) + data).hexdigest(),
            len(data),
            executable=False,
        )
        for path, data in files
    )


class TestPresent:
    @pytest.mark.parametrize("kind", ["sha1", "sha256"])
    def test_before_the_click(self, tmp_path: Path, kind: str) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a/same").write_bytes(b"x\n")
        (tmp_path / "a/other").write_bytes(b"y\n")
        (tmp_path / "a/longer").write_bytes(b"longer")
        (tmp_path / "a/folder").mkdir()
        (tmp_path / "a/link").symlink_to("same")
        (tmp_path / "linked").symlink_to("a")
        (tmp_path / "file").write_bytes(b"")
        names = {
            "a/same": "same",
            "a/other": "other",
            "a/longer": "other",
            "a/folder": "other",
            "a/link": "other",
            "a/new": "new",
            "b/c/new": "new",
            "linked/same": "blocked",
            "linked/deep/new": "blocked",
            "file/x": "blocked",
        }
        files = copied(*((name, b"x\n") for name in names), kind=kind)
        before = sorted(tmp_path.rglob("*"))
        assert present(files, tmp_path) == names
        assert sorted(tmp_path.rglob("*")) == before

    def test_only_so_much_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "big").write_bytes(b"\0" * (33 * 2**20))
        (file,) = copied(("big", b""))
        assert present([replace(file, size_bytes=33 * 2**20)], tmp_path) == {"big": "there"}


def found(name: str = "heat.ipynb", **more: Any) -> Found:
    source = resolve(f"https://example.org/{name}")
    fields: dict[str, Any] = {
        "fetched": Fetched(b"{}", source, source.url),
        "sha": b"",
        "excerpt": Excerpt("Sign in again at evil.example"),
        "wanted": Wanted(),
        "text": False,
    }
    return Found(**(fields | more))


def offered(**more: Any) -> Offer:
    fields: dict[str, Any] = {
        "found": found(),
        "destination": Destination("", "heat.ipynb"),
        "spot": Spot("heat.ipynb"),
        "application": "JupyterLab",
    }
    return Offer(**(fields | more))


def shown(offer: Offer) -> Reader:
    return Reader(
        asking(HERE, Query("https://example.org/heat.ipynb"), offer, job="j", xsrf=Html())
    )


class TestAsking:
    def test_the_heading_is_ours(self) -> None:
        page = shown(offered())
        assert page.heading == "Open heat.ipynb?"
        assert "It calls itself  Sign in again at evil.example" in page.text

    def test_the_persons_own_comes_first(self) -> None:
        spot = Spot("heat-1.ipynb", other="heat.ipynb")
        page = shown(offered(spot=spot, other_page="/user/ada/lab/tree/heat.ipynb"))
        own = ("/user/ada/lab/tree/heat.ipynb", "Open the heat.ipynb that is there")
        assert page.links == [own]
        assert "Save a new copy as  heat-1.ipynb" in page.text
        assert page.text.index("that is there") < page.text.index("Save a new copy")

    def test_the_same_is_opened_and_nothing_else(self) -> None:
        page = shown(offered(spot=Spot("heat.ipynb", there=True)))
        assert not page.links
        assert "Open in JupyterLab" in page.text
        assert "Save" not in page.text.replace("Saved as", "")

    def test_the_button_says_what_it_does(self) -> None:
        copies = Copies(copied(("a", b"1"), ("b", b"2"), ("c", b"3")))
        states = {"a": "same", "b": "new", "c": "new"}
        both = offered(copies=copies, states=states)
        assert "Save with 2 files and open in JupyterLab" in shown(both).text
        there = replace(both, spot=Spot("heat.ipynb", there=True))
        assert "Save 2 files and open in JupyterLab" in shown(there).text
        nothing = replace(there, states=dict.fromkeys("abc", "same"))
        assert "Open in JupyterLab" in shown(nothing).text
        assert "nothing is written, since all are there" in shown(nothing).text
        for words in ("there already", "2 to be written, and over no other"):
            assert words in shown(both).text

    def test_code_first_and_nothing_refused_is_hidden(self) -> None:
        many = copied(*((f"data/{number:04}.csv", b"") for number in range(500)))
        code = copied(("z/late.py", b""), *((f"y/{n}.py", b"") for n in range(300)))
        refused = tuple(
            (file, "it is hidden") for file in copied(*((f".{n}", b"") for n in range(450)))
        )
        page = shown(offered(copies=Copies((*many, *code)), refused=refused))
        assert page.text.count("it is hidden") == 450
        assert "601 more that are not shown here, 101 of them code" in page.text
        order = [
            page.text.index(name) for name in ("$HOME/.449", "$HOME/z/late.py", "$HOME/y/0.py")
        ]
        assert order == sorted(order)
        assert ".csv" not in page.text

    def test_the_same_state_for_programs(self) -> None:
        spot = Spot("heat-1.ipynb", other="heat.ipynb")
        copies, states = Copies(copied(("a", b"1"))), {"a": "other"}
        said = offer_as_json(offered(spot=spot, other_page="/p", copies=copies, states=states))
        assert said["other"] == {"path": "heat.ipynb", "page": "/p"}
        assert said["there"] is False
        assert said["content"] == [{"path": "a", "size_bytes": 1, "state": "other"}]
        assert json.dumps(said)


class TestEnvironment:
    BUILD = {"host": "https://github.com", "path": "o/r", "ref": "main"}  # noqa: RUF012 - a value

    def read(self, binder: Any) -> Wanted:
        value = {"cells": [], "metadata": {"binder": binder}, "nbformat": 4, "nbformat_minor": 5}
        data = json.dumps(value).encode()
        source = resolve("https://example.org/a.ipynb")
        return wanted(parse(data), Fetched(data, source, source.url), Facts())

    def page(self, binder: Any) -> str:
        return shown(offered(found=found(wanted=self.read(binder)))).text

    def test_broken_is_not_none(self) -> None:
        text = self.page({"version": 1, "build": {**self.BUILD, "hash": "main"}})
        assert "Not known:  its metadata cannot be read." in text
        assert "binder.build.hash: found 'main'" in text
        assert "names none" not in text

    def test_a_newer_version(self) -> None:
        text = self.page({"version": 7, "x": 1})
        assert "Not known:  its metadata is of a version that is not known here." in text
        assert "binder.version: found" in text
        assert "names none" not in text
        assert "github.com/o/r at main" in self.page({"version": 7, "build": self.BUILD})

    @pytest.mark.parametrize("key", ["content", "config"])
    def test_what_is_wrong_beside_it_hides_nothing(self, key: str) -> None:
        said = self.read({"version": 1, "build": self.BUILD, key: {"host": "x"}})
        assert said.words == (("from", "github.com/o/r at main"),)
        assert said.content is None
        assert said.remarks[0] == f"its {key} cannot be read and is left out:"
        assert said.remarks[1].startswith(f"binder.{key}.host")

    def test_next_steps(self) -> None:
        files = self.page({"version": 1, "files": {"requirements.txt": "numpy\n"}})
        assert "binderclip open" in files
        assert "binderclip run" in files
        image = self.page({"version": 1, "image": {"host": "https://quay.io", "path": "o/n"}})
        assert "It opens here all the same" in image
        assert "Whether this server has it is not known" in image

    def test_it_stays_short(self) -> None:
        """Whatever a megabyte of metadata says."""
        names = {f"{'n' * 100}{number}": "" for number in range(30)}
        strange = {f"k{number}": "x" * 50 for number in range(10_000)}
        content = {**self.BUILD, "copy": {"a": "$HOME/"}, "more": "y" * 500_000}
        said = self.read({"version": 1, "files": names, "content": content, **strange})
        assert len(repr(said)) < 20_000
        assert "20 more" in said.words[0][1]
        broken = self.read({"version": 1, "files": {f"/{number}": 1 for number in range(30)}})
        assert len(broken.faults) == 11


class TestHeld:
    def test_all_that_is_held_is_counted(self) -> None:
        one = found(copies=Copies(copied(("a" * 3000, b"")), remarks=("r" * 1000,)))
        assert one.held_bytes > 2 + 6000 + 1000

    def test_a_failure_holds_nothing_that_was_fetched(self) -> None:
        class Large:
            pass

        seen: list[weakref.ref[Large]] = []

        async def work(_tell: Tell) -> Any:
            large = Large()
            seen.append(weakref.ref(large))
            try:
                await asyncio.to_thread(Path("/nowhere").read_bytes)
            except OSError as error:
                raise Refused("no") from error

        async def check() -> BinderclipError:
            kept: Kept[Any] = Kept()
            job = kept.begin("ada", "u", work)
            assert await kept.settled(job, 5)
            assert isinstance(job.failure, Refused)
            return job.failure

        failure = asyncio.run(check())
        gc.collect()
        assert seen[0]() is None
        assert failure.__cause__ is None

    def test_a_fault_of_ours_can_still_be_found(self) -> None:
        with pytest.raises(ValueError, match="x") as raised:
            int("x")
        failure = bare(raised.value)
        assert "test_a_fault_of_ours_can_still_be_found" in failure.__notes__[0]
        assert failure.__traceback__ is None

    def test_long_text_notebooks_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "a.md"
        path.write_bytes(b"# x\n" * (TEXT_BYTES // 4 + 1))

        async def look() -> None:
            await Finder(OpenGuard(), Facts()).find(resolve(str(path)), lambda _line: None)

        with pytest.raises(TooLarge, match="text notebook"):
            asyncio.run(look())
