"""From a link to the executed cell, in a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.gateway.rig import LOCAL, Served, process, running, settings_for
from tests.gateway.rig_hub import GatewayHub
from tests.sources.conftest import Site, serving

from binderclip.gateway.settings.model import PlaceSettings

pytestmark = pytest.mark.slow

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
READY_MS = 300_000
"""An environment and a JupyterLab are made, the first time."""
FILES = {"version": 1, "files": {"requirements.txt": "cowsay==6.1\n"}}
CODE = "import cowsay\nprint('the first cell:', cowsay.__version__)"
KEPT = ("SSL_CERT_FILE", "PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX")
"""Where packages come from."""
PHONE = {"width": 360, "height": 740}


def notebook(binder: object, code: str = CODE) -> bytes:
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": "first",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": code,
        }
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"title": "Tides of the North Sea", "kernelspec": kernel}
    if binder is not None:
        metadata["binder"] = binder  # type: ignore[assignment] # a tree of JSON
    value = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(value).encode()


@pytest.fixture(scope="module")
def chromium(lacking: Callable[[str, str], NoReturn]) -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        lacking("chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as one:
        yield one


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """``binderclip serve --on local``, as somebody starts it who tries it."""
    kept = {name: value for name in KEPT if (value := os.environ.get(name))}
    words = ("--on", "local", "--allow-network", "127.0.0.0/8")
    with process(tmp_path_factory.mktemp("serve"), *words, environ=kept) as served:
        yield served


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Fails where the browser had anything to complain of on a page of ours."""
    context = chromium.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(f"{page.url} {said.text}"))
    yield page
    context.close()
    ours = [text for text in complaints if "/lab" not in text and "/hub/" not in text]
    assert not ours


@pytest.fixture
def plain(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=False, viewport=PHONE)  # type: ignore[arg-type] # a TypedDict
    yield context.new_page()
    context.close()


def executed(page: Page) -> None:
    """The first cell, as a person runs it."""
    expect(page.locator(".jp-Notebook")).to_be_visible(timeout=READY_MS)
    expect(page.get_by_text(re.compile(r"Python 3.*\| Idle"))).to_be_visible(timeout=READY_MS)
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    output = page.locator(".jp-OutputArea-output")
    expect(output.get_by_text("the first cell: 6.1")).to_be_visible(timeout=60_000)


def stopped(page: Page, local: Served) -> None:
    """By the front page, which knows what of theirs is running."""
    page.goto(local.url)
    page.get_by_role("link", name="Tides of the North Sea").click()
    expect(page.get_by_role("link", name="Open it")).to_be_visible()
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("is stopped", timeout=60_000)


def test_from_a_link_to_the_executed_cell(page: Page, local: Served, site: Site) -> None:
    url = site.put("/courses/tides.ipynb", notebook(FILES))
    page.goto(f"{local.url}v2/notebook?url={url}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Run tides.ipynb?")
    expect(page.get_by_text("cowsay==6.1")).to_be_visible()
    colour = page.get_by_role("button").evaluate("e => getComputedStyle(e).backgroundColor")
    assert colour == "rgb(154, 61, 6)", "the style sheet is not there"
    page.get_by_role("button", name="Run on this machine").focus()
    page.keyboard.press("Enter")  # the keyboard alone does it
    expect(page.get_by_role("heading", level=1)).to_contain_text("Starting")
    expect(page.get_by_role("status")).not_to_be_empty()
    page.get_by_text("Log", exact=True).click()
    expect(page.locator("#log")).to_contain_text("requirements.txt")
    page.wait_for_url(re.compile(r"/lab/tree/tides\.ipynb"), timeout=READY_MS)
    executed(page)
    assert "token=" not in local.log
    stopped(page.context.new_page(), local)


def test_without_scripts_up_to_the_link(plain: Page, local: Served, site: Site) -> None:
    url = site.put("/plain.ipynb", notebook(FILES))
    plain.goto(f"{local.url}v2/notebook?url={url}")
    plain.get_by_role("button", name="Run on this machine").click()
    way = plain.get_by_role("link", name="Open it")
    expect(way).to_be_visible(timeout=READY_MS)
    assert "token" not in plain.content()
    way.click()
    assert re.search(r"/lab/tree/plain\.ipynb", plain.url)
    stopped(plain.context.new_page(), local)


def test_on_a_phone(chromium: Browser, local: Served, site: Site) -> None:
    long = "a" * 300
    binder = {**FILES, "content": {"host": "https://github.com", "path": f"o/{'r' * 90}"}}
    url = site.put(f"/{long}.ipynb", notebook(binder))
    context = chromium.new_context(viewport=PHONE, is_mobile=True)  # type: ignore[arg-type] # a TypedDict
    page = context.new_page()
    for path in ("", f"v2/notebook?url={url}", f"?url={url}", "v2/notebook?url=-", "nothing"):
        page.goto(local.url + path)
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], f"{path}: it has to be scrolled sideways"
    page.goto(f"{local.url}v2/notebook?url={url}")
    expect(page.get_by_role("button")).to_be_in_viewport()
    context.close()


def test_an_address_leads_straight_on_where_nobody_is_asked(
    page: Page, tmp_path: Path, site: Site
) -> None:
    url = site.put("/auto.ipynb", notebook(FILES))
    hub = PlaceSettings(
        name="hub", kind="binderhub", title="a hub", url="http://127.0.0.1:1/", ask=False
    )
    with running(settings_for(tmp_path, hub, LOCAL)) as base:
        page.goto(f"{base}v2/notebook?url={url}")
        expect(page).to_have_url(re.compile("/v2/launches/"))
        expect(page.get_by_role("heading", level=1)).to_contain_text("did not start")
        expect(page.get_by_role("alert")).to_be_visible()
        # Back is where the link was, and no second launch.
        page.go_back()
        expect(page).to_have_url("about:blank")
        # Whoever pasted the address wants to see it first.
        page.goto(f"{base}?url={url}")
        expect(page.get_by_role("heading", level=2).last).to_have_text("Links and badges")
        expect(page.get_by_role("button", name="Run on a hub")).to_be_visible()


def test_copying_a_badge(chromium: Browser, local: Served, site: Site) -> None:
    url = site.put("/badge.ipynb", notebook(FILES))
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{local.url}?url={url}")
    row = page.locator(".copies").filter(has_text="Markdown")
    row.get_by_role("button").click()
    expect(row.get_by_role("button")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("[![Launch badge")
    assert copied == row.get_by_role("textbox").input_value()
    context.close()


def test_on_a_hub_from_the_login_to_the_notebook(
    chromium: Browser, gateway_hub: GatewayHub, site: Site
) -> None:
    url = site.put("/hub.ipynb", notebook(None, "print('the first cell:', '6.1')"))
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{gateway_hub.url}v2/notebook?url={url}")
    page.locator("input[name=username]").fill(gateway_hub.hub.user())
    page.locator("input[name=password]").fill("any")
    page.locator("input[type=submit], button[type=submit]").first.click()
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Run hub.ipynb?")
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url(re.compile(r"/user/.*/lab/tree/.*\.ipynb"), timeout=READY_MS)
    if page.get_by_role("button", name="Authorize").is_visible():
        page.get_by_role("button", name="Authorize").click()
    executed(page)
    assert "token=" not in page.url
    page.goto(gateway_hub.url)
    page.get_by_role("button", name="Log out").click()
    page.wait_for_load_state()
    assert page.get_by_role("button", name="Log out").count() == 0
    context.close()
