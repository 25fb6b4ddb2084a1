"""Open by address, in process: what a link may say, who may load it, and errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.jupyter.reader import Reader

from binderclip.errors import (
    AddressForbidden,
    BinderclipError,
    RateLimited,
    Refused,
    SessionError,
    SourceError,
    TooLarge,
)
from binderclip.jupyter.opening import finding
from binderclip.jupyter.opening.pages import Frame, failed
from binderclip.jupyter.opening.query import Query, mistyped, sound
from binderclip.jupyter.opening.telling import status, told
from binderclip.jupyter.opening.unseen import unseen
from binderclip.pages.markup import element
from binderclip.pages.telling import sentence, shortened

HERE = Frame("/user/ada/", "1")
LONG = "https://example.org/a.ipynb?X-Amz-Signature=" + "é&<\"'" * 1500


class TestQuery:
    @pytest.mark.parametrize(
        "url",
        [
            *("", "  ", "notaurl", "/etc/passwd", "file:///etc/passwd", "~/x.ipynb", "-"),
            *("ftp://h/x.ipynb", "http:", "https://", "https://a b/x.ipynb", "javascript:alert(1)"),
            "https://example.org/" + "x" * 9000,
        ],
    )
    def test_a_visitors_mistake_is_told_as_one(self, url: str) -> None:
        with pytest.raises(Refused) as raised:
            sound(Query(url))
        assert status(raised.value) == 422

    def test_http_is_taken_too_and_what_has_no_scheme_gets_one(self) -> None:
        with pytest.raises(Refused, match="https: or http:") as raised:
            sound(Query("github.com/o/r/blob/main/a.ipynb"))
        assert raised.value.hint == "for the web, write https://github.com/o/r/blob/main/a.ipynb"
        assert sound(Query("http://example.org/a.ipynb")).url == "http://example.org/a.ipynb"
        assert sound(Query(" <https://example.org/a.ipynb> ")).name == "a.ipynb"

    @pytest.mark.parametrize(
        "url",
        [
            "https://ada:s3cret@github.com/o/r/blob/main/a.ipynb",
            "HTTPS://s3cret@github.com/o/r/blob/main/a.ipynb",
            " <https://:s3cret@nbviewer.org/github/o/r/blob/main/a.ipynb>",
        ],
    )
    def test_a_password_is_refused_before_it_is_lost(self, url: str) -> None:
        with pytest.raises(AddressForbidden) as raised:
            sound(Query(url))
        assert "s3cret" not in f"{raised.value} {raised.value.hint}"

    def test_did_you_mean(self) -> None:
        with pytest.raises(Refused) as raised:
            sound(Query("https://example.org/a.ipynb", app="labb"))
        assert "did you mean app=lab?" in (raised.value.hint or "")
        assert mistyped(["url", "pth", "URL", "job", "utm_source", "redirects"]) == ("pth", "URL")
        (line,) = Query("u", mistyped=("pth",)).remarks
        assert line == "pth= says nothing here: did you mean path=?"

    def test_a_note_outlives_the_page_that_waits(self) -> None:
        assert Query("u", mistyped=("pth",)).link(job="1") == "open?url=u&job=1&pth=-"

    def test_fields_are_whole(self) -> None:
        page = Reader(Query(LONG, "p" * 900).hidden(job="j"))
        assert page.inputs == {"url": LONG, "path": "p" * 900, "job": "j"}

    @given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=50))
    def test_any_field_is_whole(self, text: str) -> None:
        assert Reader(element("input", name="x", value=text)).inputs["x"] == text


BROWSER = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"


class TestUnseen:
    @pytest.mark.parametrize("site", ["same-origin", "none", "same-site", "cross-site"])
    def test_a_page_that_is_gone_to(self, site: str) -> None:
        sent = {**BROWSER, "Sec-Fetch-Site": site, "Sec-Fetch-Dest": "document"}
        assert not unseen(sent, program=False)

    @pytest.mark.parametrize("site", ["same-site", "cross-site"])
    @pytest.mark.parametrize("target", ["image", "iframe", "script", "empty", "object"])
    def test_what_others_load(self, site: str, target: str) -> None:
        for mode in ("no-cors", "cors", "navigate"):
            sent = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": target}
            assert unseen(sent, program=False)

    def test_a_picture_in_a_notebook_of_ones_own(self) -> None:
        sent = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors"}
        assert unseen({**sent, "Sec-Fetch-Dest": "image"}, program=False)
        assert not unseen({**sent, "Sec-Fetch-Dest": "empty"}, program=False)

    def test_without_those_headers(self) -> None:
        """As over plain http."""
        other, own = {"Referer": "http://evil.example/x"}, {"Referer": "http://hub.example/x"}
        host = {"Host": "hub.example"}
        assert not unseen({**host, "Accept": PAGE}, program=False)
        assert not unseen({**host, **other, "Accept": PAGE}, program=False)
        assert not unseen({**host, **own, "Accept": "application/json"}, program=False)
        assert not unseen({**host, "Accept": "application/json"}, program=False)
        assert unseen({**host, **other, "Accept": "application/json"}, program=False)
        assert unseen({**host, "Referer": "http://[", "Accept": "application/json"}, program=False)
        for accept in ("image/avif,image/webp,text/html", "*/*", "text/css,*/*;q=0.1", ""):
            assert unseen({**host, "Accept": accept}, program=False)

    def test_programs_that_show_the_token(self) -> None:
        assert not unseen({}, program=True)
        assert unseen({**BROWSER, "Sec-Fetch-Dest": "iframe"}, program=True)


class TestTelling:
    def test_a_private_address(self) -> None:
        error = AddressForbidden("x", hint="put the notebook where everybody can reach it")
        hint = told(error).hint or ""
        assert hint.startswith("put the notebook where everybody can reach it, or ask whoever runs")
        assert "c.Binderclip.allowed_networks" in hint

    @pytest.mark.parametrize(
        ("hint", "here"),
        [
            (
                "if it is private, download the notebook in a browser, and give its path",
                "if it is private, download the notebook in a browser, and upload it here",
            ),
            (
                "clear the notebook's outputs, or download it and give its path",
                "clear the notebook's outputs, or download it and upload it here",
            ),
            (
                "unpack it, and give the notebook's path",
                "unpack it, and upload the notebook here",
            ),
            (
                "check the address, and that this machine is online",
                "check the address, and that this server can reach the internet",
            ),
            ("look there", "look there"),
        ],
    )
    def test_hints_for_the_command_line(self, hint: str, here: str) -> None:
        assert told(SourceError("x", hint=hint)).hint == here

    def test_no_hint_of_the_fetch_speaks_of_paths(self) -> None:
        """Whoever words one anew learns of it here."""
        source = Path(finding.__file__).parents[2]
        words = "\n".join(path.read_text("utf-8") for path in (source / "fetch").glob("*.py"))
        hints = [line.split('hint="')[1] for line in words.splitlines() if 'hint="' in line]
        assert len(hints) > 10
        for hint in hints:
            assert "path" not in (told(SourceError("x", hint=hint.partition('"')[0])).hint or "")

    def test_what_it_is_comes_first(self) -> None:
        said = told(SourceError("https://example.org/data.csv: this is text, not a notebook"))
        assert said.lines == ("this is not a notebook but text", "https://example.org/data.csv")

    def test_again_only_where_that_can_help(self) -> None:
        passing: tuple[BinderclipError, ...] = (
            RateLimited("x"),
            SessionError("x"),
            SourceError("https://h: no connection to h"),
            SourceError("x", hint="try again later"),
        )
        lasting = (Refused("x"), AddressForbidden("x"), TooLarge("x"), SourceError("x"))
        for error in passing:
            assert told(error).again
            assert "Try again" in failed(HERE, error, Query("u"))
        for error in lasting:
            page = Reader(failed(HERE, error, Query("u v", "p/")))
            assert ("open?url=u+v&path=p%2F&change=1", "Change the address") in page.links
            assert "Try again" not in page.text
            assert f"({error.code})" not in page.text

    def test_long_addresses_are_cut_short_ones_are_not(self) -> None:
        login = (
            "https://login.example/oauth2/authorize?client_id=1&" + "redirect_uri=https://h/&" * 9
        )
        said = shortened(f"{login}: this is a login page")
        assert said == "https://login.example/oauth2/authorize…: this is a login page"
        assert shortened("https://h/a.ipynb?v=1: no") == "https://h/a.ipynb?v=1: no"
        assert len(shortened("https://h/" + "a" * 500)) < 100

    def test_our_own_store_is_no_upstream(self) -> None:
        assert status(SessionError("x")) == 500
        assert status(SourceError("x")) == 502

    def test_sentences(self) -> None:
        assert sentence("binder.build.hash: found 'main'") == "binder.build.hash: found 'main'."
        assert sentence("its metadata cannot") == "Its metadata cannot."
        assert sentence("heat.ipynb is there") == "heat.ipynb is there."
        assert sentence("app: found 'x'") == "app: found 'x'."
        assert sentence("its metadata", inner=True) == "its metadata."
