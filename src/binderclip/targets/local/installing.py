"""What a recipe installs: Python and packages, by uv or from conda channels."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path

import msgspec

from binderclip import processes, pythons
from binderclip.errors import BuildFailed
from binderclip.events import Event, Log, Progress
from binderclip.platforms import this_platform
from binderclip.targets.local import condaworker
from binderclip.targets.local.build import Build
from binderclip.targets.local.environmentyml import SEEDS, Conda
from binderclip.targets.local.recipe import KEPT, PIPFILE_LINES, Recipe
from binderclip.uvtool import uv_binary, without_settings

_HINT_LINES = 15


async def install(build: Build) -> AsyncGenerator[Event, None]:
    """Make the prefix and install into it. Raises BuildFailed, ConfigError, ResolveError,
    Unreachable, Refused, OSError.
    """
    recipe = build.recipe
    offline = ["--offline"] if build.offline else []
    common = [*without_settings(build.folder / "uv"), *offline]
    making = _conda(build, recipe.conda) if recipe.conda else _venv(build, common)
    async with aclosing(making) as events:
        async for event in events:
            yield event
    for install in recipe.installs:
        yield Progress("building", shlex.join(["installing", *install]))
        async with aclosing(_pip_install(build, common, install)) as events:
            async for event in events:
                yield event
    if recipe.conda:
        async with aclosing(_seeds(build, common)) as events:
            async for event in events:
                yield event


async def command(
    build: Build, argv: Sequence[str], environ: Mapping[str, str], *, cwd: Path, said: str
) -> AsyncGenerator[str, None]:
    """Run a command, called ``said``, and give its lines. Raises BuildFailed."""
    running = processes.lines(argv, cwd=cwd, environ=environ, run=build.run)
    try:
        async with aclosing(running) as lines:
            async for line in lines:
                yield line
    except processes.CommandFailed as error:
        tail = "\n".join(error.tail[-_HINT_LINES:])
        raise BuildFailed(f"{said} ended with exit status {error.code}", hint=tail) from error


async def _venv(build: Build, common: Sequence[str]) -> AsyncGenerator[Event, None]:
    recipe = build.recipe
    yield Progress("building", f"making an environment with Python {recipe.python}")
    python = ["--python", _interpreter(recipe)]
    venv = [uv_binary(), "venv", *common, "--seed", *python, str(build.prefix)]
    try:
        running = command(build, venv, build.environ, cwd=build.repo, said="uv venv")
        async with aclosing(running) as lines:
            async for line in lines:
                yield Log(line)
    except BuildFailed as error:
        raise await _no_python(build, common, error) from error


async def _conda(build: Build, conda: Conda) -> AsyncGenerator[Event, None]:
    yield Progress("building", f"making a conda environment with Python {conda.python}")
    order = condaworker.Order(
        text=conda.text,
        where=conda.path,
        added=conda.added,
        seeds=SEEDS,
        prefix=str(build.prefix),
        cache=str(build.cache.root),
        platform=this_platform(),
        offline=build.offline,
    )
    working = condaworker.work(order, folder=build.folder, run=build.run)
    async with aclosing(working) as lines:
        async for line in lines:
            yield Log(line)


async def _seeds(build: Build, common: Sequence[str]) -> AsyncGenerator[Event, None]:
    """From PyPI, what every environment has and the channels did not give."""
    there = await _versions_in(build, common)
    if missing := [seed for seed in SEEDS if seed not in there]:
        yield Progress("building", shlex.join(["installing", *missing]))
        words = ["--constraint", KEPT, *missing]
        async with aclosing(_pip_install(build, common, words)) as events:
            async for event in events:
                yield event


async def _pip_install(
    build: Build, common: Sequence[str], install: Sequence[str]
) -> AsyncGenerator[Event, None]:
    into = ["--python", str(build.prefix), "--compile-bytecode"]
    if build.recipe.conda:
        # Some distributions mark their Python as theirs alone; this one is the environment's.
        into.append("--break-system-packages")
    if KEPT in install:
        versions = await _versions_in(build, common)
        text = "".join(f"{name}=={version}\n" for name, version in versions.items())
        (build.folder / KEPT).write_text(text, "utf-8")
    with _written(build, install) as words:
        argv = [uv_binary(), "pip", "install", *common, *into, *words]
        cwd = build.repo / build.recipe.folder
        running = command(build, argv, build.environ, cwd=cwd, said="uv pip install")
        async with aclosing(running) as lines:
            async for line in lines:
                yield Log(line)


@contextmanager
def _written(build: Build, install: Sequence[str]) -> Iterator[list[str]]:
    """The words of ``install``, with files that hold what is no file of the working copy."""
    recipe, paths = build.recipe, {KEPT: build.folder / KEPT}
    if recipe.made is not None:
        paths[PIPFILE_LINES] = build.folder / PIPFILE_LINES
        paths[PIPFILE_LINES].write_text(recipe.made, "utf-8")
    if recipe.conda is None:
        yield [str(paths.get(word, word)) for word in install]
        return
    # As conda does it: beside the file, so that what the list includes is found from there.
    folder = build.repo / recipe.folder
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=folder, prefix=".binderclip-", suffix=".txt"
    ) as stream:
        stream.write(recipe.conda.pip_lines)
        stream.flush()
        paths[recipe.conda.pip_name] = Path(stream.name)
        yield [str(paths.get(word, word)) for word in install]


async def _versions_in(build: Build, common: Sequence[str]) -> dict[str, str]:
    """The distributions that are installed in the prefix. Raises BuildFailed."""
    argv = [uv_binary(), "pip", "list", *common, "--python", str(build.prefix), "--format", "json"]
    done = await processes.output(argv, cwd=build.folder, environ=build.environ, run=build.run)
    try:
        entries = msgspec.json.decode(done.stdout, type=list[dict[str, str]])
    except msgspec.MsgspecError as error:
        raise BuildFailed(
            f"uv pip list ended with exit status {done.code}", hint=done.stderr[-1000:]
        ) from error
    return {entry["name"]: entry["version"] for entry in entries}


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
        environ=build.environ,
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
    try:
        entries = msgspec.json.decode(listing, type=list[dict[str, object]])
    except msgspec.MsgspecError:
        return []
    texts = {str(entry.get("version", "")) for entry in entries}
    return sorted((tuple(text.split(".")) for text in texts if text), key=_numbers)


def _numbers(version: Sequence[str]) -> list[int]:
    return [int("".join(c for c in part if c.isdigit()) or 0) for part in version]
