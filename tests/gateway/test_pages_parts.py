"""What strangers wrote, on pages of ours; and the script's and the style's own rules."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.rig_launches import AWAY, PLACE, look_at, notebook, order
from tests.gateway.rig_pages import Page

from binderclip.addresses.table import resolve_url
from binderclip.errors import AddressForbidden, BuildFailed, RateLimited, SourceError
from binderclip.events import Log, Progress
from binderclip.gateway.launches.launch import Launch
from binderclip.gateway.launches.model import Landing, Look
from binderclip.gateway.pages.frame import Frame, Way, failed
from binderclip.gateway.pages.front import front, waiting
from binderclip.gateway.pages.offer import Offer, offered
from binderclip.gateway.pages.places import Choice
from binderclip.gateway.pages.progress import shown
from binderclip.gateway.pages.query import KEYS, Query
from binderclip.pages.parts import origin

FRAME = Frame("/")
ANY = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&#0;\u202e\x00"
PACKAGE = resources.files("binderclip.gateway.pages")


def read(page: str) -> Page:
    """Every tag that is opened is closed, and none is there that the pages do not have."""
    found = Page(httpx.Response(200, text=page))
    assert len(found.all("script")) == len(found.all("main")) == len(found.all("h1")) == 1
    assert not found.all("img")
    for _, attributes in found.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    for href in found.links:
        assert urlsplit(href).scheme in {"", "http", "https"}
    return found


def offer(look: Look, query: Query | None = None, **fields: object) -> Page:
    made = Offer(look, query or Query("u"), "v2/notebook", Choice(PLACE), **fields)  # type: ignore[arg-type] # told by name
    return read(offered(FRAME, made))


class TestStrangersWords:
    @given(ANY)
    def test_on_the_page_that_asks(self, text: str) -> None:
        binder = {"version": 1, "files": {"requirements.txt": text}}
        page = offer(look_at(notebook(binder, title=text)), Query("u", "h", text, text))
        assert page.heading == "Run a.ipynb?"

    def test_hostile_ones(self) -> None:
        binder = {
            "version": 1,
            "build": {"host": "https://github.com", "path": "o/r", "ref": "x"},
            "files": {"environment.yml": HOSTILE},
        }
        page = offer(
            look_at(notebook(binder, title=HOSTILE)),
            others=(Choice(AWAY, HOSTILE),),
            remarks=(HOSTILE,),
            notices=(HOSTILE,),
            fields=(("csrf", HOSTILE),),
        )
        assert "alert(1)" in page.text
        assert page.form.fields["csrf"].startswith("<script>")

    @given(ANY)
    def test_on_the_page_of_a_launch(self, text: str) -> None:
        launch = Launch(order(), title=text)
        launch.tell(Progress("building", text))
        launch.tell(Log(text))
        read(shown(FRAME, launch, text))
        launch.end("failed", error=BuildFailed(text, hint=f"{text}\nmore"))
        read(shown(FRAME, launch, text))

    @given(ANY)
    def test_on_the_others(self, text: str) -> None:
        query = Query(text, text, text, text)
        read(front(FRAME, query, [PLACE, AWAY], [Launch(order(), title=text)]))
        read(waiting(FRAME, query, "v2/notebook", text, [text]))
        read(failed(FRAME, SourceError(text, hint=text), "No", [Way(text, "/x")]))


class TestQuery:
    @given(ANY, ANY, ANY)
    def test_links_say_the_same_again(self, url: str, urlpath: str, job: str) -> None:
        link = Query(url, "here", urlpath).link("/p", job=job)
        said = {key: value[0] for key, value in parse_qs(urlsplit(link).query).items()}
        assert said == {"url": url, "host": "here", "urlpath": urlpath, "job": job}

    def test_did_you_mean(self) -> None:
        query = Query.of({"url": "u", "hots": "x", "utm_source": "y", "job": "1"})
        assert query.mistyped == ("hots",)
        assert list(query.remarks) == ["hots= says nothing here: did you mean host=?"]
        assert set(KEYS) == {"url", "host", "urlpath", "ref"}


class TestProgress:
    def launch(self, *steps: Progress | Log) -> Launch:
        launch = Launch(order(), title="Tides")
        for step in steps:
            launch.tell(step)
        return launch

    def test_where_it_is(self) -> None:
        steps = (Progress("fetching", "read"), Progress("building", "numpy"), Log("a line"))
        page = read(shown(FRAME, self.launch(*steps), "c"))
        states = {one["data-phase"]: one.get("class") for one in page.all("li")}
        assert states == {"fetching": "done", "building": "now", "launching": None, "ready": None}
        (main,) = page.all("main")
        assert main["data-events"].endswith("/events?from=3")
        assert "a line" in page.text

    def test_rare_phases_are_there_when_they_come(self) -> None:
        page = read(shown(FRAME, self.launch(Progress("waiting", "2 others")), "c"))
        assert "Waiting" in page.text
        assert "Looking up" not in page.text

    def test_ready(self) -> None:
        launch = self.launch()
        launch.ready(Landing("https://s/lab", "https://s/", "t0ken", remarks=("one file less",)))
        page = read(shown(FRAME, launch, "c", clicked=True))
        (way,) = [one for one in page.all("a") if "data-onward" in one]
        assert way["href"].endswith("/go")
        assert "One file less." in page.text
        assert "t0ken" not in page.answer.text
        launch.end("stopped", why="nobody used it for 60 min")
        assert "Nobody used it for 60 min." in read(shown(FRAME, launch, "c")).text

    def test_what_a_builder_said_last_keeps_its_lines(self) -> None:
        launch = self.launch(Log(f"in {Path.home()}/x"))
        launch.end("failed", error=BuildFailed("uv ended with 1", hint=f"one\n{Path.home()}/two"))
        page = read(shown(FRAME, launch, "c"))
        assert "one\n…/two" in page.text
        assert str(Path.home()) not in page.text


class TestErrors:
    @pytest.mark.parametrize(
        ("hint", "here"),
        [
            ("clone it, and give its path", "put it where everybody can reach it"),
            ("unpack it, and give the notebook's path", "put the notebook where everybody"),
            ("check that this machine is online", "this service can reach the internet"),
        ],
    )
    def test_hints_for_the_command_line(self, hint: str, here: str) -> None:
        page = read(failed(FRAME, SourceError("x", hint=hint), "No", []))
        assert here in page.text

    def test_who_says_which_networks(self) -> None:
        error = AddressForbidden("10.0.0.1 is private", hint="publish it")
        assert "whoever runs this service" in read(failed(FRAME, error, "No", [])).text
        assert "runs this" not in read(failed(FRAME, RateLimited("x"), "No", [])).text


class TestFiles:
    def test_the_style_takes_nothing_from_elsewhere(self) -> None:
        text = PACKAGE.joinpath("style.css").read_text("utf-8")
        assert "url(" not in text
        assert "@import" not in text

    @pytest.mark.slow
    def test_the_types_of_the_script(self, tool: Callable[[str], Path]) -> None:
        tsc = tool("typescript/node_modules/.bin/tsc")
        flags = "--noEmit --checkJs --strict --target es2022 --lib es2022,dom,dom.iterable"
        argv = [str(tsc), *flags.split(), str(PACKAGE.joinpath("script.js"))]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_who_is_logged_in_can_log_out() -> None:
    page = Frame("/x/", "<b>eve", "signed").page("A title")
    assert "<bdi>&lt;b&gt;eve</bdi>" in page
    assert '<form method="post" action="/x/logout" class="person">' in page
    assert '<input type="hidden" name="csrf" value="signed">' in page
    assert "Log out" not in FRAME.page("A title")


def test_plain_http_is_told_of_where_others_are_on_the_way() -> None:
    def told(url: str, *, own: bool = False) -> bool:
        return "plain http" in origin(resolve_url(url), url, own=own)

    assert told("http://example.org/x.ipynb")
    assert not told("http://example.org/x.ipynb", own=True)
    assert not told("http://127.0.0.1:8000/x.ipynb")
    assert not told("https://example.org/x.ipynb")
