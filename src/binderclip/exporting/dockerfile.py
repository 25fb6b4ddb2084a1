"""A Dockerfile that builds the environment and runs Jupyter in it, as no root.

From an image it adds nothing but the command. Else the repository is brought at its commit into
the home folder, with the notebook's own files laid over it, and installed by the rules of
repo2docker: https://repo2docker.readthedocs.io/en/latest/config_files.html
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping

from binderclip import pythons, references
from binderclip.errors import Problem, Refused, SpecError
from binderclip.exporting import dockertext
from binderclip.exporting.model import File, Said, Wanted
from binderclip.exporting.packages import python_of
from binderclip.exporting.requirements import platform_note
from binderclip.rees import (
    Choice,
    Embedded,
    Listing,
    Overlaid,
    choose,
    config_folder,
    is_package,
    requires_python,
)
from binderclip.spec.model import Reference

PYTHON = "3.12"
"""Where nothing says which."""
_BASE = "docker.io/library/python:{}-slim"
_CONDA_BASE = "docker.io/condaforge/miniforge3:latest"
_DEBIAN = re.compile(r"[a-z0-9][a-z0-9+.:-]*(?:=[\w.+:~-]+)?", re.ASCII)
_UNSAID = frozenset({"install.R", "DESCRIPTION", "REQUIRE", "default.nix"})


def made(wanted: Wanted) -> Said:
    """Raises Refused for what it cannot build, SpecError where there is nothing to build."""
    binder = wanted.binder
    if binder.image and wanted.base is None:
        text = dockertext.from_image(_pulled(binder.image, frozen=wanted.frozen), wanted.name)
        return Said(text.encode(), frozenset({"binder.image"}))
    files = wanted.files
    if own := files.get("Dockerfile"):
        return Said(own.text.encode(), frozenset({own.key}), notes=platform_note(wanted, own))
    if binder.build is None and not files:
        problem = Problem("binder", "no build and no files", "one of them: --base is built upon")
        raise SpecError((problem,))
    return _built(wanted, files)


def _pulled(image: Reference, *, frozen: bool) -> str:
    """As ``docker pull`` takes it. Raises SpecError for what is no image's name there."""
    place = f"{image.host.partition('://')[2].rstrip('/')}/{image.path}"
    tag = f":{image.ref}" if image.ref else ""
    text = f"{place}{tag or ':latest'}"
    if frozen and image.hash:
        text = f"{place}{tag}@{image.hash}"
    references.image(text)
    return text


def _built(wanted: Wanted, files: Mapping[str, File]) -> Said:
    texts = {name: file.text for name, file in files.items()}
    listing: Listing = Embedded(texts)
    at = ""
    if wanted.binder.build:
        if wanted.repository is None:
            problem = Problem("binder.build", "files that were not read", "its files, for a recipe")
            raise SpecError((problem,))
        at = config_folder(wanted.repository.files)
        listing = Overlaid(wanted.repository.files, texts, at)
    choice = choose(listing)
    _check(choice, wanted)
    copied = [file for file in files.values() if _carried(file)]
    recipe = _Recipe(wanted, listing, choice, at)
    text = "\n".join([*recipe.top(), *recipe.files(copied), *recipe.installs(), *recipe.end()])
    keys = {file.key for file in copied}
    notes = [note for file in copied for note in platform_note(wanted, file)]
    return Said(
        f"{text}\n".encode(),
        frozenset({*keys, "binder.build"} if wanted.binder.build else keys),
        notes=tuple(dict.fromkeys([*notes, *recipe.notes])),
    )


def _check(choice: Choice, wanted: Wanted) -> None:
    if choice.buildpack in {"python", "conda"}:
        return
    build = wanted.binder.build
    if choice.buildpack == "docker" and build:
        commit = wanted.repository.commit if wanted.repository else "HEAD"
        raise Refused(
            f"{choice.trigger}: the repository has a Dockerfile of its own, which needs its files",
            hint=f"`docker build {build.url}.git#{commit}` builds that",
        )
    raise Refused(
        f"{choice.trigger}: found an environment for {choice.buildpack}, and Dockerfiles are made "
        "for Python's and conda's alone",
        hint="`jupyter-repo2docker` builds it",
    )


def _carried(file: File) -> bool:
    return file.name not in _UNSAID and dockertext.can_carry(file.name)


class _Recipe:
    """The steps, each as lines of a Dockerfile."""

    def __init__(self, wanted: Wanted, listing: Listing, choice: Choice, at: str) -> None:
        self._wanted, self._listing, self._choice, self._at = wanted, listing, choice, at
        self._conda = choice.buildpack == "conda"
        self.notes: list[str] = []

    def top(self) -> Iterator[str]:
        yield f"# Made by binderclip from {dockertext.comment(self._wanted.name)}."
        yield f"FROM {self._wanted.base or self._default_base()}"
        yield from dockertext.USER
        packages = ["git"] if self._wanted.binder.build else []
        packages += self._apt()
        if packages:
            yield from dockertext.apt(list(dict.fromkeys(packages)))
        yield from dockertext.CONDA_ENVIRONMENT if self._conda else dockertext.ENVIRONMENT
        yield from dockertext.HOME
        if (build := self._wanted.binder.build) and self._wanted.repository:
            word = self._wanted.repository.commit
            if not self._wanted.frozen:
                word = build.ref or "HEAD"
            yield from dockertext.clone(build.url, word)

    def files(self, copied: list[File]) -> Iterator[str]:
        for file in copied:
            path = posixpath.join(self._at, file.name)
            runs = file.name in {"postBuild", "start"}
            yield from dockertext.copied(path, file.text, runs=runs)

    def installs(self) -> Iterator[str]:
        if self._conda:
            name = json.dumps(self._choice.trigger)
            yield f"RUN [{dockertext.CONDA_INSTALL}, {name}]"
            yield f"RUN {dockertext.CONDA_JUPYTER}"
            return
        path = self._choice.path("requirements.txt")
        text = self._listing.read(path)
        words = ["-r", path] if text is not None else []
        if text is not None and "--hash" in text:
            yield dockertext.pip(words)
            words = []
        package = ["."] if is_package(self._listing, self._choice.folder) else []
        yield dockertext.pip([*words, *package, "jupyterlab"])

    def end(self) -> Iterator[str]:
        post, start = self._choice.path("postBuild"), self._choice.path("start")
        if self._listing.read(post) is not None:
            yield f'RUN ["chmod", "+x", {json.dumps(post)}]'
            yield f"RUN [{json.dumps(f'./{post}')}]"
        if self._listing.read(start) is not None:
            yield f'RUN ["chmod", "+x", {json.dumps(start)}]'
            yield f"ENTRYPOINT [{json.dumps(f'./{start}')}]"
        yield from dockertext.RUN

    def _default_base(self) -> str:
        return _CONDA_BASE if self._conda else _BASE.format(self._python())

    def _python(self) -> str:
        text = self._listing.read(self._choice.path("runtime.txt"))
        fixed = python_of(File("runtime.txt", "", text)) if text is not None else None
        spec = None if self._choice.folder else requires_python(self._listing)
        try:
            wanted = fixed if fixed and "." in fixed else None
            found = pythons.pick(spec, fixed=wanted, default=PYTHON)
        except ValueError as error:
            raise Refused(f"pyproject.toml: requires-python: {error}") from error
        if not wanted and not spec:
            self.notes.append(f"the environment names no Python: {PYTHON} is taken")
        return found.python

    def _apt(self) -> list[str]:
        text = self._listing.read(self._choice.path("apt.txt")) or ""
        lines = [re.sub(r"(?:^|\s)#.*", "", line).strip() for line in text.splitlines()]
        words = [word for line in lines for word in line.split()]
        bad = next((word for word in words if not _DEBIAN.fullmatch(word)), None)
        if bad is not None:
            raise Refused(
                f"{self._choice.path('apt.txt')}: found {bad[:60]!r}, expected names of packages"
            )
        return words
