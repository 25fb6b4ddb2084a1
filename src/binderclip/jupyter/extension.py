"""What happens once, when the server starts."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.utils import url_path_join

from binderclip.filling.gather import gather
from binderclip.filling.summary import carried
from binderclip.jupyter import opening, routes, saving
from binderclip.jupyter.guarding import guard_of
from binderclip.jupyter.here import KEY, Here, hub_of
from binderclip.jupyter.settings import said

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def load(app: ServerApp) -> None:
    """Never raises: whatever is wrong, the server starts and saves."""
    settings = said(app)
    facts = gather(settings.stated, os.environ, folder=Path(app.root_dir))
    guard, more = guard_of(settings.networks)
    hub, others = hub_of(os.environ)
    facts = replace(facts, remarks=(*settings.remarks, *facts.remarks, *more, *others))
    with suppress(Exception):  # handlers are anybody's, and disks are full
        for remark in facts.remarks:
            app.log.warning("binderclip: %s", remark)
        app.log.info("binderclip: %s", carried(facts))
    app.web_app.settings[KEY] = Here(facts, guard, hub)
    saving.install(app.contents_manager, facts, app.log)
    base = url_path_join(app.web_app.settings["base_url"], "binderclip")
    handlers: list[tuple[Any, ...]] = [*routes.handlers(base), *opening.handlers(base)]
    app.web_app.add_handlers(".*$", handlers)
