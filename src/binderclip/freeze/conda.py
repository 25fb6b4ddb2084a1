"""``environment.yml`` to exact builds, its ``pip:`` list included."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from binderclip import conda
from binderclip.conda import CondaFile, Pinned, Solution, apart, exactly, matching
from binderclip.distributions import canonical
from binderclip.errors import BinderclipError, Refused, ResolveError
from binderclip.freeze.locking import Lockable, Locked, Locker
from binderclip.guard import Guard

_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_INCLUDES = re.compile(r"-(?:r|c|-requirement|-constraint)\b")


@dataclass(frozen=True, slots=True)
class CondaLocker:
    """Locks ``environment.yml``. ``cache``: where channels' answers are kept; ``pip`` locks the
    ``pip:`` list, as a requirements file. ``guard`` is as RequirementsLocker has it; what channels
    answer is not kept then.
    """

    cache: Path
    pip: Locker
    guard: Guard | None = None

    async def lock(
        self, wanted: Lockable, *, upgrade: bool, observe: Callable[[str], None]
    ) -> Locked:
        """As Locker has it. What is solved for is any machine of the platform, not this one."""
        text, file = _read(wanted)
        previous = None if upgrade or not _previous(wanted) else wanted.previous
        base = _base(file, wanted)
        order = apart.Order(text, wanted.path, wanted.platform, str(self.cache), previous, base)
        solution = await apart.solve(order, self.guard, observe=observe)
        lines, remarks = await self._pip(file, wanted, solution, upgrade=upgrade, observe=observe)
        return Locked(conda.exact(file, solution, lines), (*_remarks(file, solution), *remarks))

    def holds(self, wanted: Lockable) -> str | None:
        """As Locker has it."""
        (_, file), previous = _read(wanted), _previous(wanted)
        if previous is None:
            return "it was never frozen" if wanted.previous is None else "it cannot be read"
        platform = exactly.platform_of(wanted.previous or "")
        if platform not in (None, wanted.platform):
            return f"it is for {platform}, and {wanted.platform} is asked for"
        if file.channels != previous.channels:
            return "the channels are others"
        why = matching.unanswered((*file.specs, *_base(file, wanted)), file, previous)
        if why is None and file.pip:
            with _pip_file(file, wanted) as lockable:
                why = self.pip.holds(lockable)
                why = why and _shown(why, wanted)
        elif why is None and previous.pip:
            why = "the pip: list is gone"
        return why

    async def alive(self, wanted: Lockable) -> str | None:
        """As Locker has it."""
        previous, text = _previous(wanted), wanted.previous
        if previous is None or text is None:
            return "it cannot be read"
        place, cache = previous.where, str(self.cache)
        order = apart.Order(text, place, wanted.platform, cache, check=True)
        try:
            gone = await apart.gone(order, self.guard)
        except ResolveError as error:
            return error.message
        if gone:
            return gone
        if not previous.pip:
            return None
        with _pip_file(previous, wanted) as lockable:
            return await self.pip.alive(lockable)

    async def _pip(
        self,
        file: CondaFile,
        wanted: Lockable,
        solution: Solution,
        *,
        upgrade: bool,
        observe: Callable[[str], None],
    ) -> tuple[Sequence[str], Sequence[str]]:
        """The ``pip:`` list, pinned. What conda's packages bring is left to conda."""
        if not file.pip:
            return (), ()
        python = solution.version("python")
        minor = ".".join(python.split(".")[:2]) if python else wanted.python
        wanted = replace(wanted, python=minor)
        brought = () if names_others(file) else _brought(file, solution)
        observe("pinning the pip: list")

        def tell(line: str) -> None:
            observe(_shown(line, wanted))

        remarks: tuple[str, ...] = ()
        try:
            with _pip_file(file, wanted, brought) as lockable:
                locked = await self.pip.lock(lockable, upgrade=upgrade, observe=tell)
        except ResolveError:
            if not brought:
                raise
            brought = ()
            with _pip_file(file, wanted) as lockable:
                locked = await self.pip.lock(lockable, upgrade=upgrade, observe=tell)
            remarks = ("the pip: list needs other versions than conda's of some packages",)
        names = {canonical(one.name) for one in brought}
        lines = [line for line in _items(locked.text) if _name(line) not in names]
        return lines, (*(_shown(one, wanted) for one in locked.remarks), *remarks)


def _read(wanted: Lockable) -> tuple[str, CondaFile]:
    text = wanted.read()
    return text, conda.read(text, wanted.path)


def _previous(wanted: Lockable) -> CondaFile | None:
    """What was frozen before; None where that is nothing, or nothing of ours."""
    if wanted.previous is None:
        return None
    try:
        return conda.read(wanted.previous, f"the frozen {PurePosixPath(wanted.path).name}")
    except BinderclipError:
        return None


def _base(file: CondaFile, wanted: Lockable) -> tuple[str, ...]:
    """The Python that repo2docker has there already, where the file asks for none."""
    asks = any(conda.name_of(spec) == "python" for spec in file.specs)
    return () if asks else (f"python={wanted.python}",)


def _remarks(file: CondaFile, solution: Solution) -> Iterator[str]:
    if bare := [one.name for one in solution.pinned if not (one.sha256 or one.md5)]:
        yield f"the channel states no hash for {', '.join(bare[:5])}"
    if file.extra:
        yield f"nobody reads {', '.join(map(repr, file.extra[:5]))} in {file.where}"


def names_others(file: CondaFile) -> bool:
    """Does its ``pip:`` list include requirements files?"""
    return any(_INCLUDES.match(line) for line in file.pip)


def _brought(file: CondaFile, solution: Solution) -> tuple[Pinned, ...]:
    """Conda's Python packages, but for those that the ``pip:`` list itself asks for."""
    asked = {_name(line) for line in file.pip}
    return tuple(
        one
        for one in solution.pinned
        if one.name in solution.of_python and canonical(one.name) not in asked
    )


@contextmanager
def _pip_file(
    file: CondaFile, wanted: Lockable, constraints: Sequence[Pinned] = ()
) -> Iterator[Lockable]:
    """The ``pip:`` list as a requirements file, in the folder of ``wanted``: what it names lies
    from there. Gone afterwards.
    """
    folder = PurePosixPath(wanted.path).parent
    previous = _previous(wanted)
    lines = list(file.pip)
    made: list[Path] = []
    try:
        if constraints:
            stated = [f"{one.name}=={one.version}" for one in constraints]
            limits = _written(wanted, "-constraints", stated, made)
            lines.append(f"-c {limits}")
        name = _written(wanted, "", lines, made)
        yield replace(
            wanted,
            path=str(folder / name),
            previous="".join(f"{line}\n" for line in previous.pip) if previous else None,
        )
    except BinderclipError as error:
        error.message = _shown(error.message, wanted)
        error.args = (error.message,)
        raise
    finally:
        for path in made:
            with suppress(OSError):
                path.unlink()


def _shown(text: str, wanted: Lockable) -> str:
    """Words about our file, as people know its lines."""
    file = re.escape(PurePosixPath(wanted.path).name)
    return re.sub(rf"{file}\.pip\d*\.txt", f"{PurePosixPath(wanted.path).name} (pip:)", text)


def _written(wanted: Lockable, suffix: str, lines: Sequence[str], made: list[Path]) -> str:
    """The name of a new file beside ``wanted``, the same each time unless it is taken."""
    path = wanted.root / wanted.path
    for count in range(100):
        name = f"{path.name}.pip{suffix}{count or ''}.txt"
        with suppress(FileExistsError), (path.parent / name).open("x", encoding="utf-8") as stream:
            made.append(path.parent / name)
            stream.write("".join(f"{line}\n" for line in lines))
            return name
    raise Refused(f"{wanted.path}: too many files beside it are named like ours")


def _items(text: str) -> Iterator[str]:
    """The lines of a requirements file, one for each requirement: hashes stand behind it."""
    joined = re.sub(r"(?<![ \t])[ \t]*+\\\r?\n[ \t]*", " ", text)
    for line in joined.splitlines():
        item = re.sub(r"(?:^|\s)#.*", "", line).strip()
        if item:
            yield item


def _name(line: str) -> str | None:
    found = _NAMED.match(line)
    return canonical(found[0]) if found else None
