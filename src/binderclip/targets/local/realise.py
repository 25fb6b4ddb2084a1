"""A recipe made real: working copy, virtual environment, packages, ``postBuild``."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from binderclip import processes, pythons
from binderclip.cache import trees
from binderclip.cache.published import Published, machine
from binderclip.errors import BuildFailed, Refused
from binderclip.events import Event, Log, Progress
from binderclip.inheritance import inherited
from binderclip.rees import EXECUTABLE
from binderclip.repositories import Repository
from binderclip.targets.local import surroundings
from binderclip.targets.local.recipe import PIPFILE_LINES, Recipe
from binderclip.uvtool import uv_binary

_HINT_LINES = 15


@dataclass(frozen=True, slots=True)
class Build:
    """One build: what to make, and the fresh folder to make it in (it holds an empty ``run``).

    ``files`` are the notebook's, laid over the configuration folder of the repository at
    ``commit``; without a repository they are all there is.
    """

    folder: Path
    recipe: Recipe
    files: Mapping[str, str]
    repository: Repository | None
    commit: str | None
    offline: bool

    @property
    def prefix(self) -> Path:
        return self.folder / "prefix"

    @property
    def repo(self) -> Path:
        return self.folder / "repo"

    @property
    def run(self) -> Path:
        return self.folder / "run"


async def realise(build: Build) -> AsyncGenerator[Event, None]:
    """Do all of it. Raises BuildFailed, ResolveError, Unreachable, Refused, OSError."""
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
    if recipe.made is not None:
        (build.folder / PIPFILE_LINES).write_text(recipe.made, "utf-8")
    async with aclosing(_install(build)) as events:
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
        if name == PIPFILE_LINES and recipe.made is not None:
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
        python=recipe.python,
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
    )


def _summary(build: Build) -> str:
    place = (
        [f"{build.repository.shown} at {build.commit[:12]}"]
        if build.repository and build.commit
        else []
    )
    return ", ".join([*place, *sorted(build.files)]) or "Python alone"


async def _install(build: Build) -> AsyncGenerator[Event, None]:
    recipe = build.recipe
    # The nearest uv.toml ends uv's search for one: the repository's, and any above the cache, are
    # not found, and the person's own settings still are.
    settings = build.folder / "uv"
    settings.mkdir()
    (settings / "uv.toml").touch()
    common = ["--project", str(settings), *(["--offline"] if build.offline else [])]
    yield Progress("building", f"making an environment with Python {recipe.python}")
    python = ["--python", _interpreter(recipe)]
    venv = ["venv", *common, "--seed", *python, str(build.prefix)]
    try:
        async with aclosing(_uv(build, venv)) as lines:
            async for line in lines:
                yield Log(line)
    except BuildFailed as error:
        raise await _no_python(build, common, error) from error
    for install in recipe.installs:
        words = [
            str(build.folder / word) if word == PIPFILE_LINES and recipe.made is not None else word
            for word in install
        ]
        yield Progress("building", shlex.join(["installing", *install]))
        into = ["--python", str(build.prefix), "--compile-bytecode"]
        async with aclosing(_uv(build, ["pip", "install", *common, *into, *words])) as lines:
            async for line in lines:
                yield Log(line)


async def _uv(build: Build, words: Sequence[str]) -> AsyncGenerator[str, None]:
    argv = [uv_binary(), *words]
    said = f"uv {words[0]}" if words[0] != "pip" else "uv pip install"
    async with aclosing(_command(build, argv, inherited(), said)) as lines:
        async for line in lines:
            yield line


async def _command(
    build: Build, argv: Sequence[str], environ: Mapping[str, str], said: str
) -> AsyncGenerator[str, None]:
    running = processes.lines(argv, cwd=build.repo, environ=environ, run=build.run)
    try:
        async with aclosing(running) as lines:
            async for line in lines:
                yield line
    except processes.CommandFailed as error:
        tail = "\n".join(error.tail[-_HINT_LINES:])
        raise BuildFailed(f"{said} ended with exit status {error.code}", hint=tail) from error


async def _post_build(build: Build, script: str) -> AsyncGenerator[Event, None]:
    # As in a Dockerfile's RUN, the shell takes a script that names no interpreter.
    argv = [*([] if build.recipe.texts[script].startswith("#!") else ["/bin/sh"]), f"./{script}"]
    environ = surroundings.of_script(build.prefix, build.repo)
    async with aclosing(_command(build, argv, environ, script)) as lines:
        async for line in lines:
            yield Log(line)


def _interpreter(recipe: Recipe) -> str:
    """Our own Python where it fits: it is here, and finding it takes uv no search."""
    asked = recipe.request if recipe.request != recipe.python else ""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    fits = recipe.python == own and pythons.satisfied(asked, sys.version_info[:3])
    return sys.executable if fits else recipe.request


async def _no_python(build: Build, common: Sequence[str], error: BuildFailed) -> BuildFailed:
    """The error to raise when making the environment failed: by far most often, for want of the
    Python that was asked for.
    """
    listing = ["python", "list", *common, "--only-installed", "--output-format", "json"]
    done = await processes.output(
        [uv_binary(), *listing],
        cwd=build.repo,
        environ=inherited(),
        run=build.run,
    )
    here = _versions(done.stdout)
    wanted = tuple(build.recipe.python.split("."))
    if not here or any(version[: len(wanted)] == wanted for version in here):
        return error
    found = ", ".join(".".join(version) for version in here)
    return BuildFailed(
        f"Python {build.recipe.python} is not on this machine, and uv could not get it",
        hint=f"found here: {found}. Install it, or ask for one of these. uv said:\n{error.hint}",
    )


def _versions(listing: bytes) -> list[tuple[str, ...]]:
    import msgspec  # noqa: PLC0415 - for an error alone

    try:
        entries = msgspec.json.decode(listing, type=list[dict[str, object]])
    except msgspec.MsgspecError:
        return []
    texts = {str(entry.get("version", "")) for entry in entries}
    return sorted((tuple(text.split(".")) for text in texts if text), key=_numbers)


def _numbers(version: Sequence[str]) -> list[int]:
    return [int("".join(c for c in part if c.isdigit()) or 0) for part in version]
