"""Jupyter Book 1: ``launch_buttons`` and ``repository`` in ``_config.yml``.

https://jupyterbook.org/en/v1/interactive/launchbuttons.html. Jekyll's configuration has the same
name, and no ``launch_buttons``.
"""

from __future__ import annotations

from collections.abc import Iterator

from binderclip.importing import binderoptions, texts
from binderclip.importing.binderoptions import Options
from binderclip.importing.model import Found, Remarks, Unusable
from binderclip.spec.places import MYBINDER


def of_file(text: str, where: str) -> Iterator[Found]:
    value = texts.table(text, where)
    buttons, repository = texts.inner(value, "launch_buttons"), texts.inner(value, "repository")
    hub = buttons.get("binderhub_url")
    if not buttons or not (hub or buttons.get("thebe") or buttons.get("jupyterhub_url")):
        return
    here = f"{where}: launch_buttons"
    remarks = Remarks()
    if buttons.get("jupyterhub_url"):
        remarks.say("jupyterhub_url is left out: a hub of one's own is named with `run --on`")
        if not (hub or buttons.get("thebe")):
            yield Unusable("jupyter-book", here, remarks.lines[0])
            return
    options = Options(
        hub=hub or MYBINDER,
        repo=repository.get("url"),
        # Jupyter Book's own default.
        ref=texts.word(repository.get("branch"), "branch", text) or "master",
    )
    yield binderoptions.binder("jupyter-book", here, options, remarks)
