"""Which parts of an environment can be pinned, and which are not yet. Nothing is asked, and
importing this is cheap.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from binderclip.spec.model import Binder, Reference, joined
from binderclip.spec.places import DEFAULT_REFS, DOI, HYDROSHARE, canonical, looks_like_dataset

if TYPE_CHECKING:
    from binderclip import rees

REFERENCES = tuple(DEFAULT_REFS)
LOCKABLE = (
    "requirements.txt",
    "pyproject.toml",
    "environment.yml",
    "environment.yaml",
    "Dockerfile",
)
"""Files that leave versions open, and that can be pinned."""

PARTS = (*REFERENCES, "files", *LOCKABLE)
"""What can be frozen by its name; ``files`` are all of them."""

RUNTIME = "runtime.txt"
PIPFILE = "Pipfile"

UNPINNED: Mapping[str, str] = MappingProxyType(
    {
        PIPFILE: "not pinned; `pipenv lock` pins it, embed its Pipfile.lock too",
        "setup.py": "what it needs is known only by running it, and is not pinned; say it in a "
        "requirements.txt, or in the [project] table of a pyproject.toml",
        "apt.txt": "packages of the system are not pinned",
        "install.R": "what it installs is not pinned; a date in runtime.txt, as in "
        "r-4.4-2026-01-01, is that of the packages",
    }
)
"""What leaves versions open and is not pinned here, with what can be done about it."""

_DATA = re.compile(r"https?://(?:[\w.-]+\.)?(?:zenodo\.org|figshare\.com)(?:/|$)", re.ASCII)


def is_deposit(reference: Reference) -> bool:
    """A deposit of data (Zenodo, Figshare, a DOI, …): it has versions, and no commits."""
    place = canonical(reference)
    dataset = looks_like_dataset(place.host, place.path) and not (place.ref or place.hash)
    return dataset or place.host in {DOI, HYDROSHARE} or bool(_DATA.match(place.host))


def config_folder(binder: Binder) -> str:
    """Where in ``files`` the environment files stand: ``binder`` or ``.binder`` where the notebook
    has such a folder and no repository, which has one itself; else "".
    """
    if binder.build is None:
        for folder in (".binder", "binder"):
            if any(name.startswith(f"{folder}/") for name in binder.files):
                return folder
    return ""


def loose(binder: Binder) -> tuple[str, ...]:
    """The parts of ``binder`` without a hash, or without a pinned form; not whether those there
    still hold.
    """
    references = [
        key
        for key in REFERENCES
        if (one := getattr(binder, key)) and not one.hash and not is_deposit(one)
    ]
    pinned = binder.frozen.files if binder.frozen else {}
    at = config_folder(binder)
    files = [
        name
        for name in LOCKABLE
        if (path := posixpath.join(at, name)) in binder.files and path not in pinned
    ]
    if "pyproject.toml" in files and (
        at or "requirements.txt" in {*pinned, *binder.files} or not _is_package(binder)
    ):
        files.remove("pyproject.toml")
    if needs_pipenv(binder):
        files.append(PIPFILE)
    return (*references, *files)


def needs_pipenv(binder: Binder) -> bool:
    """Would it be built from a Pipfile that nothing pins?"""
    at = config_folder(binder)
    if posixpath.join(at, PIPFILE) not in binder.files:
        return False
    if posixpath.join(at, f"{PIPFILE}.lock") in binder.files:
        return False
    from binderclip import rees  # noqa: PLC0415 - few notebooks carry a Pipfile
    from binderclip.errors import Refused  # noqa: PLC0415 - as above

    try:
        return rees.choose(_listing(binder)).buildpack == "pipfile"
    except Refused:
        return False


def unpinned(binder: Binder) -> Mapping[str, str]:
    """The files of ``binder`` that stay open whatever is frozen, with a word on each."""
    at = config_folder(binder)
    has = {name for name in UNPINNED if posixpath.join(at, name) in binder.files}
    if posixpath.join(at, f"{PIPFILE}.lock") in binder.files:
        has.discard(PIPFILE)
    # Only a root is installed; beside requirements.txt it is told where that is pinned.
    if at or posixpath.join(at, "requirements.txt") in binder.files:
        has.discard("setup.py")
    return {name: why for name, why in UNPINNED.items() if name in has}


def _is_package(binder: Binder) -> bool:
    from binderclip import rees  # noqa: PLC0415 - few notebooks carry a package
    from binderclip.errors import Refused  # noqa: PLC0415 - as above

    try:
        return rees.is_package(_listing(binder), "") == "pyproject.toml"
    except Refused:
        return False


def _listing(binder: Binder) -> rees.Embedded:
    from binderclip import rees  # noqa: PLC0415 - as above

    return rees.Embedded({name: joined(text) for name, text in binder.files.items()})
