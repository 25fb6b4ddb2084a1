"""Which distributions on PyPI have a module: the database of names that pigar brings.

It knows names, not fame: beside a project stand its forks, and strangers that bundle it. So only
what is named like the module, or what others are named after, is taken for it.
"""

from __future__ import annotations

import importlib.util
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from binderclip.distributions import canonical
from binderclip.guessing.wellknown import in_namespace

MISSING = "pip install 'binderclip[guess]'"
_MOST_SHOWN = 5
# The tables as pigar/db.py makes them, release 2.2.0.
_QUERY = (
    "SELECT module.name, one.name, one.version FROM top_level_module_names AS module "
    "JOIN distributions AS one ON one.id = module.distribution_id "
    "WHERE module.name IN (SELECT name FROM temp.asked)"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """``name`` is None where nothing stands out; ``own``: it is the module's own name. ``others``
    have that module too.
    """

    name: str | None
    own: bool = False
    others: tuple[str, ...] = ()


def database() -> Path | None:
    """Where it is installed; None where it is not."""
    spec = importlib.util.find_spec("pigar")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(folders[0], ".db.sqlite3") if folders else None
    return path if path and path.is_file() else None


class Names:
    """The database's answers for the tops of some modules: it has no index by module, so that all
    are asked for at once (a tenth of a second).
    """

    def __init__(self, path: Path, tops: Collection[str]) -> None:
        self._versions: dict[str, dict[str, str]] = {top: {} for top in tops}
        for top, name, version in _rows(path, sorted(tops)):
            self._versions[top][canonical(name)] = version or ""

    def choose(self, module: str) -> Choice:
        """For a dotted module, whose top was given."""
        versions = self._versions[module.partition(".")[0]]
        best = _best(module, versions)
        others = tuple(sorted(versions.keys() - {best}, key=lambda name: (len(name), name)))
        own = best in {canonical(module.partition(".")[0]), *in_namespace(module)}
        return Choice(best, own, others[:_MOST_SHOWN])


def _rows(path: Path, tops: Sequence[str]) -> list[tuple[str, str, str]]:
    """Nothing of a database of another shape. Each query reads the whole table: there is one."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("CREATE TEMP TABLE asked (name TEXT PRIMARY KEY)")
            connection.executemany("INSERT INTO temp.asked VALUES (?)", [(top,) for top in tops])
            return connection.execute(_QUERY).fetchall()
    except sqlite3.Error:
        return []


def _best(module: str, versions: Mapping[str, str]) -> str | None:
    # 0.0.x holds a name for somebody, as a rule.
    real = {name for name, version in versions.items() if not version.startswith("0.0")}
    for name in in_namespace(module):
        if name in versions:
            return name
    if in_namespace(module):
        return None
    top = canonical(module.partition(".")[0])
    if top in real:
        return top
    alike = {f"py{top}", f"py-{top}", f"python-{top}", f"{top}-python", f"{top}py", f"{top}-py"}
    if len(found := real & alike) == 1:
        return found.pop()
    return _named_after(real) or (top if top in versions and len(versions) == 1 else None)


def _named_after(names: Collection[str]) -> str | None:
    """The one whose name begins those of others: forks are called NAME-something."""
    votes = {name: sum(one.startswith(f"{name}-") for one in names) for name in names}
    best = max(votes, key=lambda name: votes[name], default=None)
    return best if best and votes[best] and list(votes.values()).count(votes[best]) == 1 else None
