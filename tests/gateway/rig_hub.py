"""A real JupyterHub that runs the gateway as its service, for any suite of the gateway.

Take the fixture ``gateway_hub`` (a hub once a worker; JupyterLab on its servers, with binderclip's
extension):

    def test_it(gateway_hub: GatewayHub) -> None:
        user = gateway_hub.hub.user()
        with gateway_hub.browser() as browser:          # httpx, with cookies, follows redirects
            page = gateway_hub.sign_in(browser, user, gateway_hub.url)

For a real browser: open ``gateway_hub.url``, fill in ``username`` and ``password`` (anything), and
click *Authorize* on the page after it, the first time.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx
from tests.gateway.rig import free_port
from tests.hubs.rig import Hub, Kind, started

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# What the documentation tells operators to allow: people's own servers, and nothing else.
SCOPES = ("servers!user", "access:servers!user", "tokens!user")
_SERVICE = """
c.JupyterHub.public_url = rig["bind_url"]
c.JupyterHub.services += [json.loads({service!r})]
c.JupyterHub.load_roles += [
    {{
        "name": "user",
        "scopes": ["self", "access:services!service=binderclip"],
        "users": [],
    }},
]
{more}
"""


@dataclass(frozen=True)
class GatewayHub:
    """``url`` is the gateway's front page, through the hub's proxy; it ends in ``/``."""

    hub: Hub
    url: str

    @contextmanager
    def browser(self, **options: object) -> Iterator[httpx.Client]:
        """As little of one as a login needs."""
        chosen = {"follow_redirects": True, "timeout": 60, "trust_env": False, **options}
        with httpx.Client(**chosen) as client:  # type: ignore[arg-type]  # told by name
            yield client

    def sign_in(self, browser: httpx.Client, user: str, url: str) -> httpx.Response:
        """Open ``url``, which leads to the hub's login, and go all the way back."""
        page = browser.get(url)
        if "/hub/login" in str(page.url):
            page = _submitted(browser, page, username=user, password="any")
        if "/oauth2/authorize" in str(page.url):
            page = _submitted(browser, page)
        return page


def _submitted(browser: httpx.Client, page: httpx.Response, **fields: str) -> httpx.Response:
    """The page's form, with what it has already."""
    forms = re.findall(r"<form\b[^>]*method=\"post\".*?</form>", page.text, re.DOTALL)
    assert forms, page.text[:2000]
    data: dict[str, list[str]] = {name: [value] for name, value in fields.items()}
    for tag in re.findall(r"<input\b[^>]*>", forms[0], re.DOTALL):
        told = {key: unescape(value) for key, value in re.findall(r'(\w+)="([^"]*)"', tag)}
        if told.get("name", "") not in fields and told.get("type") != "submit":
            data.setdefault(told.get("name", ""), []).append(told.get("value", ""))
    found = re.search(r'<form\b[^>]*\baction="([^"]*)"', forms[0], re.DOTALL)
    action = unescape(found[1]) if found else str(page.url)
    origin = re.match(r"https?://[^/]+", str(page.url))
    assert origin is not None
    headers = {"Origin": origin[0], "Referer": str(page.url), "Sec-Fetch-Site": "same-origin"}
    return browser.post(urljoin(str(page.url), action), data=data, headers=headers)


@contextmanager
def gateway_on_hub(
    tools: Path,
    folder: Path,
    *,
    prefix: str = "/",
    lab: bool = True,
    words: tuple[str, ...] = (),
    environ: Mapping[str, str] | None = None,
    more: str = "",
) -> Iterator[GatewayHub]:
    """``words`` go behind ``binderclip serve``, ``more`` into the hub's configuration."""
    home = folder / "gateway"
    home.mkdir(parents=True, exist_ok=True)
    python = tools / "service" / "bin" / "python"
    service = {
        "name": "binderclip",
        "url": f"http://127.0.0.1:{free_port()}",
        "command": [str(python), "-m", "binderclip", "serve", *words],
        "oauth_client_allowed_scopes": list(SCOPES),
        "environment": {
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "PYTHONUNBUFFERED": "1",
            **(environ or {}),
        },
    }
    config = _SERVICE.format(service=json.dumps(service), more=more)
    kind = Kind(prefix=prefix, lab=lab, servers="jupyter", config=config)
    with started(tools, folder / "hub", kind) as hub:
        found = GatewayHub(hub, f"{hub.url}services/binderclip/")
        _wait_until_up(found)
        yield found


def _wait_until_up(found: GatewayHub) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            with _OPENER.open(f"{found.url}health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the service did not come up:\n{found.hub.log[-5000:]}")
