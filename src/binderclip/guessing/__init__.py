"""From the imports of a notebook's cells to the distributions that it needs. Nothing is run.

A guess is to be looked at by a person: it says of each distribution why, and whether it is sure.
"""

from __future__ import annotations

import sys
from pathlib import Path

from packaging.requirements import Requirement

from binderclip.companions import PYTHONS, language
from binderclip.errors import Refused
from binderclip.guessing import imports, names, wellknown
from binderclip.guessing.installed import Installed
from binderclip.guessing.model import Distribution, Found, Guess, Guessed, Named, Wanted
from binderclip.guessing.wellknown import canonical
from binderclip.notebook import Notebook

__all__ = ["Distribution", "Guess", "Guessed", "Installed", "guess"]


def guess(
    notebook: Notebook, *, folder: Path | None = None, installed: Installed | None = None
) -> Guess:
    """What ``notebook`` needs. ``folder`` is where it lies: modules there are its own, and what
    they import counts. ``installed`` is the Python that it runs in, where that is known.

    Raises Refused for other languages than Python, NotebookError for cells of another shape than
    the format's.
    """
    spoken = language(notebook)
    if spoken not in PYTHONS:
        raise Refused(
            f"{notebook.name}: its kernel speaks {spoken[:40]!a}, and imports are read in Python",
            hint=_ELSEWHERE.get(spoken, "name its packages with `binderclip set --file`"),
        )
    return _Guessing(imports.found(notebook, folder), installed).done()


_ELSEWHERE = {
    "r": "name its packages in an install.R, or in an environment.yml as r-NAME",
    "jl": "name its packages in a Project.toml",
    "julia": "name its packages in a Project.toml",
}


class _Guessing:
    def __init__(self, found: Found, installed: Installed | None) -> None:
        self._found, self._installed = found, installed
        self._by_name: dict[str, Guessed] = {}
        self._unknown: dict[str, tuple[str, ...]] = {}
        self._asked = False
        self._database = names.database()
        self._names: names.Names | None = None

    def done(self) -> Guess:
        modules = self._wanted()
        owners = self._installed.owners([one.name for one in modules]) if self._installed else {}
        for named in self._found.named:
            self._name(named)
        if self._database:
            tops = {one.top for one in modules if one.name not in owners}
            self._names = names.Names(self._database, tops)
        for wanted in modules:
            owner = owners.get(wanted.name)
            self._take(wanted, owner) if owner else self._look_up(wanted)
        return Guess(
            tuple(sorted(self._by_name.values(), key=lambda one: one.distribution)),
            tuple(sorted(self._unknown)),
            {module: some for module, some in self._unknown.items() if some},
            tuple(self._notes()),
            complete=self._names is not None or not self._asked,
        )

    def _wanted(self) -> list[Wanted]:
        standard = frozenset(sys.stdlib_module_names)
        return [
            one
            for one in dict.fromkeys(self._found.modules)
            if not wellknown.comes_with_python(one.top, standard)
        ]

    def _name(self, named: Named) -> None:
        """What the notebook installs itself."""
        parsed = Requirement(named.requirement)
        name = canonical(parsed.name)
        extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
        tail = f" @ {parsed.url}" if parsed.url else str(parsed.specifier)
        tail += f" ; {parsed.marker}" if parsed.marker else ""
        version = self._installed.version(name) if self._installed else None
        self._by_name[name] = Guessed(
            "", name, named.why, version, sure=not named.conda, specifier=f"{extras}{tail}"
        )

    def _take(self, wanted: Wanted, owner: Distribution) -> None:
        if owner.name not in self._by_name:
            self._by_name[owner.name] = Guessed(
                wanted.name, owner.name, wanted.why, owner.version, sure=True
            )

    def _look_up(self, wanted: Wanted) -> None:
        known = wellknown.known(wanted.name)
        named = next((name for name in known if name in self._by_name), None)
        if named or canonical(wanted.top) in self._by_name:
            return
        if known:
            self._add(wanted, known[0], sure=True, others=known[1:])
            return
        self._asked = True
        if self._names is None:
            self._without_table(wanted)
            return
        choice = self._names.choose(wanted.name)
        if choice.name is None:
            self._unknown.setdefault(_shown(wanted), choice.others)
        else:
            others = () if choice.sure else choice.others
            self._add(wanted, choice.name, sure=choice.sure, others=others)

    def _without_table(self, wanted: Wanted) -> None:
        if wellknown.in_namespace(wanted.name):
            self._unknown.setdefault(_shown(wanted), ())
        else:
            self._add(wanted, canonical(wanted.top), sure=False)

    def _add(self, wanted: Wanted, name: str, *, sure: bool, others: tuple[str, ...] = ()) -> None:
        self._by_name.setdefault(
            name, Guessed(wanted.name, name, wanted.why, sure=sure, others=others)
        )

    def _notes(self) -> list[str]:
        notes = [
            f"{where} is no Python: only its lines were searched" for where in self._found.unread
        ]
        if self._asked and self._names is None:
            notes.append(
                f"names are taken as they are imported; {names.MISSING} knows more of them"
            )
        return notes


def _shown(wanted: Wanted) -> str:
    """The top of a module, or as much as tells one of a shared namespace."""
    parts = wanted.name.split(".")
    return ".".join(parts[:3] if parts[0] in wellknown.NAMESPACES else parts[:1])
