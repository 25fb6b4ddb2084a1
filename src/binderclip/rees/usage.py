"""Which configuration files a build reads, which it passes over, and why."""

from __future__ import annotations

from collections.abc import Iterator

from binderclip.rees.listings import Listing
from binderclip.rees.model import Ignored
from binderclip.rees.table import Choice, Unbuildable, is_package, requires_python, there
from binderclip.rees.version import SEPARATE, Taken

ANYWHERE = (
    "Dockerfile",
    "JuliaProject.toml",
    "Project.toml",
    "JuliaManifest.toml",
    "Manifest.toml",
    "REQUIRE",
    "default.nix",
    "runtime.txt",
    "install.R",
    "environment.yml",
    "environment.yaml",
    "Pipfile.lock",
    "Pipfile",
    "requirements.txt",
    "requirements3.txt",
    "apt.txt",
    "postBuild",
    "start",
    ".dockerignore",
    ".containerignore",
)
"""What is looked for in the configuration folder."""

ROOT_ONLY = ("DESCRIPTION", "setup.py", "pyproject.toml")
"""What counts in a root that is its own configuration folder, and nowhere else."""

_MODIFIERS = ("apt.txt", "postBuild", "start", ".dockerignore", ".containerignore")
_PYTHON = ("runtime.txt", "requirements.txt")
_ONE_OF = {
    "environment.yaml": "environment.yml",
    "Project.toml": "JuliaProject.toml",
    "Manifest.toml": "JuliaManifest.toml",
}
_OWN: dict[str, tuple[str, ...]] = {
    "docker": ("Dockerfile",),
    "nix": ("default.nix",),
    "conda": ("environment.yml", "environment.yaml"),
    "pipfile": ("Pipfile.lock", "Pipfile"),
    "python": _PYTHON,
    "r": (*_PYTHON, "environment.yml", "environment.yaml", "install.R", "DESCRIPTION"),
    "julia": (
        "JuliaProject.toml",
        "Project.toml",
        "JuliaManifest.toml",
        "Manifest.toml",
        *_PYTHON,
        "environment.yml",
        "environment.yaml",
    ),
    "julia-require": ("REQUIRE",),
}


def used(listing: Listing, choice: Choice, python: Taken | None) -> tuple[str, ...]:
    """The paths of what is there and is read. ``python`` is None where it could not be told."""
    names = list(_OWN[choice.buildpack])
    if choice.buildpack == "docker":
        names.append(".dockerignore")
    elif choice.buildpack != "julia-require":
        names += _MODIFIERS
    own_kernel = python is not None and python.python in SEPARATE
    if own_kernel and choice.buildpack in {"python", "r", "julia", "pipfile"}:
        names.append("requirements3.txt")
    found = [
        choice.path(name)
        for name in names
        if there(listing, _place(choice, name)) and not _doubled(listing, choice, name)
    ]
    if choice.folder:
        return tuple(path for path in found if not path.endswith("/DESCRIPTION"))
    return (*found, *_package_files(listing, choice))


def ignored(listing: Listing, choice: Choice, uses: tuple[str, ...]) -> Iterator[Ignored]:
    """What is there and is not read."""
    for name in (*ANYWHERE, *ROOT_ONLY):
        path = choice.path(name)
        if path not in uses and there(listing, path):
            yield Ignored(path, _why(listing, choice, name))
    if choice.folder:
        for name in (*ANYWHERE, *ROOT_ONLY):
            if name not in uses and there(listing, name):
                yield Ignored(name, f"the folder {choice.folder!r} hides the root's configuration")


def _place(choice: Choice, name: str) -> str:
    """Docker itself looks for its list of what to leave out, in the root."""
    return name if choice.buildpack == "docker" and name == ".dockerignore" else choice.path(name)


def _doubled(listing: Listing, choice: Choice, name: str) -> bool:
    """Does another name of the same file win?"""
    return name in _ONE_OF and there(listing, choice.path(_ONE_OF[name]))


def _package_files(listing: Listing, choice: Choice) -> Iterator[str]:
    if choice.buildpack not in {"python", "r", "julia"}:
        return
    try:
        package = is_package(listing, "")
        asks = (choice.runtime is None or choice.runtime.name == "python") and (
            requires_python(listing) is not None
        )
    except Unbuildable:
        package, asks = "pyproject.toml", True
    if package and there(listing, "setup.py"):
        yield "setup.py"
    if (package or asks) and there(listing, "pyproject.toml"):
        yield "pyproject.toml"


def _why(listing: Listing, choice: Choice, name: str) -> str:
    if _doubled(listing, choice, name):
        return f"{choice.path(_ONE_OF[name])} is there too, and wins"
    if choice.folder and name in ROOT_ONLY:
        return f"it counts in the root alone, and only without a folder {choice.folder!r}"
    if choice.buildpack == "docker":
        return "the Dockerfile says everything; what it does not copy or run is not read"
    if name in _WITHOUT and not (name.startswith("requirements3") and choice.buildpack == "conda"):
        return _WITHOUT[name]
    if name == "pyproject.toml" and choice.buildpack in {"python", "r", "julia"}:
        return "without both [project] and [build-system] nothing is installed by it"
    return f"{choice.trigger or choice.path('runtime.txt')} wins"


_WITHOUT = {
    "requirements3.txt": "it is for Python before 3.7",
    "install.R": "this is no R environment: runtime.txt would have to say 'r-YYYY-MM-DD'",
    "JuliaManifest.toml": "there is no JuliaProject.toml",
    "Manifest.toml": "there is no Project.toml",
}
