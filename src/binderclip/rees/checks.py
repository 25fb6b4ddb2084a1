"""What makes repo2docker fail besides the version of Python, by its own rules.

Source: ``repo2docker/buildpacks`` and ``repo2docker/semver.py``, release 2026.4.0.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from binderclip.rees.listings import Listing
from binderclip.rees.table import (
    Choice,
    Unbuildable,
    is_package,
    parsed_toml,
    runtime_txt,
    text_of,
)
from binderclip.rees.version import dependencies, environment_yml, pip_lines

_OLDEST_SNAPSHOT = date(2018, 12, 7)
_R_VERSIONS = frozenset({"4.5", "4.4", "4.3", "4.2", "4.1", "4.0", "3.6", "3.5", "3.4", "3.3"})
_PACKAGE = re.compile(r"[a-z0-9.+-]+")
_COMPARED = re.compile(r"(?:>=|<=|==|!=|>|<)?(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}")
_JULIA_HINT = "write it as '1.10', '^1.10', '~1.10' or '>=1.10', one version without blanks"


def check(listing: Listing, choice: Choice) -> None:
    """Raises Unbuildable."""
    if choice.buildpack == "docker":
        text_of(listing, choice.path("Dockerfile"))
        return
    if choice.buildpack == "julia-require":
        raise Unbuildable(
            f"{choice.trigger}: belongs to Julia before 1.0, which nothing builds any more",
            hint="write a Project.toml for a current Julia",
        )
    _apt(listing, choice)
    _post_build(listing, choice)
    if choice.buildpack in {"julia", "r", "conda"}:
        path, value = environment_yml(listing, choice)
        if path:
            list(dependencies(path, value))
            pip_lines(path, value)
    if choice.buildpack in {"julia", "r", "python"}:
        _requirements(listing, choice)
    if choice.buildpack == "julia":
        _julia(listing, choice)
    if choice.buildpack == "r":
        _r(choice)


def completed(listing: Listing, choice: Choice) -> Choice:
    """With runtime.txt, which Julia's buildpack reads once it is chosen. Raises Unbuildable."""
    if choice.buildpack != "julia":
        return choice
    runtime = runtime_txt(listing, choice.folder)
    return Choice(choice.folder, choice.buildpack, choice.trigger, runtime)


def _apt(listing: Listing, choice: Choice) -> None:
    path = choice.path("apt.txt")
    for line in (text_of(listing, path) or "").split("\n"):
        name = line.partition("#")[0].strip()
        if name and not _PACKAGE.match(name):
            raise Unbuildable(
                f"{path}: found {name[:80]!r}, expected the name of a Debian package",
                hint="one name a line, in lower case",
            )


def _post_build(listing: Listing, choice: Choice) -> None:
    """The kernel takes the carriage return for a part of the interpreter's name or argument."""
    path = choice.path("postBuild")
    if broken_shebang(listing.read(path) or ""):
        raise Unbuildable(
            f"{path}: its first line ends as on Windows, so that it cannot be run",
            hint="save it with Unix line ends",
        )


def broken_shebang(text: str) -> bool:
    """Does the line that names the interpreter end with a carriage return?"""
    first = text.partition("\n")[0]
    return first.startswith("#!") and first.endswith("\r")


def _requirements(listing: Listing, choice: Choice) -> None:
    if is_package(listing, choice.folder):
        return
    for name in ("requirements.txt", "requirements3.txt"):
        path = choice.path(name)
        if listing.read(path) is None and listing.folder(path):
            raise Unbuildable(f"{path}: is a folder, expected a file")


def _r(choice: Choice) -> None:
    runtime = choice.runtime
    if runtime is None:
        return
    where = choice.path("runtime.txt")
    if runtime.name == "r" and runtime.date:
        day = datetime.fromisoformat(runtime.date).date()
        if day < _OLDEST_SNAPSHOT:
            raise Unbuildable(
                f"{where}: asks for R packages as of {day}, and there are none any more from "
                f"before {_OLDEST_SNAPSHOT}",
                hint="write a later date",
            )
    version = runtime.version
    if version and version not in _R_VERSIONS and len(version.split(".")) != 3:  # noqa: PLR2004 - X.Y.Z
        raise Unbuildable(
            f"{where}: found {runtime.text!r} for R, which has no version {version!r}",
            hint="with a DESCRIPTION this is an R environment: write 'r-4.4-YYYY-MM-DD'",
        )


def _julia(listing: Listing, choice: Choice) -> None:
    path = str(choice.trigger)
    text_of(listing, path)
    compat = parsed_toml(listing, path).get("compat", {})
    stated = compat.get("julia", "1.6") if isinstance(compat, dict) else "1.6"
    if not isinstance(stated, str) or not _compares(stated):
        raise Unbuildable(
            f"{path}: compat asks for Julia {str(stated)[:40]!r}, which repo2docker cannot read",
            hint=_JULIA_HINT,
        )


def _compares(stated: str) -> bool:
    """Can ``create_semver_matcher`` make something of it?"""
    stated = stated.strip()
    digit = re.search(r"\d", stated)
    if digit is None:
        return False
    symbol, rest = stated[: digit.start()], stated[digit.start() :]
    try:
        numbers = [int(part) for part in rest.split(".")]
    except ValueError:
        return False
    if symbol.strip() in {"^", "~"} or not symbol:
        return True
    if len(numbers) < 3:  # noqa: PLR2004 - X.Y.Z
        stated = symbol + ".".join(str(number) for number in (*numbers, 0, 0)[:3])
    stated = stated.replace("≥", ">=").replace("≤", "<=")
    return bool(_COMPARED.fullmatch(re.sub(r"(^|\b)=\b", "==", stated)))
