"""How each page on the way to a notebook wants it said: BinderHub's (``binderhub-client``'s
``spec.js``), nbgitpuller's (``handlers.py``), JupyterHub's (``UserRedirectHandler``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from binderclip.spec.model import Reference
from binderclip.spec.places import GIST, canonical

if TYPE_CHECKING:
    from binderclip.servers.pages import UI

# Where a server shows a notebook. Classic's is also what Notebook 7 answers at, so that it leads
# somewhere on new servers too.
_PAGES: dict[UI, str] = {
    "lab": "lab/tree/",
    "notebook": "notebooks/",
    "retro": "retro/notebooks/",
    "classic": "tree/",
}
UIS: tuple[UI, ...] = tuple(_PAGES)
_HUB_PAGE = r"/(?:hub(?:/(?:home|token|admin|login|spawn(?:/.*)?))?|user/.*)/?$"


def page(ui: UI, path: str) -> str:
    """The path, percent-encoded and relative to a server's address, where ``ui`` shows the
    notebook at ``path``.
    """
    return _PAGES[ui] + quote(path)


def folder_page(ui: UI, path: str) -> str:
    """The same for a folder."""
    return ("lab/tree/" if ui == "lab" else "tree/") + quote(path)


def opening(ui: UI, path: str) -> dict[str, str]:
    """The parameter of a launch link that opens ``path``; its value is to be quoted once more."""
    name = {"lab": "labpath", "classic": "filepath"}.get(ui)
    # BinderHub's page quotes both with encodeURI, which leaves these two as they are.
    if name and not re.search(r"[#?]", path):
        return {name: path}
    # What labpath becomes.
    return {"urlpath": f"doc/tree/{quote(path)}" if ui == "lab" else page(ui, path)}


def git_pull(content: Reference, goes_on: str) -> str:
    """The page of nbgitpuller, which brings ``content`` at its ref and goes on to a page of the
    server (percent-encoded). It knows branches and tags, no commits.
    """
    place = canonical(content)
    values = {
        "repo": f"{place.url}.git" if place.host == GIST else place.url,
        "branch": re.sub(r"^refs/(?:heads|tags)/", "", place.ref or ""),
        "urlpath": goes_on,
        # Said, since versions differ in whether they take ".git" off.
        "targetPath": folder(content),
    }
    return f"git-pull?{_query(values)}"


def open_page(address: str, *, path: str = "", ui: UI | None = None) -> str:
    """The page of binderclip's extension that fetches the notebook at ``address``, saves it in
    the folder or under the name ``path``, and shows it in ``ui``, or else as the server does.
    """
    return f"binderclip/open?{_query({'url': address, 'path': path, 'app': ui or ''})}"


def gateway_page(gateway: str, address: str) -> str:
    """The page of binderclip's service that launches the notebook at ``address``."""
    return f"{gateway.rstrip('/')}/v2/notebook?{_query({'url': address})}"


def folder(repository: Reference) -> str:
    """Where ``git_pull`` puts it: a name of plain characters, since some of the ways there quote
    the others and some do not.
    """
    name = unquote(repository.path).rstrip("/").rpartition("/")[2].removesuffix(".git")
    return re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip(".-") or "content"


def user_redirect(hub: str, goes_on: str) -> str:
    """A JupyterHub's link to a page (percent-encoded) of whoever follows it."""
    path, mark, query = goes_on.partition("?")
    # The hub unquotes the path once before it sends the browser on; the query stays.
    if re.search("%(?:23|25|3F|5C)", path):
        path = quote(path)
    return f"{hub_itself(hub)}/hub/user-redirect/{path}{mark}{query}"


def hub_itself(address: str) -> str:
    """A JupyterHub's address, without the page of it that people copied, or of their server."""
    return re.sub(_HUB_PAGE, "", address).rstrip("/")


def _query(values: dict[str, str]) -> str:
    pairs = [f"{name}={quote(value, safe='')}" for name, value in values.items() if value]
    return "&".join(pairs)
