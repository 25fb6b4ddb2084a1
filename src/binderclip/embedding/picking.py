"""Which files of a folder belong into a notebook."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from binderclip.errors import Problem, Refused, SpecError
from binderclip.rees import Choice, FolderListing, Listing, choose, is_package
from binderclip.rees.inclusions import local_packages
from binderclip.rees.reporting import report
from binderclip.spec.grammar import MAX_FILES

_BUILD = "push it to a repository, and name that with `binderclip set --build`"
_MOST_ENTRIES = 10_000
_GIT_SECONDS = 30
_STILL = ("core.fsmonitor=false", "core.hooksPath=/dev/null")
_COPY = re.compile(r"^[ \t]*(?:COPY|ADD)[ \t]+(.*)$", re.MULTILINE | re.IGNORECASE)


def picked(folder: Path, *, everything: bool) -> tuple[Path, list[str]]:
    """The folder's configuration folder, and the names in it of what to carry.

    Raises SpecError for a folder that is a whole project, or whose files need others that lie
    elsewhere; Refused where repo2docker could not choose a build, and as ``rees.report`` does.
    """
    listing = FolderListing(folder)
    found = report(listing)
    if found.buildpack is None:
        raise Refused(f"{folder}: {found.fails}", hint=found.mend)
    choice = choose(listing)
    _refuse_project(folder, listing, choice)
    if packages := local_packages(listing, choice, found.uses):
        what = f"files that install a package from {packages[0]!r}"
        _refuse(folder, what, "environment files alone", _BUILD)
    root = folder / choice.folder
    if everything:
        names = _all_of(root)
    else:
        used = [*found.uses, *_copied(folder, listing, choice)]
        names = [_inside(folder, choice, path) for path in dict.fromkeys(used)]
    if not names:
        found_there = f"no environment files in {choice.folder or 'its root'}"
        _refuse(folder, found_there, "some, such as requirements.txt", "name the files one by one")
    return root, names


def _refuse_project(folder: Path, listing: Listing, choice: Choice) -> None:
    package = None
    if choice.buildpack in {"python", "r", "julia"}:
        package = is_package(listing, choice.folder)
    if choice.buildpack == "r" and not choice.folder and listing.read("DESCRIPTION") is not None:
        package = "DESCRIPTION"
    if package:
        found = f"a project that installs itself ({package})"
        _refuse(folder, found, "environment files alone", _BUILD)


def _inside(folder: Path, choice: Choice, path: str) -> str:
    """``path`` from the configuration folder on."""
    inside = path.startswith(f"{choice.folder}/") if choice.folder else path[:3] != "../"
    if not inside or path.startswith("/"):
        where = choice.folder or "it"
        _refuse(
            folder, f"files that need {path!r}, outside of {where}", "all of them inside", _BUILD
        )
    return path.removeprefix(f"{choice.folder}/") if choice.folder else path


def _copied(folder: Path, listing: Listing, choice: Choice) -> Iterator[str]:
    """The files that a Dockerfile copies by name. Its paths start at the root, wherever it lies
    itself; from a notebook it will lie in the root.
    """
    if choice.buildpack != "docker":
        return
    text = (listing.read(choice.path("Dockerfile")) or "").replace("\\\r\n", " ")
    for stated in _COPY.findall(text.replace("\\\n", " ")):
        for word in _sources(stated):
            path = posixpath.normpath(word.lstrip("/"))
            if path != "." and listing.read(path) is not None:
                if choice.folder:
                    what = f"a Dockerfile that copies {path!r} from where a notebook has it not"
                    _refuse(folder, what, "paths that begin beside it", _BUILD)
                yield path


def _sources(stated: str) -> list[str]:
    """The words of a COPY but for its options and the target; what is copied from another image
    is not among them.
    """
    words = re.sub(r"[\[\]\",]", " ", stated).split()
    if any(word.startswith("--from=") for word in words):
        return []
    return [word for word in words if not word.startswith("--")][:-1]


def _all_of(root: Path) -> list[str]:
    """Regular files and links below ``root``, sorted. Raises SpecError where there are too many."""
    names = _known_to_git(root)
    if names is None:
        names = list(_walked(root))
    kept = [
        name
        for name in names
        if not any(part.startswith(".") for part in name.split("/"))
        and not name.endswith(".ipynb")
        and _is_there(root / name)
    ]
    if len(kept) > MAX_FILES:
        _refuse(root, f"{len(kept)} files", f"at most {MAX_FILES}", _BUILD)
    return sorted(kept)


def _is_there(path: Path) -> bool:
    """A removed file may still be in git's index, and a submodule is a folder there."""
    return path.is_symlink() or (path.exists() and not path.is_dir())


def _walked(root: Path) -> Iterator[str]:
    waiting, seen = [""], 0
    while waiting:
        inner = waiting.pop()
        with os.scandir(root / inner) as scan:
            for entry in scan:
                seen += 1
                if seen > _MOST_ENTRIES:
                    _refuse(
                        root, f"more than {_MOST_ENTRIES} files", f"at most {MAX_FILES}", _BUILD
                    )
                name = posixpath.join(inner, entry.name)
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(name)
                else:
                    yield name


def _known_to_git(root: Path) -> list[str] | None:
    """What git tracks below ``root`` or would; None where it is no checkout.

    Nothing that the checkout brings is run. Raises Refused where git does not tell: what it
    ignores may be secret.
    """
    from binderclip.repositories import git  # noqa: PLC0415 - for --all alone

    words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    alone = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": ""}
    try:
        done = subprocess.run(
            ["git", *(part for one in _STILL for part in ("-c", one)), *words],
            cwd=root,
            env=git.environ("", network=True) | alone,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
        said = git.said(done.stderr.decode("utf-8", "replace"))
    except subprocess.TimeoutExpired:
        said = "it does not answer"
    except OSError:
        said = "git was not found"
    else:
        if done.returncode == 0:
            return list(dict.fromkeys(os.fsdecode(done.stdout).split("\0")))[:-1]
    full = root.absolute()
    if any((folder / ".git").exists() for folder in (full, *full.parents)):
        raise Refused(
            f"{root}: is in a git checkout, and git does not tell what it ignores there ({said})",
            hint="name the files one by one",
        )
    return None


def _refuse(folder: Path, found: str, expected: str, hint: str | None) -> NoReturn:
    raise SpecError((Problem(str(folder), found, expected, hint),))
