"""juv, and whatever else keeps a script's header in a cell; ``uv.lock`` beside it in the metadata.

https://github.com/manzt/juv: ``juv add`` writes the header, ``juv lock`` the lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from binderclip.distributions import canonical
from binderclip.importing import script, uvlock, uvoptions
from binderclip.importing.model import Found, Remarks, Tool, Unusable, View, finished
from binderclip.importing.pythonversion import runtime
from binderclip.importing.requirements import requirements
from binderclip.spec.model import Binder, Frozen, Text, lined

LOCK = "uv.lock"
_CONSTRAINTS = "constraints.txt"


def found(view: View) -> Iterator[Found]:
    """A header in a cell, else a lock alone."""
    lock = view.get(LOCK)
    if script.MARK in view.notebook.data:
        for number, source in view.cells():
            if (text := script.block(source)) is not None:
                yield header("juv", f"cell {number}", text, view.python, lock)
                return
    if lock is not None and not view.notebook.text:
        yield _alone(lock, view.python)


def header(tool: Tool, where: str, text: str, ran: str | None, lock: object = None) -> Found:
    """A header's TOML as a Binder. ``ran`` is the Python that last ran it, where that is known."""
    try:
        table = script.parsed(text)
    except ValueError:
        return Unusable(tool, where, "the header is not TOML")
    remarks = Remarks()
    options = table.get("tool")
    uv = options.get("uv") if isinstance(options, dict) else None
    said = uvoptions.said(uv, table.get("dependencies"), remarks)
    files: dict[str, Text] = {}
    if said.dependencies or said.constraints:
        constrained = [f"-c {_CONSTRAINTS}"] if said.constraints else []
        stated = [*said.options, *constrained, *said.dependencies]
        files["requirements.txt"] = _text(stated)
    if said.constraints:
        files[_CONSTRAINTS] = _text(said.constraints)
    if (version := runtime(table.get("requires-python"), ran, remarks)) is not None:
        files["runtime.txt"] = lined(version)
    binder = Binder(files=files)
    if lock is not None:
        binder = replace(binder, frozen=_frozen(lock, said.dependencies, remarks))
    return finished(tool, where, binder, remarks)


def _text(stated: Any) -> Text:
    return lined("".join(f"{line}\n" for line in stated))


def _frozen(lock: object, dependencies: tuple[str, ...], remarks: Remarks) -> Frozen | None:
    try:
        pinned = uvlock.locked(lock)
        stale = _named(dependencies) != {_of_root(root) for root in pinned.roots}
    except uvlock.Unsayable as error:
        remarks.say(f"uv.lock is left out: {error}")
        return None
    if stale:
        remarks.say("uv.lock is left out: it was made for other dependencies than these")
        return None
    return Frozen(files={"requirements.txt": lined(pinned.text)}) if pinned.text else None


def _named(dependencies: tuple[str, ...]) -> set[tuple[str, ...]]:
    from packaging.requirements import Requirement  # noqa: PLC0415 - as where lines are read

    parsed = [Requirement(line) for line in dependencies]
    return {
        (canonical(one.name), "" if one.url else str(one.specifier), *sorted(one.extras))
        for one in parsed
    }


def _of_root(root: dict[str, Any]) -> tuple[str, ...]:
    from packaging.specifiers import (  # noqa: PLC0415 - as where lines are read
        InvalidSpecifier,
        SpecifierSet,
    )

    extras = root.get("extras", [])
    stated = root.get("specifier", "")
    try:
        specifier = str(SpecifierSet(stated)) if isinstance(stated, str) else ""
    except InvalidSpecifier as error:
        raise uvlock.Unsayable("it has not the shape of uv's locks") from error
    named = [one for one in extras if isinstance(one, str)] if isinstance(extras, list) else []
    return (str(root.get("name")), specifier, *sorted(named))


def _alone(lock: object, ran: str | None) -> Found:
    """A lock whose cell is gone: what it was made for stands in it too."""
    where = f"metadata['{LOCK}']"
    try:
        pinned = uvlock.locked(lock)
    except uvlock.Unsayable as error:
        return Unusable("juv", where, f"uv.lock: {error}")
    remarks = Remarks()
    stated = requirements([_requirement(root) for root in pinned.roots], remarks)
    files: dict[str, Text] = {"requirements.txt": _text(stated)} if stated else {}
    if (version := runtime(pinned.requires_python, ran, remarks)) is not None:
        files["runtime.txt"] = lined(version)
    frozen = Frozen(files={"requirements.txt": lined(pinned.text)}) if pinned.text else None
    return finished("juv", where, Binder(files=files, frozen=frozen), remarks)


def _requirement(root: dict[str, Any]) -> str:
    name, specifier, *extras = _of_root(root)
    inner = f"[{','.join(extras)}]" if extras else ""
    marker = root.get("marker")
    tail = f" ; {marker}" if isinstance(marker, str) else ""
    return f"{name}{inner}{specifier}{tail}"
