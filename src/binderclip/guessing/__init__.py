"""From the imports of a notebook's cells to the distributions that it needs. Nothing is run.

A guess is to be looked at by a person: it says of each distribution why, and whether it is sure.
"""

from __future__ import annotations

import sys
from pathlib import Path

from binderclip.companions import PYTHONS, language
from binderclip.distributions import canonical
from binderclip.errors import Refused
from binderclip.guessing import imports, names, wellknown
from binderclip.guessing.installed import Installed
from binderclip.guessing.model import Distribution, Found, Guess, Guessed, Named, Wanted
from binderclip.notebook import Notebook

_MOST_MODULES = 5000
_DEEPEST = 8

__all__ = ["Distribution", "Guess", "Guessed", "Installed", "guess"]


def guess(
    notebook: Notebook, *, folder: Path | None = None, installed: Installed | None = None
) -> Guess:
    """What ``notebook`` needs. ``folder`` is where it lies: modules there are its own, and what
    they import counts. ``installed`` is the Python that it runs in, where that is known.

    Raises Refused for other languages than Python and for more imports than anybody writes,
    NotebookError for cells of another shape than the format's.
    """
    spoken = language(notebook)
    if spoken not in PYTHONS:
        raise Refused(
            f"{notebook.name}: its kernel speaks {spoken[:40]!a}, and imports are read in Python",
            hint=_ELSEWHERE.get(spoken, "name its packages with `binderclip set --file`"),
        )
    found = imports.found(notebook, folder)
    if (number := len({one.top for one in found.modules})) > _MOST_MODULES:
        raise Refused(
            f"{notebook.name}: imports {number:,} modules, expected at most {_MOST_MODULES:,}",
            hint="name its packages with `binderclip set --file`",
        )
    return _Guessing(found, installed).done()


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
        self._local: set[str] = set()
        self._bound: dict[tuple[str, str], str] = {}
        # Repositories of which only building tells the name.
        self._unnamed: set[str] = set()
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
            if place := wellknown.bound_to(wanted.name, sys.platform):
                self._bound.setdefault((place, wanted.top), wanted.why)
            elif canonical(wanted.top) not in self._unnamed:
                self._take(wanted, owner) if owner else self._look_up(wanted)
        return Guess(
            tuple(sorted(self._by_name.values(), key=lambda one: one.distribution)),
            tuple(sorted(self._unknown)),
            {module: some for module, some in self._unknown.items() if some},
            frozenset(self._local),
            tuple(self._notes()),
            complete=self._names is not None or not self._asked,
        )

    def _wanted(self) -> list[Wanted]:
        standard = frozenset(sys.stdlib_module_names)
        return [
            one
            for one in dict.fromkeys(map(_shortened, self._found.modules))
            if not wellknown.comes_with_python(one.top, standard)
        ]

    def _name(self, named: Named) -> None:
        """What the notebook installs itself."""
        if named.name is None:
            self._unnamed.add(_repository(named.tail))
            one = Guessed("", named.tail, named.why, sure=named.sure)
        else:
            name = canonical(named.name)
            version = self._installed.version(name) if self._installed else None
            one = Guessed("", name, named.why, version, sure=named.sure, specifier=named.tail)
        self._by_name[one.distribution] = one

    def _take(self, wanted: Wanted, owner: Distribution) -> None:
        # Many a distribution leaves its own 'tests' and 'utils' beside it.
        stray = wellknown.is_generic(wanted.top) and owner.name != canonical(wanted.top)
        self._add(wanted, owner.name, owner.version, sure=not stray)

    def _look_up(self, wanted: Wanted) -> None:
        known = wellknown.known(wanted.name, extension=wanted.extension)
        if {canonical(wanted.top), *known} & self._by_name.keys():
            return
        if known:
            either = wanted.extension and len(known) > 1
            self._add(wanted, known[0], sure=not either, others=known[1:])
        elif wellknown.is_generic(wanted.name):
            self._unknown.setdefault(_shown(wanted), ())
            self._local.add(_shown(wanted))
        else:
            self._ask(wanted)

    def _ask(self, wanted: Wanted) -> None:
        """The table: that something has such a name is no reason to be sure."""
        self._asked = True
        if self._names is None:
            self._without_table(wanted)
            return
        choice = self._names.choose(wanted.name)
        if choice.name is None:
            self._unknown.setdefault(_shown(wanted), choice.others)
        else:
            others = () if choice.own else choice.others
            self._add(wanted, choice.name, sure=False, others=others)

    def _without_table(self, wanted: Wanted) -> None:
        if wellknown.in_namespace(wanted.name):
            self._unknown.setdefault(_shown(wanted), ())
        else:
            self._add(wanted, canonical(wanted.top), sure=False)

    def _add(
        self,
        wanted: Wanted,
        name: str,
        version: str | None = None,
        *,
        sure: bool,
        others: tuple[str, ...] = (),
    ) -> None:
        why = f"{wanted.why}, optional: the code goes on without it"
        guessed = Guessed(
            wanted.name,
            name,
            why if wanted.optional else wanted.why,
            version,
            sure=sure and not wanted.optional,
            others=others,
            optional=wanted.optional,
        )
        self._by_name.setdefault(name, guessed)

    def _notes(self) -> list[str]:
        notes = [
            f"{where} is no Python: only its lines were searched" for where in self._found.unread
        ]
        notes += dict.fromkeys(self._found.remarks)
        notes += [
            f"{why}: left out, since it is there on {place} alone"
            for (place, _), why in self._bound.items()
        ]
        if self._asked and self._names is None:
            notes.append(
                f"names are taken as they are imported; {names.MISSING} knows more of them"
            )
        return notes


def _shortened(wanted: Wanted) -> Wanted:
    """What lies deeper tells nothing more, and each part is looked up."""
    parts = wanted.name.split(".", _DEEPEST)
    return wanted if len(parts) <= _DEEPEST else Wanted(".".join(parts[:_DEEPEST]), wanted.why)


def _repository(line: str) -> str:
    """The last name of an address, which most projects bear."""
    address = line.partition(" ")[0].partition("#")[0]
    last = address.rstrip("/").rpartition("/")[2].partition("@")[0]
    return canonical(last.removesuffix(".git"))


def _shown(wanted: Wanted) -> str:
    """The top of a module, or as much as tells one of a shared namespace."""
    parts = wanted.name.split(".")
    return ".".join(parts[:3] if parts[0] in wellknown.NAMESPACES else parts[:1])
