"""Which parts of an environment can be pinned, and which are not yet. Nothing is asked, and
importing this is cheap.
"""

from __future__ import annotations

import posixpath
import re

from binderclip.spec.model import Binder, Reference, joined
from binderclip.spec.places import DEFAULT_REFS, DOI, HYDROSHARE, canonical, looks_like_dataset

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
    return (*references, *files)


def _is_package(binder: Binder) -> bool:
    from binderclip import rees  # noqa: PLC0415 - few notebooks carry a package
    from binderclip.errors import Refused  # noqa: PLC0415 - as above

    listing = rees.Embedded({name: joined(text) for name, text in binder.files.items()})
    try:
        return rees.is_package(listing, "") == "pyproject.toml"
    except Refused:
        return False
