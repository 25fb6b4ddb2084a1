"""Open by address, the parts that need no server: names, targets, limits, text in pages."""

from __future__ import annotations

import asyncio
import base64
import string
import sys
import unicodedata
from collections.abc import Coroutine
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip.addresses.naming import safe_name
from binderclip.errors import RateLimited, Refused, SessionError
from binderclip.jupyter.opening.applications import Applications, asked_for
from binderclip.jupyter.opening.contents import Contents, Spot
from binderclip.jupyter.opening.names import Destination, destination
from binderclip.jupyter.opening.pages import Frame, failed, incomplete, waiting
from binderclip.jupyter.opening.query import Query
from binderclip.pages.kept import Bounds, Job, Kept, Tell
from binderclip.pages.markup import document, element, joined, visible

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)


class Reader(HTMLParser):
    """What a browser would make of it: the tags, and the text between them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


@given(ANY_TEXT)
def test_no_text_is_markup(text: str) -> None:
    page = read(element("p", text, title=text))
    assert [tag for tag, _ in page.tags] == ["p"]
    assert page.text == visible(text)
    assert page.tags[0][1] == {"title": visible(text)}


@given(ANY_TEXT)
def test_what_cannot_be_seen_is_visible(text: str) -> None:
    kinds = {unicodedata.category(char) for char in visible(text)}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    joined((text,)).encode()


def test_letters_of_all_scripts_stay() -> None:
    for text in ("Grüße", "数据分析", "تحليل", "Ελλάδα, 1½ π"):
        assert visible(text) == text
    assert visible("a\u202egpj.ipynb") == "a\\u202egpj.ipynb"


@given(st.lists(ANY_TEXT, max_size=3), ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_pages_have_the_elements_that_we_gave_them(
    lines: list[str], url: str, path: str, app: str
) -> None:
    frame, query = Frame("/user/ada/", "1"), Query(url.replace("\ud800", ""), path, app)
    error = Refused("\n".join(lines), hint=path or None)
    plain = failed(frame, Refused("x", hint="y"), Query("u"))
    try:
        found = failed(frame, error, query)
        waits = waiting(frame, query, "job", lines)
    except UnicodeEncodeError:  # a lone surrogate never comes out of a request
        return
    allowed = {tag for tag, _ in read(plain).tags} | {"ol", "li", "div", "span", "p", "a"}
    assert {tag for tag, _ in read(found).tags} <= allowed
    for tag, attributes in read(waits).tags:
        assert tag != "script"
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        for name in ("href", "src", "action"):
            assert not (attributes.get(name) or "").startswith(("javascript:", "//", "data:"))


def test_a_page_is_a_document() -> None:
    page = read(document("T", element("main", "x")))
    tags = [tag for tag, _ in page.tags]
    assert tags[:2] == ["html", "head"]
    assert page.tags[0][1] == {"lang": "en"}
    said = incomplete(Frame("/", "1"), "a<b>.ipynb", ["kept <i>"], "/lab/tree/a", "JupyterLab")
    assert "a<b>.ipynb" in read(said).text
    assert "Kept <i>." in read(said).text


class TestNames:
    @pytest.mark.parametrize(
        ("path", "folder", "name"),
        [
            ("", "", "a.ipynb"),
            ("x", "x", "a.ipynb"),
            ("x/", "x", "a.ipynb"),
            ("x/y.z/", "x/y.z", "a.ipynb"),
            ("b.ipynb", "", "b.ipynb"),
            ("x/B.IPYNB", "x", "B.IPYNB"),
            ("kurs/Übung 1/aufgabe.ipynb", "kurs/Übung 1", "aufgabe.ipynb"),
        ],
    )
    def test_folders_and_files(self, path: str, folder: str, name: str) -> None:
        assert destination(path, "a.ipynb") == Destination(folder, name)

    @pytest.mark.parametrize(
        "path",
        [
            *("/", "/etc", "..", "../x", "x/../y", "x/./y", ".", "x//y", "//host/x"),
            *(".ssh/x.ipynb", ".bashrc", "x/.hidden/", ".ipynb"),
            *("x\ny", "x\x00", "x\u202ey.ipynb", "x\\y", "C:x.ipynb", "RTC:x/a.ipynb"),
            *(" x/", "x /", "x./y", "a?.ipynb"),
            *("x.txt", "x.sh", "a.ipynb.exe", "x.so", "x.pth"),
            *("a.py", "a.md"),  # the notebook is none
            *("x" * 300, "x/" * 30, "x" * 2000),
        ],
    )
    def test_refused(self, path: str) -> None:
        with pytest.raises(Refused) as told:
            destination(path, "a.ipynb")
        assert told.value.hint
        assert told.value.message.isprintable()

    @given(st.text(max_size=40), st.text(max_size=300))
    def test_what_is_not_refused_stays_below_the_root(self, path: str, name: str) -> None:
        try:
            found = destination(path, safe_name(name))
        except Refused:
            return
        for place in [*found.paths()][:3]:
            parts = place.split("/")
            assert "" not in parts
            assert not any(part.startswith(".") for part in parts)
            assert place.isprintable()
            assert "\\" not in place
            assert all(len(part.encode()) <= 255 for part in parts)

    def test_names_to_take_where_it_is_taken(self) -> None:
        paths = destination("x/", "a.b.ipynb").paths()
        assert [next(paths) for _ in range(3)] == ["x/a.b.ipynb", "x/a.b-1.ipynb", "x/a.b-2.ipynb"]

    def test_a_name_that_runs_unasked_is_changed(self) -> None:
        for name in ("json.py", "pytest.py", "sitecustomize.py", "jupyter_lab_config.py"):
            assert destination("", name).name == name.replace(".", "-1.")
            assert destination("talk/", name).name == name.replace(".", "-1.")
        found = destination("", "json.py")
        assert "module json" in (found.remark or "")
        for name in ("plot_lorenz.py", "json.ipynb", "json.md", "startup.R"):
            assert destination("", name) == Destination("", name)
        assert destination("", "startup.jl").name == "startup-1.jl"

    def test_a_folder_where_things_run_unasked_is_refused(self) -> None:
        for path in ("bin/", "talk/__pycache__/", "numpy/", "lib/python3.12/site-packages/x.py"):
            with pytest.raises(Refused, match="runs unasked"):
                destination(path, "plot.py")
            assert destination(path.rpartition("/")[0], "plot.ipynb").name == "plot.ipynb"
        assert destination("code/", "plot.py") == Destination("code", "plot.py")
        assert destination("json/__init__.py", "plot.py").name == "__init__-1.py"


@dataclass
class Thing:
    held_bytes: int = 1


@dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Bench:
    """Work that ends when it is told to."""

    bounds: Bounds = field(default_factory=Bounds)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.kept: Kept[Thing] = Kept(self.bounds, self.clock)
        self.gate = asyncio.Event()

    def begin(
        self, owner: str = "ada", address: str = "u", size: int = 1, client: str | None = None
    ) -> Job[Thing]:
        async def work(tell: Tell) -> Thing:
            tell("working")
            await self.gate.wait()
            return Thing(size)

        return self.kept.begin(owner, address, work, client=client)

    async def done(self, **named: Any) -> Job[Thing]:
        self.gate.set()
        job = self.begin(**named)
        assert await self.kept.settled(job, 5)
        self.clock.now_s += 1
        return job


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


class TestKept:
    def test_only_so_many_at_once(self) -> None:
        async def check() -> None:
            bench = Bench(Bounds(running=2, everybody=3))
            jobs = [bench.begin(), bench.begin(), bench.begin("bob")]
            for owner in ("ada", "bob", "eve"):
                with pytest.raises(RateLimited):
                    bench.begin(owner)
            assert not await bench.kept.settled(jobs[0], 0)
            bench.gate.set()
            assert await bench.kept.settled(jobs[0], 5)
            assert jobs[0].steps == ["working"]
            await asyncio.gather(*(bench.kept.settled(job, 5) for job in jobs))
            bench.begin()
            bench.gate.set()

        run(check())

    def test_only_so_many_at_once_from_one_place(self) -> None:
        async def check() -> None:
            bench = Bench(Bounds(running=2, running_client=3))
            for owner in ("ada", "bob", "eve"):
                bench.begin(owner, client="one")
            with pytest.raises(RateLimited, match="expected fewer than 3"):
                bench.begin("dan", client="one")
            bench.begin("dan", client="other")
            bench.begin("dan")
            bench.gate.set()

        run(check())

    def test_only_so_many_are_kept(self) -> None:
        async def check() -> None:
            bench = Bench(Bounds(kept=2, everybody=3))
            ids = [(await bench.done()).id for _ in range(3)]
            assert [bench.kept.find(one, "u", "ada") is not None for one in ids] == [0, 1, 1]
            others = [(await bench.done(owner=name)).id for name in ("bob", "eve")]
            assert all(bench.kept.find(one, "u", None) for one in others)
            assert bench.kept.find(ids[1], "u", None) is None

        run(check())

    def test_only_so_many_bytes_and_for_so_long(self) -> None:
        async def check() -> None:
            bench = Bench(Bounds(held_bytes=100, age_s=10))
            first = await bench.done(size=60)
            second = await bench.done(size=60)
            assert bench.kept.find(first.id, "u", "ada") is None
            assert bench.kept.find(second.id, "u", "ada") is second
            bench.clock.now_s += 20
            assert bench.kept.find(second.id, "u", "ada") is None

        run(check())

    def test_only_for_its_owner_and_its_address(self) -> None:
        async def check() -> None:
            bench = Bench()
            job = await bench.done()
            assert bench.kept.find(job.id, "u", "bob") is None
            assert bench.kept.find(job.id, "other", "ada") is None
            assert bench.kept.find(job.id, "u", "ada") is job
            assert len(job.id) >= 20

        run(check())

    def test_a_failure_is_kept_too(self) -> None:
        async def check() -> None:
            kept: Kept[Thing] = Kept()

            async def work(_tell: Tell) -> Thing:
                raise Refused("no")

            job = kept.begin("ada", "u", work)
            assert await kept.settled(job, 5)
            assert isinstance(job.failure, Refused)
            assert kept.find(job.id, "u", "ada") is job

        run(check())


@dataclass
class Store:
    """A manager of contents over a dict, as those are that keep them elsewhere."""

    files: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    saves: list[dict[str, Any]] = field(default_factory=list)
    changes: bool = False
    breaks: bool = False

    def file_exists(self, path: str) -> bool:
        return path in self.files

    async def dir_exists(self, path: str) -> bool:
        return path in self.folders

    async def get(self, path: str, *, content: bool, type: str, format: str | None) -> Any:  # noqa: A002 - as it is called there
        assert type == "file"
        data = self.files[path]
        return {"size": None, "content": data if content else None, "format": format}

    def save(self, model: dict[str, Any], path: str) -> Any:
        if self.breaks:
            raise OSError("disk full")
        self.saves.append(model)
        if model["type"] == "directory":
            self.folders.add(path)
        else:
            self.files[path] = model["content"] + ("!" if self.changes else "")


def saved(store: Store, where: Destination, data: bytes) -> Spot:
    return asyncio.run(Contents(store).save(where, data))


class TestContents:
    A = Destination("x/y", "a.ipynb")

    def test_as_a_file_with_its_folders(self) -> None:
        store = Store()
        assert saved(store, self.A, b"\xef\xbb\xbf{}\r\n") == Spot("x/y/a.ipynb")
        assert store.folders == {"x", "x/y"}
        assert store.files["x/y/a.ipynb"].encode() == b"\xef\xbb\xbf{}\r\n"
        assert store.saves[-1]["type"] == "file"
        assert store.saves[-1]["format"] == "text"

    def test_never_over_another(self) -> None:
        store = Store(
            {"x/y/a.ipynb": "mine", "x/y/a-1.ipynb": "too"}, {"x", "x/y", "x/y/a-2.ipynb"}
        )
        assert saved(store, self.A, b"{}") == Spot("x/y/a-3.ipynb")
        assert store.files["x/y/a.ipynb"] == "mine"

    def test_the_same_is_opened(self) -> None:
        store = Store({"x/y/a.ipynb": "other", "x/y/a-1.ipynb": "{}"}, {"x", "x/y"})
        assert saved(store, self.A, b"{}") == Spot("x/y/a-1.ipynb", there=True)
        assert not store.saves

    def test_a_file_where_a_folder_should_be(self) -> None:
        with pytest.raises(Refused, match="found a file at 'x'"):
            saved(Store({"x": ""}), self.A, b"{}")

    def test_a_manager_that_fails(self) -> None:
        with pytest.raises(SessionError, match="disk full"):
            saved(Store(breaks=True), self.A, b"{}")

    def test_no_free_name(self) -> None:
        store = Store(dict.fromkeys(self.A.paths(), "x"), {"x", "x/y"})
        with pytest.raises(Refused, match="free name"):
            saved(store, self.A, b"{}")

    def test_a_manager_that_changes_what_it_saves(self) -> None:
        store = Store(changes=True)
        contents = Contents(store)
        spot = asyncio.run(contents.save(self.A, b"{}"))
        assert not asyncio.run(contents.intact(spot.path, b"{}"))

    def test_files_are_taken_before_they_are_written(self, tmp_path: Path) -> None:
        """Somebody makes the file after we looked: the manager does not know of it."""
        (tmp_path / "a.ipynb").write_text("theirs")
        contents = Contents(Store(), lambda path: tmp_path / path)
        spot = asyncio.run(contents.save(Destination("", "a.ipynb"), b"{}"))
        assert spot.path == "a-1.ipynb"
        assert (tmp_path / "a.ipynb").read_text() == "theirs"

    def test_a_taken_name_is_given_back(self, tmp_path: Path) -> None:
        contents = Contents(Store(breaks=True), lambda path: tmp_path / path)
        with pytest.raises(SessionError):
            asyncio.run(contents.save(Destination("", "a.ipynb"), b"{}"))
        assert not list(tmp_path.iterdir())


LAB = {"lab": "/lab", "notebook": "/tree", "binderclip": ""}


class TestApplications:
    def test_what_is_asked_for_or_shown_by_default(self) -> None:
        assert Applications(LAB, "lab").chosen(None) == "lab"
        assert Applications(LAB, "/tree").chosen(None) == "notebook"
        assert Applications(LAB, "lab").chosen("notebook") == "notebook"
        assert Applications(LAB, "tree").chosen("classic") == "notebook"
        assert Applications(LAB, "voila/x").chosen(None) == "lab"
        assert Applications({"nbclassic": "/tree"}, "tree").chosen(None) == "classic"
        assert Applications({}, "lab").chosen("lab") is None

    def test_pages(self) -> None:
        here = Applications(
            {**LAB, "nbclassic": "/nbclassic/tree", "retrolab": "/retro/tree"}, "lab"
        )
        assert here.page("lab", "a b/ü#?.ipynb", text=False) == "lab/tree/a%20b/%C3%BC%23%3F.ipynb"
        assert here.page("notebook", "a.ipynb", text=False) == "notebooks/a.ipynb"
        assert here.page("notebook", "a.md", text=True) == "edit/a.md"
        assert here.page("classic", "a.ipynb", text=False) == "nbclassic/notebooks/a.ipynb"
        assert here.page("retro", "a.ipynb", text=False) == "retro/notebooks/a.ipynb"
        alone = Applications({"nbclassic": "/tree"}, "", text_notebooks=True)
        assert alone.page("classic", "a.md", text=True) == "notebooks/a.md"

    def test_an_unknown_one(self) -> None:
        assert asked_for("") is None
        with pytest.raises(Refused, match="expected one of lab, notebook, retro, classic"):
            asked_for("//evil.example")


def test_the_modules_without_a_server_need_none() -> None:
    assert "jupyter_server" not in sys.modules


def test_addresses_of_pages_are_their_own() -> None:
    query = Query("https://example.org/a b&c=d#e", "x/y", "lab")
    assert query.link(job="j") == (
        "open?url=https%3A%2F%2Fexample.org%2Fa+b%26c%3Dd%23e&path=x%2Fy&app=lab&job=j"
    )
    hidden = read(query.hidden(digest=base64.b16encode(b"x").decode()))
    assert {a["name"]: a["value"] for _, a in hidden.tags}["url"] == query.url
    assert set(string.whitespace) & set(query.url)
