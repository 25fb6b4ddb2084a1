"""Where a server shows a notebook to a person."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args
from urllib.parse import quote

from binderclip.errors import Refused
from binderclip.servers import Server

UI: TypeAlias = Literal["lab", "notebook", "retro", "classic"]
UIS: tuple[UI, ...] = get_args(UI)

# What is asked for to see whether it is there, and where it shows a notebook; first what most
# servers have. Classic has a path of its own on new servers, and is all there is on old ones.
_PAGES: dict[UI, tuple[tuple[str, str], ...]] = {
    "lab": (("lab", "lab/tree/"),),
    "notebook": (("tree", "notebooks/"),),
    "retro": (("retro/tree", "retro/notebooks/"),),
    "classic": (("nbclassic/tree", "nbclassic/notebooks/"), ("tree", "notebooks/")),
}


async def page(server: Server, path: str, ui: UI | None) -> str:
    """The address, without a token, where ``ui`` shows the notebook at ``path`` (relative to the
    server's root); by default the first that the server has.

    Raises Refused where it has no such page, SessionError.
    """
    for name in (ui,) if ui else UIS:
        for asked, shows in _PAGES[name]:
            if (await server.ask("GET", asked, headers={"Accept": "text/html"})).ok:
                return f"{server.url}{shows}{quote(path)}"
    wanted = f"no {ui!r}" if ui else "no page for notebooks"
    raise Refused(
        f"{server.shown} has {wanted}",
        hint="leave --ui out to take what it has" if ui else "'run' executes the notebook there",
    )
