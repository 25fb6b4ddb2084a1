"""A recipe made real: working copy, environment, packages, ``postBuild``."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path

from binderclip import processes
from binderclip.cache import trees
from binderclip.cache.published import Published, machine
from binderclip.errors import Refused
from binderclip.events import Event, Log, Progress
from binderclip.rees import EXECUTABLE
from binderclip.targets.local import activation, installing, surroundings
from binderclip.targets.local.build import Build
from binderclip.targets.local.recipe import Recipe


async def realise(build: Build) -> AsyncGenerator[Event, None]:
    """Do all of it. Raises BuildFailed, ConfigError, ResolveError, Unreachable, Refused and
    OSError.
    """
    recipe = build.recipe
    if build.repository and build.commit:
        yield Progress("building", f"checking out {build.commit[:12]}")
        for remark in await build.repository.check_out(build.commit, build.repo, build.run):
            yield Progress("building", remark)
    build.repo.mkdir(exist_ok=True)
    lay_over(build.repo, recipe.at, build.files)
    check_shown(build.repo, recipe)
    for script in (recipe.post_build, recipe.start):
        if script:
            path = build.repo / script
            path.chmod(path.stat().st_mode | 0o111)
    async with aclosing(installing.install(build)) as events:
        async for event in events:
            yield event
    if recipe.post_build:
        yield Progress("building", f"running {recipe.post_build}")
        async with aclosing(_post_build(build, recipe.post_build)) as events:
            async for event in events:
                yield event
    processes.stop_all(build.run, 0)


def lay_over(repo: Path, at: str, files: Mapping[str, str]) -> None:
    """Write ``files`` below ``repo / at``. Raises Refused where a link in the repository would
    lead a file elsewhere, or a folder is in its place.
    """
    root = repo.resolve()
    for name, text in files.items():
        path = repo / at / name
        parent = path.parent.resolve()
        if not parent.is_relative_to(root) or ".git" in parent.relative_to(root).parts:
            raise Refused(f"{name}: a link in the repository leads its folder elsewhere")
        target = parent / path.name
        try:
            parent.mkdir(parents=True, exist_ok=True)
            if target.is_symlink() or target.exists():
                target.unlink()
        except (FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
            raise Refused(
                f"{name}: the repository has a folder where the notebook has a file, or the other "
                "way round"
            ) from error
        with target.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
        if name in EXECUTABLE:
            target.chmod(0o755)


def check_shown(repo: Path, recipe: Recipe) -> None:
    """What lies in the working copy must be what people were shown: git converts files where a
    repository's attributes say so, and links lead to what a notebook's files were laid over.

    Raises Refused.
    """
    root = repo.resolve()
    for name, shown in recipe.texts.items():
        if name in recipe.written:
            continue
        path = root / name
        there = path.is_file() and path.parent.resolve() == path.parent
        text = path.read_bytes().decode("utf-8", "replace") if there else None
        if text is None or text.replace("\r\n", "\n") != shown.replace("\r\n", "\n"):
            raise Refused(
                f"{name}: what was checked out is not what the repository's commit shows",
                hint="a link, or a conversion in .gitattributes, stands between the two",
            )


def record(build: Build) -> Published:
    """What to publish about a finished build."""
    recipe = build.recipe
    return Published(
        token=build.folder.name,
        python=_python(build),
        interpreter=os.path.realpath(build.prefix / "bin" / "python"),
        size_bytes=trees.size(build.folder),
        made_at=time.time(),
        summary=_summary(build),
        cloned=build.repository is not None,
        wrapper=recipe.start,
        texts=dict(recipe.texts),
        commands=recipe.commands,
        scripts=recipe.scripts,
        machine=machine(),
        variables=None if build.variables is None else dict(build.variables),
        activation=_activation(build),
    )


def _python(build: Build) -> str:
    """Such as "3.11"; a conda environment may have left the choice to the solver."""
    if not build.recipe.conda:
        return build.recipe.python
    program = (build.prefix / "bin" / "python").resolve()
    return program.name.removeprefix("python") or build.recipe.python


def _activation(build: Build) -> str | None:
    if not build.recipe.conda or not activation.needed(build.prefix):
        return None
    start = build.repo / build.recipe.start if build.recipe.start else None
    activation.write(build.folder / "activated", start)
    return "activated"


def _summary(build: Build) -> str:
    place = (
        [f"{build.repository.shown} at {build.commit[:12]}"]
        if build.repository and build.commit
        else []
    )
    return ", ".join([*place, *sorted(build.files)]) or "Python alone"


async def _post_build(build: Build, script: str) -> AsyncGenerator[Event, None]:
    # As in a Dockerfile's RUN, the shell takes a script that names no interpreter.
    argv = [*([] if build.recipe.texts[script].startswith("#!") else ["/bin/sh"]), f"./{script}"]
    if build.recipe.conda:
        argv = activation.through(build.prefix, argv)
    environ = surroundings.of_script(
        build.prefix, build.repo, build.variables, anonymous=build.anonymous
    )
    async with aclosing(
        installing.command(build, argv, environ, cwd=build.repo, said=script)
    ) as lines:
        async for line in lines:
            yield Log(line)
