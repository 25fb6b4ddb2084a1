"""Which application shows the notebook, and where. Pages as jupyterlab, notebook, retrolab and
nbclassic serve them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import quote

from binderclip.addresses.masking import printable
from binderclip.errors import Refused
from binderclip.links.pages import UIS

if TYPE_CHECKING:
    from binderclip.servers.pages import UI

NAMES: Mapping[UI, str] = {
    "lab": "JupyterLab",
    "notebook": "Jupyter Notebook",
    "retro": "RetroLab",
    "classic": "the classic Notebook",
}
_EXTENSIONS: Mapping[UI, str] = {
    "lab": "lab",
    "notebook": "notebook",
    "retro": "retrolab",
    "classic": "nbclassic",
}


@dataclass(frozen=True, slots=True)
class Applications:
    """``pages`` are the default pages of the applications that run (``{"lab": "/lab"}``);
    ``default`` is the server's own, without its base. ``text_notebooks``: jupytext is there.
    """

    pages: Mapping[str, str]
    default: str = ""
    text_notebooks: bool = False

    @property
    def here(self) -> tuple[UI, ...]:
        return tuple(app for app in UIS if _EXTENSIONS[app] in self.pages)

    def chosen(self, asked: UI | None) -> UI | None:
        """``asked``, if it is here; else what the server shows by default; None: nothing does."""
        if asked in self.here:
            return asked
        first = self.default.strip("/").partition("/")[0]
        named: dict[str, UI] = {"lab": "lab", "doc": "lab", "retro": "retro"}
        named |= {"tree": "notebook", "notebooks": "notebook", "edit": "notebook"}
        named["nbclassic"] = "classic"
        app = named.get(first)
        if app in self.here:
            return app
        if app == "notebook" and "classic" in self.here:
            return "classic"
        return next(iter(self.here), None)

    def page(self, app: UI, path: str, *, text: bool) -> str:
        """The page for the notebook at ``path``, percent-encoded, relative to the server's base."""
        quoted = quote(path)
        if app == "lab":
            return f"lab/tree/{quoted}"
        prefix = self.pages[_EXTENSIONS[app]].strip("/").rpartition("tree")[0]
        kind = "edit" if text and not self.text_notebooks else "notebooks"
        return f"{prefix}{kind}/{quoted}"


def asked_for(word: str) -> UI | None:
    """The value of ``app=``. Raises Refused for what is none."""
    for app in UIS:
        if word == app:
            return app
    if not word:
        return None
    near = get_close_matches(word[:40], UIS, n=1)
    meant = f"did you mean app={near[0]}? Or " if near else ""
    raise Refused(
        f"app: found '{printable(word, 40)}', expected one of {', '.join(UIS)}",
        hint=f"{meant}leave it out to take what this server shows by default",
    )
