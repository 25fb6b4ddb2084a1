"""What the files of an environment ask for, read into one list."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field

from binderclip import pythons
from binderclip.errors import Refused
from binderclip.freeze.locking import Lockable
from binderclip.freeze.python.pinned import moved
from binderclip.rees import FolderListing, is_package, parsed_toml
from binderclip.requirementfiles import Include, Option, Requirement, requirement, statements
from binderclip.requirementfiles.addresses import inside
from binderclip.requirementfiles.model import OptionName

PYPROJECT = "pyproject.toml"
REQUIREMENTS = "requirements.txt"

_PACKAGE_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_MAX_ARCHIVE_BYTES = 1 << 28
_MOST_FILES = 64
_MOST_REQUIREMENTS = 5000


@dataclass(frozen=True, slots=True)
class Asked:
    """``files`` were read, the first one named by the environment. ``project`` is True where the
    package in the root itself is to be asked what it needs, by running its code. ``packages``
    tell which packages from paths are meant, as far as their files say. ``unknown`` names the
    files whose needs only code could tell.
    """

    files: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    constraints: tuple[Requirement, ...] = ()
    options: tuple[Option, ...] = ()
    project: bool = False
    packages: tuple[str, ...] = ()
    unknown: tuple[str, ...] = field(default=())

    def values(self, name: OptionName) -> tuple[str, ...]:
        """In the order of the files, each once."""
        found = (option.value or "" for option in self.options if option.name == name)
        return tuple(dict.fromkeys(found))

    @property
    def digest(self) -> str:
        """16 hex digits; the order of requirements, comments and blanks do not count."""
        return self._digest(project=self.project)

    def made(self, digest: str) -> bool:
        """Is this the digest of what is asked for? Also of a lock that was made with builds,
        where there are to be none now: it pins more.
        """
        return digest in {self.digest, self._digest(project=bool(self.unknown))}

    def _digest(self, *, project: bool) -> str:
        parts = {
            "requirements": sorted(map(_canonical, self.requirements)),
            "constraints": sorted(map(_canonical, self.constraints)),
            "options": [[option.name, option.value] for option in self.options],
            "project": project,
            "packages": self.packages,
        }
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def read(wanted: Lockable, *, allow_builds: bool) -> Asked:
    """Raises Refused for what cannot be pinned, each with its file and line."""
    folder = FolderListing(wanted.root)
    own = wanted.path == PYPROJECT
    files, found = ([], []) if own else _read_all(folder, wanted.path)
    requirements = [one for one in found if isinstance(one, Requirement)]
    project = False
    unknown: tuple[str, ...] = ()
    # repo2docker installs the root's package beside this file alone, not beside conda's pip: list.
    package = is_package(folder, "") if wanted.path == REQUIREMENTS else None
    if own or package:
        stated, unknown = _project(folder, wanted, own=own)
        requirements += stated
        files = [*files, PYPROJECT] if stated or own else files
        project = bool(unknown) and allow_builds
    if len(requirements) > _MOST_REQUIREMENTS:
        raise Refused(f"{wanted.path}: asks for more than {_MOST_REQUIREMENTS} packages")
    return Asked(
        files=tuple(files),
        requirements=tuple(dict.fromkeys(requirements)),
        constraints=tuple(dict.fromkeys(one.required for one in found if isinstance(one, _Bound))),
        options=tuple(dict.fromkeys(one for one in found if isinstance(one, Option))),
        project=project,
        packages=tuple(_packages(folder, requirements, project=bool(unknown))),
        unknown=unknown,
    )


@dataclass(frozen=True, slots=True)
class _Bound:
    """A line of a file of constraints."""

    required: Requirement


def _read_all(
    folder: FolderListing, top: str
) -> tuple[list[str], list[Requirement | Option | _Bound]]:
    """Every file that ``top`` includes, and what they say. What an included file says stands
    where it is included.
    """
    seen: dict[tuple[str, bool], None] = {}
    found: list[Requirement | Option | _Bound] = []

    def visit(path: str, *, constraint: bool, by: str | None) -> None:
        if (path, constraint) in seen:
            return
        seen[path, constraint] = None
        if len(seen) > _MOST_FILES:
            raise Refused(f"{top}: includes more than {_MOST_FILES} files")
        text = folder.read(path)
        if text is None:
            raise Refused(f"{by}: includes {path!r}, which is not there" if by else _missing(path))
        for one in statements(text, path):
            if isinstance(one, Include):
                inner = posixpath.normpath(posixpath.join(posixpath.dirname(path), one.path))
                visit(inside(inner, path), constraint=one.constraint, by=path)
            elif constraint and isinstance(one, Requirement):
                found.append(_Bound(_bound(one, path)))
            elif isinstance(one, Option):
                found.append(_settled(folder, one, path))
            else:
                found.append(one)

    visit(top, constraint=False, by=None)
    return list(dict.fromkeys(path for path, _ in seen)), found


def _settled(folder: FolderListing, option: Option, path: str) -> Option:
    """With a folder of packages named from the root, wherever the file lies that names it."""
    if option.name != "find-links" or "://" in (option.value or ""):
        return option
    for found in (moved(option, posixpath.dirname(path)), moved(option, "")):
        if folder.folder(inside(posixpath.normpath(found.value or ""), path)):
            return found
    raise Refused(f"{path}: --find-links names {option.value!r}, which is not there")


def _missing(path: str) -> str:
    return f"{path}: is not there"


def _bound(one: Requirement, path: str) -> Requirement:
    if one.name is None or one.path is not None or one.editable or one.extras:
        raise Refused(f"{path}: found {one.shown!r}, expected constraints like 'numpy<2'")
    return one


def _project(
    folder: FolderListing, wanted: Lockable, *, own: bool
) -> tuple[list[Requirement], tuple[str, ...]]:
    """What the package in the root needs, and the files that keep that to themselves."""
    table = parsed_toml(folder, PYPROJECT).get("project")
    if not isinstance(table, dict):
        if own:
            raise Refused(f"{PYPROJECT}: has no [project] table, so that it asks for nothing")
        return [], ("setup.py",)
    spec = table.get("requires-python")
    if spec is not None:
        _check_python(spec, wanted.python)
    stated, dynamic = table.get("dependencies", []), table.get("dynamic", [])
    if not isinstance(stated, list) or not all(isinstance(one, str) for one in stated):
        raise Refused(f"{PYPROJECT}: project.dependencies: expected a list of strings")
    found = [
        requirement(one.strip(), f"{PYPROJECT}: project.dependencies[{number}]")
        for number, one in enumerate(stated)
    ]
    unknown = isinstance(dynamic, list) and "dependencies" in dynamic
    return found, (PYPROJECT,) if unknown else ()


def _check_python(spec: object, python: str) -> None:
    try:
        fits = isinstance(spec, str) and pythons.allows(spec, python)
    except ValueError as error:
        raise Refused(f"{PYPROJECT}: requires-python: {error}") from error
    if not fits:
        raise Refused(
            f"{PYPROJECT}: requires-python is {str(spec)[:80]!r}, and this would be pinned for "
            f"Python {python}",
            hint="say which Python in runtime.txt, or widen requires-python",
        )


def _packages(
    folder: FolderListing, requirements: list[Requirement], *, project: bool
) -> Iterator[str]:
    paths = {one.path for one in requirements if one.path is not None} | (
        {"."} if project else set()
    )
    for path in sorted(paths):
        if folder.folder(path):
            yield from _package(folder, path)
        elif (content := folder.content(path, _MAX_ARCHIVE_BYTES)) is not None:
            yield f"{path} {hashlib.sha256(content).hexdigest()}"
        else:
            raise Refused(f"{path}: is asked for, and is not there")


def _package(folder: FolderListing, path: str) -> Iterator[str]:
    """What tells which packages the one in ``path`` needs: digests of its files."""
    for name in (posixpath.normpath(posixpath.join(path, one)) for one in _PACKAGE_FILES):
        if (content := folder.content(name)) is not None:
            yield f"{name} {hashlib.sha256(content).hexdigest()}"


def _canonical(one: Requirement) -> str:
    return " ".join([*(["-e"] if one.editable else []), one.line, *one.hashes])
