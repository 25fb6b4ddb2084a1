"""Running ``uv pip compile`` on statements of ours, shielded from everything that lies about."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from binderclip import processes
from binderclip.errors import BuildFailed, Refused
from binderclip.freeze.python import closed, shield
from binderclip.freeze.python.places import place
from binderclip.guard import Guard
from binderclip.requirementfiles import VARIABLE, Option
from binderclip.uvtool import uv_binary, without_settings

# A lock's own index is given to uv as an argument: it then wins over the person's settings.
_FLAGS = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "no-index": "--no-index",
}


@dataclass(frozen=True, slots=True)
class Uv:
    """``folder`` is temporary; uv runs in ``cwd``, where the paths of requirements start. With a
    ``guard`` it works for strangers, and builds nothing (``closed``).
    """

    folder: Path
    cwd: Path
    python: str
    platform: str
    guard: Guard | None = None

    def write(self, name: str, lines: Iterable[str]) -> Path:
        """Raises Refused for what uv would fill in from the environment."""
        text = "".join(f"{line}\n" for line in lines)
        if VARIABLE in text:
            raise Refused("found a variable (${…}), expected requirements that need none")
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def cleaned(self, text: str) -> str:
        """What uv said, without the names of temporary folders."""
        return text.replace(f"{self.folder}/", "").replace(f"{self.cwd}/", "")

    async def compile(
        self, words: Sequence[str], *, builds: bool, what: str = "the package index"
    ) -> processes.Finished:
        """Run to the end; cancelling kills it, and what it builds. Raises Refused without uv; under
        a guard AddressForbidden, TooLarge and TimedOut about ``what``, the name of a file.
        """
        argv = [
            *(_uv(), "pip", "compile", "--color", "never"),
            *without_settings(self.folder / "settings"),
            *self._settings(builds=builds),
            *("--no-header", "--no-annotate", "--generate-hashes", "--no-sources"),
            *("--python-version", self.python),
            *("--python-platform", place(self.platform).target),
            # Without builds any Python will do, and the one wanted need not be here.
            *(() if builds else ("--python", sys.executable, "--no-python-downloads")),
            *words,
        ]
        run = self.folder / "run"
        try:
            if self.guard is not None:
                return await closed.output(argv, self.cwd, self.folder, self.guard, what)
            around = shield.environ(builds=builds)
            return await processes.output(argv, cwd=self.cwd, environ=around, run=run)
        except processes.CommandFailed as error:
            raise Refused(f"uv could not be started ({error.tail[-1]})") from error
        finally:
            if builds:
                processes.stop_all(run, 0)

    def _settings(self, *, builds: bool) -> Sequence[str]:
        if self.guard is not None:
            return closed.settings(self.folder)
        return () if builds else shield.settings(self.folder)


@asynccontextmanager
async def workshop(
    cwd: Path, python: str, platform: str, guard: Guard | None = None
) -> AsyncIterator[Uv]:
    """A temporary folder to run uv from. Raises Refused for an unknown platform."""
    place(platform)
    with tempfile.TemporaryDirectory(prefix="binderclip-") as name:
        folder = Path(name)
        (folder / "run").mkdir()
        yield Uv(folder, cwd, python, platform, guard)


def _uv() -> str:
    try:
        return uv_binary()
    except BuildFailed as error:
        raise Refused(error.message, hint=error.hint) from error


def index_words(options: Iterable[Option]) -> list[str]:
    """As arguments, what options of a file say about where packages come from."""
    words = []
    for option in options:
        if flag := _FLAGS.get(option.name):
            words += [flag, option.value] if option.value else [flag]
        elif option.name == "pre":
            words += ["--prerelease", "allow"]
    return words


def format_lines(options: Iterable[Option]) -> list[str]:
    """As lines of a file, what they say about wheels and sdists. Never to be given to a uv that
    is to build nothing and that reads what packages need: there ``--no-binary NAME`` beats
    ``--no-build``.
    """
    kinds = ("no-binary", "only-binary")
    return [f"--{option.name} {option.value}" for option in options if option.name in kinds]
