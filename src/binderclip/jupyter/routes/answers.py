"""What the routes answer that need nothing of a server but its facts. Plain functions, to be called
in threads: none of them waits for anything, and some take a while for large notebooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from binderclip import importing, rees, spec
from binderclip import notebook as notebooks
from binderclip._version import __version__
from binderclip.environment import Environment
from binderclip.filling import Facts, facts_as_json, fill, match
from binderclip.jupyter.routes.known import KNOWN, KnownFile
from binderclip.jupyter.routes.requests import BuildpackAsked
from binderclip.notebook import MISSING, Missing
from binderclip.rest.verdict import Answer, verdict
from binderclip.spec.model import JSON, Binder


def validated(value: JSON | Missing, facts: Facts) -> Answer:
    """What is wrong with ``value``, what it says, and whether this server has it."""
    answer, binder = verdict(value)
    return {**answer, "here": here(binder, facts) if binder else None}


def here(binder: Binder, facts: Facts) -> Answer:
    """Is what the notebook names what this server has?"""
    return asdict(match(Environment.of(binder), facts))


def known_files() -> Answer:
    return {"files": [_known(one) for one in KNOWN]}


def _known(one: KnownFile) -> Answer:
    return {**asdict(one), "executable": one.executable}


def built(asked: BuildpackAsked) -> Answer:
    """Raises SpecError for files that no notebook could carry."""
    reading = spec.read({"version": 1, "files": _plain(asked.files)})
    files = Environment.of(reading.binder or Binder()).realised_files("linux-64")
    return asdict(rees.report(rees.Embedded(files)))


def _plain(files: Mapping[str, str | tuple[str, ...]]) -> dict[str, JSON]:
    return {name: text if isinstance(text, str) else list(text) for name, text in files.items()}


def filled(value: JSON | Missing, facts: Facts) -> Answer:
    """``binder`` is what a save would write, and absent where there would be none."""
    metadata: dict[str, JSON] = {} if value is MISSING else {"binder": value}
    after = fill(metadata, facts)
    answer: Answer = {"changed": after is not metadata}
    return {**answer, "binder": after["binder"]} if "binder" in after else answer


def imported(data: bytes, name: str) -> Answer:
    """What other tools left in a notebook, the best first. Raises NotebookError."""
    notebook = notebooks.parse(data, name)
    return {"found": [_found(one) for one in importing.seen_in(notebook)]}


def _found(one: importing.Found | importing.Unusable) -> Answer:
    place: Answer = {"tool": one.tool, "where": one.where}
    if isinstance(one, importing.Imported):
        return {**place, "binder": spec.write(one.binder), "remarks": list(one.remarks)}
    return {**place, "why": one.why}


def about(facts: Facts, hub: str | None) -> Answer:
    return {"version": __version__, "hub": hub, **facts_as_json(facts)}
