"""Files of a run, back to this machine. What the server says of them may be meant to do harm."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from binderclip.addresses.masking import printable
from binderclip.amounts import size, some
from binderclip.copying import LocalHome
from binderclip.copying.globs import Glob
from binderclip.copying.names import fault, folded, trap
from binderclip.errors import SessionError, TooLarge
from binderclip.flow.seats.seat import Seat
from binderclip.servers.contents import Entry

_MOST_NAMES = 1000
_HIDDEN = "hidden and not named with their dots"
_CASE = "named as others are but for the case of letters"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is fetched; ``looked_at`` is for all that is listed, wanted or not."""

    file_bytes: int = 2**30
    total_bytes: int = 2 * 2**30
    files: int = 10_000
    looked_at: int = 20_000
    deepest: int = 16


_LIMITS = Limits()


async def collected(
    seat: Seat, patterns: Sequence[str], into: Path, *, limits: Limits = _LIMITS
) -> list[str]:
    """Bring the files of the run's folder that ``patterns`` match back to ``into``; a line on each,
    and on what was left out. No file here is replaced by another, no link here is followed, and
    nothing comes that git would take for its own. Raises SessionError.
    """
    search = _Search(seat, {pattern: Glob(pattern) for pattern in patterns}, limits)
    await search.run()
    search.tell_apart()
    lines = await _Fetching(seat, into, limits).run(search.files)
    lines += [
        f"left out, {why}: {some([printable(name) for name in sorted(names)])}"
        for why, names in sorted(search.left_out.items())
    ]
    if search.cut:
        lines.append(search.cut)
    missing = [pattern for pattern in patterns if pattern not in search.matched]
    return [*lines, *(f"{pattern}: no file of the run is named so" for pattern in missing)]


@dataclass
class _Search:
    """``files`` by path below the run's folder. ``cut`` says why not all was looked at."""

    seat: Seat
    globs: dict[str, Glob]
    limits: Limits
    files: dict[str, Entry] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    matched: set[str] = field(default_factory=set)
    cut: str = ""

    async def run(self) -> None:
        """Only folders that may hold what is wanted are asked for. A link looks like what it leads
        to, so that folders may be without end.
        """
        folder = self.seat.folder
        folders, seen = [(folder, 0)], 0
        while folders and not self.cut:
            here, depth = folders.pop()
            entries = await self.seat.contents.list(here)
            seen += len(entries)
            if seen > self.limits.looked_at or depth > self.limits.deepest:
                self.cut = (
                    f"not all was looked at: more than {self.limits.looked_at:,} files, or folders"
                    f" more than {self.limits.deepest} deep, at {printable(here)!r}"
                )
                return
            for entry in entries:
                path = entry.path.removeprefix(f"{folder}/") if folder else entry.path
                if entry.path != self.seat.path and self._takes(path, entry) and entry.folder:
                    folders.append((entry.path, depth + 1))

    def _takes(self, path: str, entry: Entry) -> bool:
        """Is it to be fetched, or looked into? Notes what is."""
        takers = {
            text
            for text, glob in self.globs.items()
            if (glob.enters(path) if entry.folder else glob.matches(path, hidden=False))
        }
        if not takers:
            inner = f"{path}/x" if entry.folder else path
            if any(glob.matches(inner) for glob in self.globs.values()):
                self._leave(_HIDDEN, path)
            return False
        if why := _danger(path, entry):
            self._leave(why, path)
        elif entry.folder:
            return True
        else:
            self.files[path] = entry
        if not entry.folder:
            self.matched |= takers
        return False

    def tell_apart(self) -> None:
        """Some file systems take names for one that others tell apart."""
        seen: set[str] = set()
        for path in sorted(self.files):
            if folded(path) in seen:
                self._leave(_CASE, path)
                del self.files[path]
            seen.add(folded(path))

    def _leave(self, why: str, path: str) -> None:
        self.left_out.setdefault(why, []).append(path)


def _danger(path: str, entry: Entry) -> str | None:
    """Why a path is not one for this machine, after "left out"; or None."""
    if why := trap(path) or fault(path):
        return f"with {why} in their paths"
    # A folder with a file of this name may be a repository, whose configuration runs programs:
    # https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository
    if not entry.folder and folded(entry.name).rstrip(". ") == "head":
        return "named HEAD, as a file of git's own"
    return None


@dataclass
class _Fetching:
    """Puts files into ``into``, one after another; no more than one is in memory."""

    seat: Seat
    into: Path
    limits: Limits

    async def run(self, files: dict[str, Entry]) -> list[str]:
        """By path; a line on each."""
        lines: list[str] = []
        left_bytes = self.limits.total_bytes
        if files:
            await asyncio.to_thread(_make, self.into)
        for number, path in enumerate(sorted(files)):
            most = min(self.limits.file_bytes, left_bytes)
            took = self.limits.total_bytes + 1
            if number < self.limits.files:
                try:
                    took, line = await self._bring(files[path], path, most)
                except TooLarge:
                    if most == self.limits.file_bytes:
                        lines.append(f"{printable(path)}: left out, larger than {size(most)}")
                        continue
            if took > left_bytes:
                return [*lines, self._enough(path, len(files) - number)]
            left_bytes -= took
            lines.append(line)
        return lines

    async def _bring(self, entry: Entry, path: str, most: int) -> tuple[int, str]:
        """Its size, and the line on it. Raises TooLarge, SessionError."""
        data = await self.seat.contents.download(entry.path, max_bytes=most)
        return len(data), await self._put(path, data)

    async def _put(self, path: str, data: bytes) -> str:
        """Beside what is there already, as ``x-1.csv``."""
        home, plain = LocalHome(self.into), PurePosixPath(path)
        target = plain
        for number in range(1, _MOST_NAMES):
            outcome = await home.put(str(target), data, executable=False)
            shown = printable(str(self.into / target))
            if outcome == "there":
                return f"{shown} (as it was)"
            if outcome == "blocked":
                return f"{shown}: left out, since a folder above it is a file or a link here"
            if outcome != "kept":
                return shown
            target = plain.with_name(f"{plain.stem}-{number}{plain.suffix}")
        shown = printable(str(self.into / plain))
        return f"{shown}: left out, since there are {_MOST_NAMES:,} files named like it"

    def _enough(self, path: str, left: int) -> str:
        most = f"{self.limits.files:,} files or {size(self.limits.total_bytes)}"
        return (
            f"not all was fetched: more than {most}; {left:,} are left, from {printable(path)} on"
        )


def _make(into: Path) -> None:
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SessionError(f"{into}: cannot be made ({error.strerror})") from error
