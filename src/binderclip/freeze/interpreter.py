"""Which Python the packages are pinned for, and who says so."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from binderclip import pythons, yamls
from binderclip.errors import Refused
from binderclip.rees import Choice, Listing, choose, requires_python

_MINOR = re.compile(r"3\.\d{1,2}")
_CONDA = re.compile(r"(?:[\w./-]+::)?python\s*={1,2}\s*(3\.\d{1,2})(?:\.\d+)*(?:\.?\*)?(?:\s*=.*)?")


@dataclass(frozen=True, slots=True)
class Python:
    """``version`` is like "3.11"; ``stated`` names the file that leaves no other, or is None."""

    version: str
    stated: str | None


def python_for(listing: Listing, *, asked: str | None, before: str | None) -> Python:
    """What the files state; else what the person ``asked`` for, what was pinned for ``before``, or
    the Python that runs this, in this order, as far as ``requires-python`` allows them.

    Raises Refused for files that repo2docker refuses, and where nothing is allowed.
    """
    choice = choose(listing)
    if stated := _stated(listing, choice):
        return stated
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    spec = None if choice.folder else requires_python(listing)
    try:
        found = pythons.pick(spec, fixed=asked, default=before or own)
    except ValueError as error:
        told = str(error).replace("of runtime.txt", "that was asked for")
        raise Refused(f"pyproject.toml: requires-python: {told}") from error
    return Python(found.python, None)


def _stated(listing: Listing, choice: Choice) -> Python | None:
    runtime = choice.runtime
    if choice.buildpack == "conda" and choice.trigger:
        version = python_of_conda(listing.read(choice.trigger) or "", choice.trigger)
        return Python(version, choice.trigger) if version else None
    if runtime is None or runtime.name != "python" or runtime.version in {None, "3"}:
        return None
    path = choice.path("runtime.txt")
    if not _MINOR.fullmatch(runtime.version or ""):
        raise Refused(
            f"{path}: found {runtime.text!r}, expected a line like 'python-3.12'",
            hint="repo2docker takes no patch release and no Python 2",
        )
    return Python(str(runtime.version), path)


def python_of_conda(text: str, path: str) -> str | None:
    """As repo2docker reads an environment.yml: ``python=X.Y`` among its dependencies, and nothing
    looser. Raises Refused.
    """
    value = yamls.read(text, path)
    listed = value.get("dependencies") if isinstance(value, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, str) and (found := _CONDA.fullmatch(one.strip())):
            return found[1]
    return None
