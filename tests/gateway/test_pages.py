"""From an address to a click, and from there to the notebook, in process."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from tests.gateway.rig import LOCAL, inside, settings_for
from tests.gateway.rig_launches import notebook
from tests.gateway.rig_pages import Guest, Page, visiting
from tests.sources.conftest import Exchange, Site, serving

from binderclip.errors import BuildFailed
from binderclip.gateway.leaving import leave
from binderclip.gateway.settings.model import Limits, PlaceSettings, Settings
from binderclip.gateway.visitors.signing import Signer
from binderclip.spec.model import Binder

HUB = PlaceSettings(
    name="hub", kind="binderhub", title="hub.example", url="https://hub.example/", ask=False
)
FILES = {"version": 1, "files": {"requirements.txt": "cowsay==6.1\n"}}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as one:
        yield one


@pytest.fixture
def url(site: Site, request: pytest.FixtureRequest) -> str:
    name = re.sub(r"\W", "-", request.node.name)
    return site.put(f"/{name}/tides.ipynb", notebook(FILES))


def visit(settings: Settings, go: Callable[[Guest], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        async with visiting(settings, **options) as guest:
            await go(guest)

    asyncio.run(run())


async def until(guest: Guest, page: Page, heading: str) -> Page:
    """The page again, until its launch is so far."""
    for _ in range(500):
        page = await guest.see(str(page.answer.url))
        if heading in page.heading:
            return page
        await asyncio.sleep(0.01)
    raise AssertionError(page.text)


class TestFront:
    def test_it_asks_for_an_address_and_goes_on_by_it(self, settings: Settings, url: str) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see("")
            assert (page.status, page.heading) == (200, "Run a notebook from its address")
            assert (page.form.method, page.form.action) == ("get", "/")
            page = await guest.see(f"?url={url}")
            assert page.heading == "Run tides.ipynb?"
            assert "Links and badges" in page.text
            values = [box.get("value", "") for box in page.all("input")]
            link = f"http://gateway.test/v2/notebook?url={quote(url, safe='')}"
            assert link in values
            assert "[![Launch tides.ipynb on gateway.test](" in "".join(values).replace("\\", "")
            assert "data-auto" not in page.form.tag

        visit(settings, go)

    def test_under_a_prefix(self, tmp_path: Path, url: str) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see("")
            assert page.form.action == "/deep/er/"
            page = await guest.see(f"v2/notebook?url={url}")
            assert page.form.action == "/deep/er/v2/launch"
            page = await guest.click(page)
            assert str(page.answer.url).startswith("http://gateway.test/deep/er/v2/launches/")
            for tag in ("link", "script"):
                for one in page.all(tag):
                    address = one.get("href") or one["src"]
                    assert address.startswith("/deep/er/static/")
                    assert (await guest.client.get(address[len("/deep/er/") :])).status_code == 200

        visit(settings_for(tmp_path, public_url="http://gateway.test/deep/er/"), go)

    def test_what_the_link_says_besides_goes_along(self, settings: Settings) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see("?host=local&urlpath=lab&hots=x")
            assert page.form.fields == {"url": "", "host": "local", "urlpath": "lab"}
            assert "did you mean host=?" in page.text

        visit(settings, go)


class TestLook:
    def test_what_will_run_and_where(self, settings: Settings, url: str) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            assert page.heading == "Run tides.ipynb?"
            for text in ("A title", url, "requirements.txt", "cowsay==6.1", "this machine"):
                assert text in page.text
            assert page.form.buttons == ["Run on this machine"]
            assert "launch what you trust" in page.text
            assert not guest.worker.log
            assert not guest.gateway.launches.sessions

        visit(settings, go)

    def test_the_address_in_the_path(self, settings: Settings, url: str) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook/{quote(url, safe='')}?urlpath=lab/tree/x")
            assert page.heading == "Run tides.ipynb?"

        visit(settings, go)

    def test_a_notebook_without_an_environment_gets_the_one_that_is_lent(
        self, tmp_path: Path, site: Site
    ) -> None:
        url = site.put("/bare.ipynb", notebook())

        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            assert "the notebook names none" in page.text
            assert "numpy" in page.text

        lent = Binder(files={"requirements.txt": "numpy\n"})
        visit(settings_for(tmp_path, environment=lent), go)

    def test_where_nobody_is_asked_the_script_goes_on_by_itself(
        self, tmp_path: Path, url: str
    ) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            assert "data-auto" in page.form.tag
            assert page.form.buttons == ["Run on hub.example"]
            page = await guest.see(f"v2/notebook?url={url}&host=local")
            assert "data-auto" not in page.form.tag
            assert page.form.buttons == ["Run on this machine"]

        visit(settings_for(tmp_path, HUB, LOCAL), go)

    def test_a_place_that_cannot_take_it_has_no_button_and_another_is_offered(
        self, tmp_path: Path, site: Site
    ) -> None:
        image = {"host": "https://quay.io", "path": "o/env", "ref": "1"}
        url = site.put("/image.ipynb", notebook({"version": 1, "image": image}))

        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            assert "It cannot be here" in page.text
            assert not page.forms
            (way,) = [href for href, text in page.links.items() if "See it for hub" in text]
            page = await guest.see(way)
            assert page.form.buttons == ["Run on hub.example"]

        visit(settings_for(tmp_path, LOCAL, HUB), go)

    def test_hosts_that_are_none_of_ours_are_named_and_not_used(
        self, settings: Settings, site: Site
    ) -> None:
        url = site.put("/host.ipynb", notebook({**FILES, "host": "https://evil.example"}))

        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            assert "which is no place of this service" in page.text
            assert page.form.buttons == ["Run on this machine"]

        visit(settings, go)

    @pytest.mark.parametrize(
        ("query", "status", "text"),
        [
            ("url=/etc/passwd", 422, "not of the web"),
            ("url=https://a:b@h.example/x.ipynb", 403, "a user or a password"),
            ("url=URL&host=nowhere", 422, "expected one of local"),
            ("url=URL&urlpath=//evil.example", 422, "urlpath"),
            ("url=URL&ref=main", 422, "names no repository"),
            ("url=URL.gone", 404, "not found"),
        ],
    )
    def test_errors_are_pages_with_a_way_out(
        self, settings: Settings, url: str, query: str, status: int, text: str
    ) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?{query.replace('URL', url)}")
            assert page.status == status
            assert page.heading == "That did not work"
            assert text in page.text
            assert "Change the address" in page.text
            assert not page.forms

        visit(settings, go)

    def test_what_is_no_notebook_is_422_and_one_with_a_fault_is_its_authors_to_mend(
        self, settings: Settings, site: Site
    ) -> None:
        other = site.put("/page.html", b"<html><title>Hi</title></html>", content_type="text/html")
        faulty = site.put("/tides.ipynb", notebook({"version": 1, "build": {"host": "nowhere"}}))

        async def go(guest: Guest) -> None:
            assert (await guest.see(f"v2/notebook?url={other}")).status == 422
            page = await guest.see(f"v2/notebook?url={faulty}")
            assert (page.status, page.heading) == (422, "tides.ipynb cannot be run")
            assert faulty in page.text
            assert "binder.build.host" in page.text
            assert "Its author has to mend" in page.text
            assert "Try again" in page.links.values()
            assert "Another notebook" in page.text
            assert "Change the address" not in page.text

        visit(settings, go)

    def test_a_shared_notebook_goes_by_its_title(self, settings: Settings, site: Site) -> None:
        url = site.put(f"/{'0' * 64}.ipynb", notebook(FILES))

        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            assert (page.heading, page.title) == ("Run A title?", "Run A title? · binderclip")
            assert "plain http" not in page.text

        visit(settings, go)

    def test_a_private_address_is_not_asked(self, tmp_path: Path, url: str) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            assert page.status == 403
            assert "whoever runs this service" in page.text

        visit(settings_for(tmp_path, allowed_networks=()), go)

    @pytest.mark.parametrize("target", ["image", "iframe", "script", "object"])
    def test_pages_that_others_load_fetch_nothing(
        self, settings: Settings, url: str, target: str
    ) -> None:
        """Without ``gone_to``, any page that somebody visits has us fetch what it names."""

        async def go(guest: Guest) -> None:
            headers = {"Sec-Fetch-Dest": target, "Sec-Fetch-Site": "cross-site"}
            page = await guest.see(f"v2/notebook?url={url}", **headers)
            assert page.status == 403

        visit(settings, go)

    def test_too_many_looks(self, tmp_path: Path, url: str) -> None:
        async def go(guest: Guest) -> None:
            await guest.see(f"v2/notebook?url={url}")
            page = await guest.see(f"v2/notebook?url={url}")
            assert page.status == 429
            assert int(page.answer.headers["Retry-After"]) > 0
            assert "Try again" in page.text

        visit(settings_for(tmp_path, limits=Limits(looks="1/hour")), go)


class TestLaunch:
    def test_to_the_notebook_and_to_its_end(self, settings: Settings, url: str) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.click(await guest.see(f"v2/notebook?url={url}"))
            assert page.heading == "Starting A title"
            (main,) = page.all("main")
            (refresh,) = [one for one in page.all("meta") if "http-equiv" in one]
            assert refresh["content"] == "2"
            assert "a-token" not in page.answer.text
            guest.worker.gate.set()
            page = await until(guest, page, "is running")
            assert "a-token" not in page.answer.text
            answer = await guest.client.get(main["data-go"])
            assert answer.status_code == 303
            assert answer.headers["location"] == "https://s.test/lab?token=a-token"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
            front = await guest.see("")
            assert "running on this machine" in front.text
            page = await guest.click(page)
            page = await until(guest, page, "is stopped")
            assert guest.worker.log == ["stopped"]
            assert "Run it again" in page.text

        visit(settings, go)

    def test_events_for_the_page_and_no_token_in_them(self, settings: Settings, url: str) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.click(await guest.see(f"v2/notebook?url={url}"))
            guest.worker.gate.set()
            page = await until(guest, page, "is running")
            answer = await guest.client.get(f"{page.answer.url.path}/events"[1:])
            assert answer.headers["content-type"] == "text/event-stream"
            said = re.findall(r"event: (\w+)\n(?:id: \d+\n)?data: (.*)\n\n", answer.text)
            assert {name for name, _ in said} == {"phase", "over"}
            assert said[-1][0] == "over"
            assert json.loads(said[-1][1]) == {"state": "ready"}
            assert "a-token" not in answer.text
            last = len(said) - 2
            answer = await guest.client.get(f"{page.answer.url.path}/events?from={last}"[1:])
            assert answer.text.count("event: phase") == 1

        visit(settings, go)

    def test_a_launch_that_fails_says_why(self, settings: Settings, url: str) -> None:
        async def go(guest: Guest) -> None:
            guest.worker.error = BuildFailed("pip ended with 1", hint="mend requirements.txt")
            guest.worker.gate.set()
            page = await guest.click(await guest.see(f"v2/notebook?url={url}"))
            page = await until(guest, page, "did not start")
            assert "pip ended with 1" in page.text
            assert "Mend requirements.txt" in page.text
            (again,) = [href for href, text in page.links.items() if text == "Try again"]
            assert (await guest.see(again)).heading == "Run tides.ipynb?"

        visit(settings, go)

    def test_cancelling(self, settings: Settings, url: str) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.click(await guest.see(f"v2/notebook?url={url}"))
            page = await guest.click(page)
            assert page.heading == "A title is stopped"

        visit(settings, go)

    def test_what_changed_since_is_shown_first(self, settings: Settings, site: Site) -> None:
        url = site.put("/changing.ipynb", notebook(FILES))

        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            other = await guest.see(f"v2/notebook?url={url}")
            site.put("/changing.ipynb", notebook(FILES, code="evil()"))
            kept = await guest.click(page)
            assert kept.heading.startswith("Starting")  # the very bytes that were shown
            page = await guest.click(other, job="gone")
            assert page.status == 409
            assert "another one than when you were asked" in page.text
            assert "data-auto" not in page.form.tag
            assert (await guest.click(page)).heading.startswith("Starting")

        visit(settings, go)

    def test_another_visitor_has_neither_the_ticket_nor_the_launch(
        self, settings: Settings, url: str
    ) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            started = await guest.click(page)
            guest.client.cookies.clear()
            refused = await guest.click(page)
            assert refused.status == 403
            gone = await guest.see(str(started.answer.url))
            assert (gone.status, gone.heading) == (404, "There is nothing here")
            for more in ("events", "go"):
                answer = await guest.client.get(f"{started.answer.url.path}/{more}"[1:])
                assert answer.status_code == 404
            other = await guest.see(f"v2/notebook?url={url}")
            stopped = await guest.click(started, csrf=other.form.fields["csrf"])
            assert stopped.status == 404

        visit(settings, go)

    def test_a_page_that_is_too_old_is_shown_again(self, settings: Settings, url: str) -> None:
        """Of any age, and after the cookie is gone: the ticket's own signature is enough."""
        now = [1_000_000.0]

        async def go(guest: Guest) -> None:
            signer = Signer(b"secret" * 8, lambda: now[0])
            guest.client.app.state.gateway = replace(guest.gateway, signer=signer)
            page = await guest.see(f"v2/notebook?url={url}&host=local&urlpath=lab")
            now[0] += 13 * 3600
            old = await guest.click(page)
            now[0] -= 13 * 3600
            guest.client.cookies.clear()
            others = await guest.click(page)
            for answer in (old, others):
                assert answer.status == 403
                assert "ticket" not in answer.text
                href = {text: href for href, text in answer.links.items()}["Show it again"]
                asked = parse_qs(urlsplit(href).query)
                assert asked == {"url": [url], "host": ["local"], "urlpath": ["lab"]}
            assert "too old to start it from" in old.text
            forged = await guest.click(page, ticket=page.form.fields["ticket"][:-4] + "abcd")
            assert "Show it again" not in forged.text

        visit(settings, go)

    def test_nothing_begins_while_the_service_ends(self, settings: Settings, url: str) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            leave(guest.client.app)
            page = await guest.click(page)
            assert page.status == 503
            assert int(page.answer.headers["Retry-After"]) > 0
            assert "Try again" in page.text

        visit(settings, go)

    def test_who_logged_out_is_told(self, settings: Settings) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see("?logged_out")
            assert "You are logged out" in page.text
            assert page.links["/login"] == "Log in again"

        visit(settings, go)

    @pytest.mark.parametrize("field", ["csrf", "ticket"])
    def test_forms_that_are_not_ours(self, settings: Settings, url: str, field: str) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            for value in ("", "x", page.form.fields[field][:-4] + "abcd"):
                page.form.fields[field] = value
                assert (await guest.click(page)).status == 403

        visit(settings, go)

    def test_a_form_that_is_sent_twice_leads_to_what_it_launched(
        self, settings: Settings, url: str
    ) -> None:
        """Without ``Used`` each press of the button starts another session."""

        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            first, second = await asyncio.gather(guest.click(page), guest.click(page))
            third = await guest.click(page)
            assert first.heading.startswith("Starting")
            assert len({one.answer.url.path for one in (first, second, third)}) == 1

        visit(settings, go)

    def test_too_many_launches(self, tmp_path: Path, url: str) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            await guest.click(page)
            page = await guest.click(await guest.see(f"v2/notebook?url={url}"))
            assert page.status == 429
            assert page.answer.headers["Retry-After"]
            # Back to what was asked for, though the form's own address says nothing of it.
            assert any("tides.ipynb" in href for href in page.links)

        visit(settings_for(tmp_path, limits=Limits(launches="1/hour")), go)

    def test_a_page_that_waits_looks_again(self, settings: Settings, site: Site) -> None:
        gate = threading.Event()

        def slow(exchange: Exchange) -> None:
            gate.wait(20)
            exchange.answer(notebook(FILES))

        url = site.put("/slow.ipynb", b"")
        site.pages["/slow.ipynb"] = slow

        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            assert page.heading == "Fetching the notebook"
            (refresh,) = [one for one in page.all("meta") if "http-equiv" in one]
            again = refresh["content"].partition("url=")[2]
            gate.set()
            page = await until(guest, await guest.see(again), "Run slow.ipynb?")
            assert page.forms

        visit(settings, go)


class TestStatic:
    def test_kept_for_good_by_their_version(self, settings: Settings) -> None:
        async def run() -> None:
            async with inside(settings) as client:
                page = Page(await client.get(""))
                (script,) = page.all("script")
                answer = await client.get(script["src"][1:])
                assert "immutable" in answer.headers["cache-control"]
                assert answer.headers["content-type"].startswith("text/javascript")
                held = {"If-None-Match": answer.headers["etag"]}
                assert (await client.get(script["src"][1:], headers=held)).status_code == 304
                other = await client.get("static/script.js?v=old")
                assert "immutable" not in other.headers["cache-control"]
                for name in ("../app.py", "%2e%2e%2fapp.py", "routes.py", "x"):
                    assert (await client.get(f"static/{name}")).status_code == 404

        asyncio.run(run())

    def test_nothing_inline(self, settings: Settings, url: str) -> None:
        """The policy would forbid it; so no page relies on it."""

        async def go(guest: Guest) -> None:
            pages = [await guest.see(path) for path in ("", f"?url={url}", "nope", "?url=-")]
            pages.append(await guest.click(pages[1]))
            for page in pages:
                policy = page.answer.headers["content-security-policy"]
                assert "script-src 'self'" in policy
                assert "unsafe" not in policy
                assert all(one["src"].startswith("/static/") for one in page.all("script"))
                for tag, attributes in page.tags:
                    assert tag != "style"
                    odd = {name for name in attributes if name == "style" or name[:2] == "on"}
                    assert not odd, odd
                assert len(page.all("h1")) == len(page.all("main")) == 1
                assert page.all("html") == [{"lang": "en"}]

        visit(settings, go)


def test_login_is_asked_for_where_servers_are_peoples_own(tmp_path: Path, url: str) -> None:
    place = replace(HUB, name="ours", kind="jupyterhub", login=True, ask=True, as_is=True)

    async def go(guest: Guest) -> None:
        page = await guest.click(await guest.see(f"v2/notebook?url={url}"))
        assert page.status == 403
        assert "logged in" in page.text

    visit(settings_for(tmp_path, place), go)


class TestHubsThatBuildNothing:
    PLACES = (
        replace(HUB, kind="jupyterhub", token="a-token", ask=True, as_is=True),
        PlaceSettings("server", "server", "a server", "https://server.example/", as_is=True),
    )

    @pytest.mark.parametrize(("place", "what"), list(zip(PLACES, ("hub", "server"), strict=True)))
    def test_it_is_said_before_the_click(
        self, tmp_path: Path, url: str, site: Site, place: PlaceSettings, what: str
    ) -> None:
        plain = site.put("/plain-on-a-hub/tides.ipynb", notebook())

        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            assert page.form.buttons == [f"Run on {place.title}"]
            assert f"This {what} builds nothing: it runs with what the {what} has" in page.text
            assert "cowsay==6.1" in page.text
            page = await guest.see(f"v2/notebook?url={plain}")
            assert f"What the {what} has" in page.text
            assert "plain Python" not in page.text
            assert "builds nothing" not in page.text

        visit(settings_for(tmp_path, place, exposed=True), go)

    def test_where_it_is_not_to_stand_in(self, tmp_path: Path, url: str) -> None:
        async def go(guest: Guest) -> None:
            page = await guest.see(f"v2/notebook?url={url}")
            assert "builds no environment" in page.text
            assert "--on" not in page.text
            assert not page.forms

        visit(settings_for(tmp_path, replace(self.PLACES[0], as_is=False), exposed=True), go)


class TestTheSameAgain:
    def test_what_is_up_is_offered_first(self, settings: Settings, url: str) -> None:
        async def go(guest: Guest) -> None:
            link = f"v2/notebook?url={url}"
            guest.worker.gate.set()
            page = await until(guest, await guest.click(await guest.see(link)), "is running")
            launch = str(page.answer.url.path)
            page = await guest.see(link)
            assert "It is running already" in page.text
            assert page.links[f"{launch}/go"] == "Open it"
            assert page.form.buttons == ["Run another"]
            assert "already" not in (await guest.see(f"{link}&urlpath=lab")).text
            another = await until(guest, await guest.click(page), "is running")
            assert str(another.answer.url.path) != launch

        visit(settings, go)

    def test_too_many_lists_them_with_a_button_each(self, tmp_path: Path, url: str) -> None:
        async def go(guest: Guest) -> None:
            link = f"v2/notebook?url={url}"
            guest.worker.gate.set()
            await until(guest, await guest.click(await guest.see(link)), "is running")
            page = await guest.click(await guest.see(link))
            assert (page.status, page.form.buttons) == (429, ["Stop"])
            assert "started a moment ago" in page.text
            assert (await guest.see("")).forms[-1].buttons == ["Stop"]
            page = await guest.click(page)
            assert "is stopped" in page.heading
            assert len((await guest.see("")).forms) == 1
            page = await guest.click(await guest.see(link))
            assert page.status == 200

        visit(settings_for(tmp_path, replace(LOCAL, sessions=1)), go)
