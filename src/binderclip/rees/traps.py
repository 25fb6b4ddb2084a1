"""What surprises people about a build, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from binderclip.errors import Refused
from binderclip.rees.checks import broken_shebang
from binderclip.rees.inclusions import Inclusion
from binderclip.rees.listings import Listing
from binderclip.rees.model import Ignored, Trap
from binderclip.rees.table import Choice, Unbuildable, is_package, parsed_toml, there
from binderclip.rees.version import Taken, dependencies, environment_yml

_STATE: Final = {
    "conda": "add 'python=3.12' to its dependencies",
    "pipfile": "add 'python_version = \"3.12\"' under [requires] and lock again",
}
_IN_RUNTIME: Final = "write 'python-3.12' into runtime.txt"
_NEAR: Final = {
    "requirement.txt": "requirements.txt",
    "Requirements.txt": "requirements.txt",
    "requirements.in": "requirements.txt",
    "environments.yml": "environment.yml",
    "conda.yml": "environment.yml",
    "conda.yaml": "environment.yml",
    "env.yml": "environment.yml",
    "enviroment.yml": "environment.yml",
    "postbuild": "postBuild",
    "postBuild.sh": "postBuild",
    "PostBuild": "postBuild",
    "start.sh": "start",
    "packages.txt": "apt.txt",
    "Apt.txt": "apt.txt",
    "runtime": "runtime.txt",
    "dockerfile": "Dockerfile",
    "install.r": "install.R",
    "pipfile": "Pipfile",
}
_OTHER_TOOLS: Final = {
    "uv.lock": "`uv export --no-emit-project -o requirements.txt`",
    "poetry.lock": "`poetry export -o requirements.txt`",
    "pdm.lock": "`pdm export -o requirements.txt`",
    "pixi.toml": "`pixi workspace export conda-environment environment.yml`",
    "pixi.lock": "`pixi workspace export conda-environment environment.yml`",
    "conda-lock.yml": "`conda-lock render --kind env`, saved as environment.yml",
}


def traps(
    listing: Listing,
    choice: Choice,
    python: Taken | None,
    ignored: tuple[Ignored, ...],
    included: tuple[Inclusion, ...],
) -> Iterator[Trap]:
    if python is not None:
        yield from _of_python(listing, choice, python)
    yield from _of_passed_over(choice, {one.path for one in ignored})
    yield from _of_runtime(choice)
    yield from _of_scripts(listing, choice)
    yield from _of_pyproject(listing, choice)
    yield from _of_inclusions(included)
    yield from _of_names(listing, choice)


def _of_python(listing: Listing, choice: Choice, python: Taken) -> Iterator[Trap]:
    if choice.buildpack in {"docker", "nix", "julia-require"}:
        return
    instead = _STATE.get(choice.buildpack, _IN_RUNTIME)
    if python.source == "newest":
        what = f"repo2docker takes the newest Python that requires-python allows: {python.python}"
        yield Trap(python.where, what, f"{_IN_RUNTIME} to choose another")
    elif python.source == "default":
        said = _unread_python(listing, choice) if choice.buildpack == "conda" else None
        if said:
            what = f"repo2docker reads only 'python=X.Y' and not {said!r}: it takes {python.python}"
        else:
            what = f"no Python version is stated as X.Y, so repo2docker takes {python.python}"
        yield Trap(python.where or choice.trigger, what, instead)


def _unread_python(listing: Listing, choice: Choice) -> str | None:
    """A dependency that says something of Python in a form that repo2docker does not read."""
    try:
        path, value = environment_yml(listing, choice)
        found = [one for one in dependencies(str(path), value) if isinstance(one, str)]
    except Unbuildable:
        return None
    names = ("python ", "python>", "python<", "python~", "python!", "python[", "python=")
    return next((one[:60] for one in found if one.rpartition("::")[2].startswith(names)), None)


def _of_passed_over(choice: Choice, paths: set[str]) -> Iterator[Trap]:
    """Files that people expect to count beside the one that won."""
    if choice.folder:
        yield from _of_hidden(choice, paths)
    if choice.buildpack == "docker":
        if also := sorted(path for path in paths if path.startswith(choice.folder)):
            what = f"the Dockerfile leaves {_named(also)} unread"
            yield Trap(choice.trigger, what, "COPY what you need, and RUN what should run")
        return
    for name, (what, instead) in _PASSED_OVER.get(choice.buildpack, {}).items():
        if choice.path(name) in paths:
            yield Trap(choice.path(name), what, instead)


_AS_PIP: Final = "add '- pip:' with '- -r requirements.txt' below it to environment.yml"
_PASSED_OVER: Final = {
    "conda": {
        "requirements.txt": ("with an environment.yml nothing of it is installed", _AS_PIP),
        "runtime.txt": ("with an environment.yml it chooses no Python", _STATE["conda"]),
        "setup.py": (
            "with an environment.yml the project is not installed",
            "add '- pip:' with '- -e .' below it to environment.yml",
        ),
        "Pipfile": ("with an environment.yml nothing of it is installed", "keep one of the two"),
    },
    "pipfile": {
        "requirements.txt": ("with a Pipfile nothing of it is installed", "keep one of the two"),
        "runtime.txt": ("with a Pipfile it chooses no Python", _STATE["pipfile"]),
        "setup.py": (
            "with a Pipfile the project is not installed",
            'add it under [packages], with path = "."',
        ),
    },
}


def _of_hidden(choice: Choice, paths: set[str]) -> Iterator[Trap]:
    hidden = sorted(path for path in paths if not path.startswith(f"{choice.folder}/"))
    if not hidden:
        return
    what = f"the folder {choice.folder!r} hides the root's {_named(hidden)}"
    if choice.trigger is None:
        what += ", and chooses nothing itself"
    instead = f"move what should count into {choice.folder}/"
    if "requirements.txt" in hidden:
        instead += f", or write '-r ../requirements.txt' into {choice.folder}/requirements.txt"
    yield Trap(choice.folder, what, instead)


def _of_runtime(choice: Choice) -> Iterator[Trap]:
    runtime, where = choice.runtime, choice.path("runtime.txt")
    if runtime is None or runtime.name == "python":
        return
    if runtime.name == "r":
        if not runtime.date:
            what = f"{runtime.text!r} has no date, and so it is no R environment"
            yield Trap(where, what, f"write '{runtime.text}-YYYY-MM-DD'")
    else:
        what = f"repo2docker knows nothing named {runtime.name!r}, and goes by its defaults"
        yield Trap(where, what, "write 'python-X.Y' or 'r-YYYY-MM-DD', in lower case")


def _of_scripts(listing: Listing, choice: Choice) -> Iterator[Trap]:
    if choice.buildpack == "docker":
        return
    for name in ("postBuild", "start"):
        path = choice.path(name)
        text = listing.read(path)
        if text is None:
            continue
        yield from _of_first_line(path, text, starts=name == "start")
        if name == "start" and "exec" not in text and '"$@"' not in text:
            what = 'it does not end with exec "$@", and so the server never comes up'
            yield Trap(path, what, 'make exec "$@" its last line')


def _of_first_line(path: str, text: str, *, starts: bool) -> Iterator[Trap]:
    if text.startswith("\ufeff"):
        what = "it begins with a byte order mark, which hides the '#!' line"
        yield Trap(path, what, "save it as UTF-8 without the mark")
    elif starts and not text.startswith("#!"):
        what = "it has no '#!' line, so that it cannot be run and the server never comes up"
        yield Trap(path, what, "make '#!/bin/bash' its first line")
    elif starts and broken_shebang(text):
        what = "its first line ends as on Windows, so that it cannot be run"
        yield Trap(path, what, "save it with Unix line ends")
    elif "\r\n" in text and not broken_shebang(text):
        yield Trap(path, "its lines end as on Windows", "save it with Unix line ends")


def _of_pyproject(listing: Listing, choice: Choice) -> Iterator[Trap]:
    if choice.folder or choice.buildpack not in {"python", "r", "julia"}:
        return
    try:
        if is_package(listing, "") or "project" not in parsed_toml(listing, "pyproject.toml"):
            return
    except Unbuildable:
        return
    what = "without a [build-system] neither the project nor its dependencies are installed"
    yield Trap("pyproject.toml", what, "add a [build-system], or write a requirements.txt")


def _of_inclusions(included: tuple[Inclusion, ...]) -> Iterator[Trap]:
    for one in included:
        if not one.there:
            what = f"includes {one.path!r}, which is not there: the build will fail"
            yield Trap(one.by, what, "add the file, or take the line out")


def _of_names(listing: Listing, choice: Choice) -> Iterator[Trap]:
    for name, right in _NEAR.items():
        # Where capitals do not count, this is the right file under its other name.
        if _lies(listing, choice.path(name)) and not there(listing, choice.path(right)):
            yield Trap(choice.path(name), "repo2docker looks for no such name", f"name it {right}")
    if choice.buildpack == "docker":
        return
    for name, command in _OTHER_TOOLS.items():
        if _lies(listing, choice.path(name)):
            what = "repo2docker does not read it"
            yield Trap(choice.path(name), what, f"write what it reads: {command}")


def _lies(listing: Listing, path: str) -> bool:
    """Locks of other tools may be larger than anything that is read here."""
    try:
        return listing.read(path) is not None
    except Refused:
        return True


def _named(paths: list[str], most: int = 4) -> str:
    rest = len(paths) - most
    return ", ".join(paths[:most]) + (f" and {rest} more" if rest > 0 else "")
