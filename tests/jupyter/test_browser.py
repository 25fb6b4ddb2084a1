"""A click on a link, in a real browser, until the notebook is on the screen."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.hubs.rig import Kind, started
from tests.jupyter.rig import Served, notebook, served
from tests.jupyter.shelf import Exchange, Site, put, query, shelf

pytestmark = pytest.mark.slow

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
CONFIG = """
c.Binderclip.allowed_networks = ["127.0.0.0/8"]
c.ServerApp.base_url = "/user/ada/"
c.ServerApp.allow_remote_access = True
"""
READY_MS = 120_000
PLAIN = "hub.test"
"""A name that no browser takes for this machine's own: over plain http it tells less there."""


@pytest.fixture(scope="module")
def chromium(lacking: Callable[[str, str], NoReturn]) -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        lacking("chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[*FLAGS.split(), f"--host-resolver-rules=MAP {PLAIN} 127.0.0.1"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab(jupyter_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """JupyterLab and Notebook 7 below a prefix, as on a hub."""
    root = tmp_path_factory.mktemp("browser") / "root"
    with served(jupyter_python, root, config=CONFIG, app="lab") as one:
        yield one


@pytest.fixture
def site() -> Iterator[Site]:
    with shelf() as one:
        yield one


@pytest.fixture
def page(chromium: Browser, lab: Served) -> Iterator[Page]:
    """A page of somebody who has logged in, and heard no complaint of the browser's."""
    context = chromium.new_context()
    context.request.get(f"{lab.url}api/status?token={lab.token}")
    yield context.new_page()
    context.close()


@pytest.fixture
def plain(chromium: Browser, lab: Served) -> Iterator[Page]:
    """The same without scripts."""
    context = chromium.new_context(java_script_enabled=False)
    context.request.get(f"{lab.url}api/status?token={lab.token}")
    yield context.new_page()
    context.close()


def named(site: Site, name: str) -> str:
    cell = f"print('on the screen: {name}')"
    return put(site, f"/{name}.ipynb", notebook(cell, title=f"All about {name}"))


def clicked(page: Page, lab: Served, url: str, app: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.goto(lab.url + query(url, path="from/the web/", app=app))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Open ")
    expect(page.get_by_text("It calls itself All about")).to_be_visible()
    expect(page.get_by_text("127.0.0.1", exact=False).first).to_be_visible()
    assert not complaints, complaints
    colour = page.get_by_role("button").evaluate("e => getComputedStyle(e).backgroundColor")
    assert colour == "rgb(154, 61, 6)", "the style sheet is not there"
    page.keyboard.press("Tab")  # the keyboard alone does it
    page.get_by_role("button").focus()
    page.keyboard.press("Enter")


def test_into_jupyterlab(page: Page, lab: Served, site: Site) -> None:
    clicked(page, lab, named(site, "lab"), "lab")
    expect(page).to_have_url(re.compile(r"/user/ada/lab/tree/from/the%20web/lab\.ipynb"))
    expect(page.locator(".jp-Notebook").get_by_text("on the screen: lab")).to_be_visible(
        timeout=READY_MS
    )


def test_into_notebook_7(page: Page, lab: Served, site: Site) -> None:
    clicked(page, lab, named(site, "seven"), "notebook")
    expect(page).to_have_url(re.compile(r"/user/ada/notebooks/from/the%20web/seven\.ipynb"))
    expect(page.locator(".jp-Notebook").get_by_text("on the screen: seven")).to_be_visible(
        timeout=READY_MS
    )


def test_after_the_login_page(chromium: Browser, lab: Served, site: Site) -> None:
    url = named(site, "login")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(lab.url + query(url, path="a b/"))
    expect(page).to_have_url(re.compile(r"/login\?next="))
    page.locator("input[name=password]").first.fill(lab.token)
    page.get_by_role("button", name="Log in").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Open login.ipynb?")
    expect(page.get_by_text("a b/")).to_be_visible()
    assert lab.token not in page.url
    assert lab.token not in page.content()
    context.close()


def test_without_scripts_up_to_the_application(plain: Page, lab: Served, site: Site) -> None:
    plain.goto(lab.url + query(named(site, "plain"), app="lab"))
    plain.get_by_role("button").click()
    expect(plain).to_have_url(re.compile(r"/user/ada/lab/tree/plain\.ipynb"))
    assert json.loads((lab.root / "plain.ipynb").read_bytes())["metadata"]["title"]


def test_a_slow_one_comes_by_itself_without_scripts(plain: Page, lab: Served, site: Site) -> None:
    gate = threading.Event()

    def slow(exchange: Exchange) -> None:
        gate.wait(60)
        exchange.answer(json.dumps(notebook(title="Slow and steady")).encode())

    site.pages["/slow.ipynb"] = slow
    plain.goto(lab.url + query(f"{site.url}/slow.ipynb"))
    expect(plain.get_by_role("heading", level=1)).to_have_text("Fetching the notebook")
    gate.set()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Open slow.ipynb?", timeout=30_000)
    assert len(site.requests) == 1


def test_a_phone_shows_all_of_it(chromium: Browser, lab: Served, site: Site) -> None:
    """No sideways scrolling, whatever the names."""
    name = "a-name-without-any-place-to-break-" * 3
    url = put(site, f"/{name}.ipynb", notebook(title="x" * 150))
    context = chromium.new_context(viewport={"width": 360, "height": 700})
    page = context.new_page()
    page.goto(f"{lab.url}{query(url, path='folder-' * 20 + '/')}&token={lab.token}")
    expect(page.get_by_role("button")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_the_next_page_hears_nothing_of_the_address(page: Page, lab: Served, site: Site) -> None:
    """Which may be signed, and would be in the log of whatever fails there."""
    put(site, "/signed.ipynb?sig=0123456789secret", notebook(title="Signed"))
    referers: list[str] = []
    page.on("request", lambda asked: referers.append(asked.headers.get("referer", "")))
    page.goto(lab.url + query(f"{site.url}/signed.ipynb?sig=0123456789secret", app="lab"))
    page.get_by_role("button").click()
    expect(page).to_have_url(re.compile(r"/user/ada/lab/tree/signed\.ipynb"))
    told = {one for one in referers if one}
    assert not any("sig" in one.partition("/binderclip")[2] for one in told), told
    assert "0123456789secret" not in lab.log


def test_a_second_visit(page: Page, lab: Served, site: Site) -> None:
    url = named(site, "again")
    lab.save("again.ipynb", notebook("print('mine')"))
    page.goto(lab.url + query(url, app="lab"))
    page.get_by_role("link", name="Open the again.ipynb that is there").click()
    expect(page).to_have_url(re.compile(r"/user/ada/lab/tree/again\.ipynb"))
    assert not (lab.root / "again-1.ipynb").exists()


def test_an_address_is_pasted(plain: Page, lab: Served, site: Site) -> None:
    plain.goto(f"{lab.url}binderclip/")
    plain.get_by_label("The notebook's address").fill(named(site, "pasted"))
    plain.keyboard.press("Enter")
    expect(plain.get_by_role("heading", level=1)).to_have_text("Open pasted.ipynb?")


def test_pictures_and_frames_of_others_fetch_nothing(page: Page, lab: Served, site: Site) -> None:
    """Of another origin of this machine, as a hub's other users have; same-site all the same."""
    put(site, "/seen.ipynb", notebook())
    asked = lab.url + query(f"{site.url}/seen.ipynb")
    evil = f'<img src="{asked}"><iframe src="{asked}"></iframe><script src="{asked}"></script>'
    page.goto(site.put("/evil.html", evil.encode(), content_type="text/html"))
    page.wait_for_load_state("networkidle")
    assert [one.path for one in site.requests if one.path == "/seen.ipynb"] == []
    page.set_content("")
    page.goto(site.put("/fair.html", f'<a href="{asked}">x</a>'.encode(), content_type="text/html"))
    page.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Open seen.ipynb?")


def test_over_plain_http(page: Page, lab: Served, site: Site) -> None:
    """Where the browser does not say who asks."""
    there = lab.url.replace("127.0.0.1", PLAIN)
    page.goto(f"{there}api/status?token={lab.token}")
    url = named(site, "insecure")
    asked = there + query(url, app="lab")
    pixel = f'<img src="{asked}"><a href="{asked}">x</a>'
    page.goto(site.put("/pixel.html", pixel.encode(), content_type="text/html"))
    page.wait_for_load_state("networkidle")
    assert [one.path for one in site.requests if one.path == "/insecure.ipynb"] == []
    page.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Open insecure.ipynb?")
    page.get_by_role("button").click()
    expect(page).to_have_url(re.compile(r"hub\.test:\d+/user/ada/lab/tree/insecure\.ipynb"))
    assert (lab.root / "insecure.ipynb").exists()


def test_from_a_link_through_a_hub(
    chromium: Browser, tools: Path, jupyter_python: Path, tmp_path: Path, site: Site
) -> None:
    """Who is not logged in, and has no server yet, follows one link."""
    assert jupyter_python.exists()
    allowed = 'c.Spawner.args += ["--Binderclip.allowed_networks=127.0.0.0/8"]'
    kind = Kind(prefix="/deep/hub/", lab=True, servers="jupyter", config=allowed)
    url = named(site, "hubbed")
    context = chromium.new_context()
    page = context.new_page()
    with started(tools, tmp_path, kind) as hub:
        page.goto(f"{hub.url}hub/user-redirect/{query(url, path='from the hub/', app='lab')}")
        page.locator("input[name=username]").fill("ada")
        page.locator("input[name=password]").fill("x")
        page.get_by_role("button", name="Sign in").click()
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("Open hubbed.ipynb?", timeout=READY_MS)
        assert "/deep/hub/user/ada/binderclip/open?url=" in page.url
        page.get_by_role("button").click()
        expect(page).to_have_url(re.compile("/deep/hub/user/ada/lab/tree/from%20the%20hub/hubbed"))
        cell = page.locator(".jp-Notebook").get_by_text("on the screen: hubbed")
        expect(cell).to_be_visible(timeout=READY_MS)
        assert (hub.home("ada") / "from the hub" / "hubbed.ipynb").exists()
        assert "Traceback" not in hub.log
    context.close()
