"""Which Python packages an environment wants, wherever it says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from binderclip.errors import Problem, SpecError
from binderclip.exporting import lines
from binderclip.exporting.lines import Line
from binderclip.exporting.model import RUNTIME, File, Format, Wanted, has
from binderclip.spec.shown import shown

REQUIREMENTS = "requirements.txt"
_CONDA = ("environment.yml", "environment.yaml")
_RUNTIME = re.compile(r"python-(?P<version>3(?:\.\d{1,2})?)")
_BESIDE = re.compile(r"(?:python|pip|setuptools|wheel)(?:$|[\s=<>!~\[])")


@dataclass(frozen=True, slots=True)
class Packages:
    """``python`` is "3.11", or None where nothing is said of it. ``source`` is the file that names
    the packages; ``keys`` are those that are said whole by what is here, and ``losses`` what of
    ``source`` is no Python package.
    """

    lines: tuple[Line, ...]
    source: File
    python: str | None = None
    keys: frozenset[str] = field(default_factory=frozenset)
    losses: tuple[Problem, ...] = ()

    @property
    def hashed(self) -> bool:
        return any(line.hashes for line in self.lines)


def gathered(wanted: Wanted, to: Format) -> Packages:
    """From ``requirements.txt`` with all that it includes, else from the ``pip:`` list of an
    ``environment.yml``; the Python from that, or from ``runtime.txt``. Raises SpecError where
    there is neither.
    """
    files = wanted.files
    if source := files.get(REQUIREMENTS):
        found = lines.read(REQUIREMENTS, {name: file.text for name, file in files.items()})
        keys = {files[name].key for name in found.names}
        python = python_of(files.get(RUNTIME))
        if python:
            keys.add(files[RUNTIME].key)
        return Packages(found.lines, source, python, frozenset(keys))
    for name in _CONDA:
        if source := files.get(name):
            return _from_conda(wanted, source, to)
    raise nothing_named(wanted, to)


def nothing_named(wanted: Wanted, to: Format) -> SpecError:
    has = [key for key in ("image", "build") if getattr(wanted.binder, key)]
    has += list(wanted.files)
    problem = Problem(
        "binder.files",
        f"no {REQUIREMENTS} and no environment.yml ({', '.join(has[:5]) or 'nothing else either'})",
        f"one of them, which '{to}' can say",
    )
    return SpecError((problem,), hint="`binderclip set NOTEBOOK --file requirements.txt` adds one")


def python_of(runtime: File | None) -> str | None:
    """What ``runtime.txt`` says where repo2docker would take it: ``python-3.11``."""
    found = _RUNTIME.fullmatch(runtime.text.strip()) if runtime else None
    return found["version"] if found else None


def _from_conda(wanted: Wanted, source: File, to: Format) -> Packages:
    from binderclip import conda  # noqa: PLC0415 - most environments have no such file

    file = conda.read(source.text, source.name)
    found = lines.of(file.pip, {name: one.text for name, one in wanted.files.items()})
    keys = {wanted.files[name].key for name in found.names if name}
    losses = tuple(_only_conda(file.specs, source, to))
    losses += tuple(
        Problem(f"{source.key}.variables", shown(name), has(to)) for name in file.variables
    )
    python = file.python if file.python and file.python.count(".") == 1 else None
    if file.python and not python:
        spec = next((spec for spec in file.specs if spec.startswith("python")), "python")
        losses += (_lost(source, spec, to),)
    if not found.lines:
        problem = Problem(source.key, "no 'pip:' list", f"one, which '{to}' can say")
        raise SpecError((*losses, problem), hint="conda packages go to --to environment.yml")
    return Packages(found.lines, source, python, frozenset({source.key, *keys}), losses)


def _only_conda(specs: tuple[str, ...], source: File, to: Format) -> Iterator[Problem]:
    for spec in specs:
        name = spec.rpartition("::")[2].strip().lower()
        if not _BESIDE.match(name):
            yield _lost(source, spec, to)


def _lost(source: File, spec: str, to: Format) -> Problem:
    return Problem(f"{source.key}.dependencies", shown(spec), has(to))
