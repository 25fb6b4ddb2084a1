"""MyST projects: ``project.jupyter`` (or ``thebe``, its other name) in ``myst.yml``, and
``project.binder``, a launch link.

https://mystmd.org/guide/in-page-execution
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from binderclip import spec
from binderclip.errors import SpecError
from binderclip.importing import binderoptions, texts
from binderclip.importing.binderoptions import USUAL, Options
from binderclip.importing.model import Found, Remarks, Unusable, finished
from binderclip.importing.requirements import plain
from binderclip.spec.places import MYBINDER

_GITHUB = re.compile(
    r"(?:https?://(?:www\.)?github\.com/)?([\w.-]+/[\w.-]+?)(?:\.git)?(?:/.*)?", re.ASCII
)
_UNSAID = {
    "server": "server is left out: a server of one's own is named with `run --on`",
    "lite": "lite is left out: JupyterLite runs in the browser, without an environment to build",
}


def of_file(text: str, where: str) -> Iterator[Found]:
    project = texts.inner(texts.table(text, where), "project")
    key = next((key for key in ("jupyter", "thebe") if key in project), None)
    stated = project.get(key) if key else None
    if stated == "lite":
        yield Unusable("myst", f"{where}: project.{key}", _UNSAID["lite"])
    elif stated is True or stated == "binder":
        yield _launched({"binder": True}, project, text, f"{where}: project.{key}")
    elif isinstance(stated, dict):
        yield _launched(stated, project, text, f"{where}: project.{key}")
    link = project.get("binder")
    if isinstance(link, str):
        yield _linked(link, f"{where}: project.binder")


def _launched(stated: dict[str, Any], project: dict[str, Any], text: str, where: str) -> Found:
    remarks = Remarks()
    for key, line in _UNSAID.items():
        if stated.get(key):
            remarks.say(line)
    binder = stated.get("binder")
    if not binder:
        return Unusable("myst", where, "; ".join(remarks.lines) or "it names no Binder")
    options = binder if isinstance(binder, dict) else {}
    repo = options.get("repo")
    if not repo:
        repo = _github(project.get("github"))
        if repo is None:
            repo = USUAL
            remarks.say(f"it names no repository: MyST launches {USUAL} then")
    given = Options(
        hub=options.get("url") or MYBINDER,
        repo=repo,
        ref=texts.word(options.get("ref"), "ref", text),
        provider=options.get("provider"),
    )
    return binderoptions.binder("myst", where, given, remarks)


def _github(value: object) -> str | None:
    """``owner/name`` out of what ``project.github`` holds, which may lead to a folder."""
    found = _GITHUB.fullmatch(plain(value) or "")
    return found[1] if found else None


def _linked(link: str, where: str) -> Found:
    try:
        reading = spec.read(link)
    except SpecError as error:
        problem = error.problems[0]
        return Unusable("myst", where, f"found {problem.found}, expected {problem.expected}")
    remarks = Remarks()
    if reading.opens:
        remarks.say("what the link opens is left out: it is no part of the environment")
    return finished("myst", where, reading.binder or spec.Binder(), remarks)
