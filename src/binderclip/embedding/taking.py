"""Files and folders → what a notebook carries."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from binderclip import atomic
from binderclip.embedding.plain import NotText, bare_repository, text
from binderclip.errors import Problem, SpecError
from binderclip.rees import EXECUTABLE
from binderclip.spec.grammar import MAX_BYTES, MAX_FILES, fits
from binderclip.spec.model import Text, lined

ELSEWHERE = "put it into a repository, and name that with `binderclip set --build`"


@dataclass(frozen=True, slots=True)
class Chosen:
    """``files`` are those to carry; ``left_out`` names what is not text, with the reason."""

    files: Mapping[str, Text]
    left_out: tuple[str, ...] = ()


def embedded(paths: Sequence[Path]) -> Mapping[str, Text]:
    """As ``chosen`` has it, the files alone."""
    return chosen(paths).files


def chosen(paths: Sequence[Path], *, everything: bool = False) -> Chosen:
    """The files at ``paths``, by their names; of a folder those that repo2docker would use and
    what these include, by their paths in its configuration folder. With ``everything`` all text
    files of that folder, but for hidden ones, notebooks, and what git ignores.

    Raises SpecError, which tells at once of all that cannot be embedded; Refused as
    ``rees.report`` does.
    """
    taking = _Taking()
    for path in paths:
        if path.is_dir():
            from binderclip.embedding.picking import picked  # noqa: PLC0415 - for folders alone

            root, names = picked(path, everything=everything)
            for name in names:
                taking.take(root / name, name, below=root, left_out=everything)
        else:
            taking.take(path, path.absolute().name)
    return taking.done()


class _Taking:
    """Collects files, and what is wrong with others."""

    def __init__(self) -> None:
        self._files: dict[str, Text] = {}
        self._from: dict[str, Path] = {}
        self._left_out: list[str] = []
        self._problems: list[Problem] = []
        self._bytes = 0

    def take(
        self, path: Path, name: str, *, below: Path | None = None, left_out: bool = False
    ) -> None:
        """Read ``path`` and carry it as ``name``; with ``left_out`` what is no text is left out
        instead of refused.
        """
        if name in self._from:
            self._refuse(path, f"a second file named {name!r}", "one of each name")
            return
        self._from[name] = path
        content = self._read(path, name, below, left_out=left_out)
        if content is not None:
            self._bytes += len(content.encode())
            self._files[name] = lined(content)

    def done(self) -> Chosen:
        """Raises SpecError."""
        files = "binder.files"
        if len(self._files) > MAX_FILES:
            expected = f"at most {MAX_FILES}"
            self._say(files, f"{len(self._files)} files", expected, ELSEWHERE)
        if self._bytes > MAX_BYTES:
            expected = f"at most {MAX_BYTES} bytes in all"
            self._say(files, f"{self._bytes} bytes", expected, ELSEWHERE)
        if folder := bare_repository(self._files):
            found = f"a git repository in {folder!r} (HEAD, objects, refs)"
            self._say(files, found, "environment files, and none of git's own", None)
        if self._problems:
            raise SpecError(tuple(self._problems))
        return Chosen(self._files, tuple(self._left_out))

    def _read(self, path: Path, name: str, below: Path | None, *, left_out: bool) -> str | None:
        try:
            if link := _link(path, below):
                self._refuse(path, "a link", "a file", f"it leads to {str(link.readlink())!r}")
                return None
            data, _ = atomic.read(path, MAX_BYTES)
            content = text(data)
        except NotText as error:
            if left_out:
                self._left_out.append(f"{name} is {error}")
            else:
                self._refuse(path, str(error), "text in UTF-8", ELSEWHERE)
            return None
        except atomic.TooManyBytes as error:
            expected = f"at most {MAX_BYTES} in all"
            self._refuse(path, f"{error.size} bytes", expected, ELSEWHERE)
            return None
        except atomic.NotAFile as error:
            self._refuse(path, str(error), "a file", None)
            return None
        except OSError as error:
            self._refuse(path, error.strerror or "nothing that can be read", "a file", None)
            return None
        return content if self._may_carry(path, name) else None

    def _may_carry(self, path: Path, name: str) -> bool:
        if not fits("name", name):
            self._refuse(path, "a name that a notebook cannot carry", "a plain name", "rename it")
            return False
        if name not in EXECUTABLE and path.stat().st_mode & stat.S_IXUSR:
            hint = f"`chmod -x` it and start it by its interpreter; or {ELSEWHERE}"
            self._refuse(path, "an executable file", "only postBuild and start to be such", hint)
            return False
        return True

    def _refuse(self, path: Path, found: str, expected: str, hint: str | None = None) -> None:
        self._say(str(path), found, expected, hint)

    def _say(self, path: str, found: str, expected: str, hint: str | None) -> None:
        self._problems.append(Problem(path, found, expected, hint))


def _link(path: Path, below: Path | None) -> Path | None:
    """The first link on the way from ``below`` to ``path``, or ``path`` itself where it is one."""
    on_the_way = [path]
    if below is not None:
        on_the_way = [path, *(one for one in path.parents if one.is_relative_to(below))]
        on_the_way = [one for one in reversed(on_the_way) if one != below]
    return next((one for one in on_the_way if one.is_symlink()), None)
