"""The files of a notebook, and with ``deep`` those of its repository: which of them are pinned,
which are not, and how they come to be.
"""

from __future__ import annotations

import copy
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from binderclip import rees
from binderclip.errors import BinderclipError, Failure, Refused
from binderclip.freeze.interpreter import Python, python_for, python_of_conda
from binderclip.freeze.locking import Lockable, Locked
from binderclip.freeze.material import Material, Materials
from binderclip.freeze.options import Options, Part
from binderclip.freeze.parts import LOCKABLE, RUNTIME, config_folder, is_deposit
from binderclip.freeze.sources import Sources
from binderclip.once import Once
from binderclip.platforms import this_platform
from binderclip.spec.model import NO_FILES, Binder, Reference, Text, joined, lined
from binderclip.spec.shown import key_path

# They leave nothing open, and nothing that does names them.
_NO_MATTER = frozenset({*rees.EXECUTABLE, "apt.txt", "install.R"})
_RUNTIME_LINE = re.compile(r"python-(3\.\d{1,2})\s*")


@dataclass(frozen=True, slots=True)
class Look:
    """One file: ``name`` is what it is frozen as; ``own`` where the notebook carries it, not its
    repository; ``why`` says what is amiss with the form that it has, None where it holds.
    """

    name: str
    own: bool
    wanted: Lockable
    why: str | None

    @property
    def part(self) -> str:
        return posixpath.basename(self.wanted.path)


@dataclass(frozen=True, slots=True)
class View:
    """The files as they lie in ``material``. ``whole`` is False where the repository's are not
    there.
    """

    material: Material
    looks: tuple[Look, ...]
    python: Python
    whole: bool

    @property
    def loose(self) -> tuple[Look, ...]:
        return tuple(look for look in self.looks if look.why is not None)


@dataclass(frozen=True, slots=True)
class Pinned:
    """``files`` are all frozen files from now on."""

    files: Mapping[str, Text]
    changes: tuple[Part, ...] = ()
    remarks: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class _Job:
    """A notebook's files. ``commit`` is that of its build, None where nobody knows it."""

    binder: Binder
    commit: str | None
    deep: bool
    platform: str

    @property
    def frozen(self) -> Mapping[str, Text]:
        return self.binder.frozen.files if self.binder.frozen else NO_FILES

    @property
    def build(self) -> Reference | None:
        build = self.binder.build
        return None if build is None or is_deposit(build) else build

    def name(self, part: str) -> str:
        """As what the notebook has, or would have, a file of that name."""
        return posixpath.join(config_folder(self.binder), part)

    @property
    def texts(self) -> dict[str, str]:
        files = self.binder.files.items()
        return {name: joined(text) for name, text in files if name not in _NO_MATTER}

    @property
    def python(self) -> str | None:
        """The Python for which something was pinned before."""
        if found := _RUNTIME_LINE.fullmatch(joined(self.frozen.get(self.name(RUNTIME), ""))):
            return found[1]
        for name in ("environment.yml", "environment.yaml"):
            text = joined(self.frozen.get(self.name(name), ""))
            with suppress(Refused):
                if found_there := python_of_conda(text, name):
                    return found_there
        return None


class Files:
    def __init__(
        self,
        sources: Sources,
        options: Options,
        materials: Materials,
        once: Once,
        observe: Callable[[str], None],
    ) -> None:
        self._sources, self._options, self._observe = sources, options, observe
        self._materials, self._once = materials, once

    def platform(self, binder: Binder) -> str:
        """What is asked for; else what files were pinned for before; else this machine's."""
        before = binder.frozen.platform if binder.frozen else None
        return self._options.platform or before or this_platform()

    async def loose(self, binder: Binder) -> tuple[Part, ...]:
        """What is not pinned, or no longer well. Asks the network for nothing but what ``deep``
        needs, or a file that includes others of the repository.
        """
        job = self._job(binder, binder.build.hash if binder.build else None)
        coming = job.deep and job.commit is None and self._options.take("build")
        if not self._concerned(job) or coming:
            return ()
        view = await self._view(job, hasty=True)
        return tuple(Part(look.part, look.why or "") for look in view.loose)

    async def pin(self, binder: Binder, commit: str | None, *, lost: bool) -> Pinned:
        """``commit`` is that of the build from now on; ``lost`` says that it could not be found,
        so that only what the files say by themselves can be checked.
        """
        job = self._job(binder, commit)
        if not self._concerned(job) or (lost and not self._own(job)):
            return Pinned(job.frozen)
        try:
            if lost:
                view = await self._seen(replace(job, deep=False), None)
            else:
                view = await self._view(job, hasty=False)
        except BinderclipError as error:
            return Pinned(job.frozen, failures=(Failure("binder.files", error),))
        if not view.whole and not lost:
            return Pinned(job.frozen)
        return await self._locked(job, view, lost=lost)

    def _job(self, binder: Binder, commit: str | None) -> _Job:
        options, build = self._options, binder.build
        job = _Job(binder, commit, options.deep, self.platform(binder))
        if job.build is None:
            return replace(job, deep=False)
        # The repository's files that were pinned hold for the commit that they were taken from.
        moved = options.upgrade or bool(build and build.hash and build.hash != commit)
        own = {*binder.files, RUNTIME}
        if "pyproject.toml" in binder.files:
            own.add("requirements.txt")
        others = {name for name in job.frozen if name in LOCKABLE} - own
        return replace(job, deep=job.deep or (moved and bool(others)))

    def _own(self, job: _Job) -> bool:
        return any(job.name(n) in job.binder.files and self._options.take_file(n) for n in LOCKABLE)

    def _concerned(self, job: _Job) -> bool:
        return self._own(job) or (job.deep and any(map(self._options.take_file, LOCKABLE)))

    async def _view(self, job: _Job, *, hasty: bool) -> View:
        """By the notebook's files alone, where these tell enough."""
        options = self._options
        if not job.deep and not options.upgrade:
            view = await self._seen(job, None)
            fresh = all(look.wanted.previous is None for look in view.loose)
            if view.whole or not view.loose or (hasty and (fresh or not job.commit)):
                return view
        return await self._seen(job, job.build)

    async def _seen(self, job: _Job, build: Reference | None) -> View:
        commit = job.commit or ""
        if build and not commit:
            commit = await self._once.get(
                ("commit", build.url, build.ref or "HEAD"), lambda: self._sources.commit(build)
            )
        material = await self._materials.made(job.texts, build, commit)
        python = python_for(material.listing, asked=self._options.python, before=job.python)
        looks = tuple(self._looks(job, material, python))
        return View(material, looks, python, whole=build is not None or job.build is None)

    def _looks(self, job: _Job, material: Material, python: Python) -> Iterator[Look]:
        for part in LOCKABLE:
            path = posixpath.join(material.at, part)
            own = job.name(part) in job.binder.files
            if not (own or job.deep) or not (material.root / path).is_file():
                continue
            name = part
            if part == "pyproject.toml":
                name = "requirements.txt"
                beside = (material.root / material.at / name).is_file()
                package = rees.is_package(material.listing, material.at) == part
                if beside or not package:
                    continue
            if not self._options.take_file(part, name):
                continue
            before = job.frozen.get(job.name(name))
            previous = None if before is None else joined(before)
            wanted = Lockable(material.root, path, python.version, job.platform, previous)
            yield Look(job.name(name), own, wanted, self._why(job, wanted, part))

    def _why(self, job: _Job, wanted: Lockable, part: str) -> str | None:
        if wanted.previous is None:
            return "not pinned"
        platform = job.binder.frozen.platform if job.binder.frozen else None
        if platform not in {None, job.platform}:
            return f"pinned for {platform}, not for {job.platform}"
        if part in {"requirements.txt", "pyproject.toml"} and job.python not in {
            None,
            wanted.python,
        }:
            return f"pinned for Python {job.python}, not for {wanted.python}"
        try:
            return self._sources.locker(part).holds(wanted)
        except BinderclipError as error:  # it may name what only the repository has
            return error.message

    async def _locked(self, job: _Job, view: View, *, lost: bool) -> Pinned:
        import asyncio  # noqa: PLC0415 - only where something is pinned

        if clash := self._clash(job, view):
            return Pinned(job.frozen, failures=(clash,))
        todo = view.looks if self._options.upgrade else view.loose
        outcomes = await asyncio.gather(*(self._lock(look, view) for look in todo))
        fresh: dict[str, Locked] = {}
        failures = []
        for look, outcome in zip(todo, outcomes, strict=True):
            if isinstance(outcome, Locked):
                fresh[look.name] = outcome
            elif not (lost and isinstance(outcome, Refused)):
                failures.append(_failure(job, look, outcome))
        if failures or lost:
            return Pinned(job.frozen, failures=tuple(failures))
        changes = [look for look in todo if fresh[look.name].text != look.wanted.previous]
        files = self._kept(job, view) | {
            look.name: lined(fresh[look.name].text) for look in changes
        }
        parts = [_changed(look, fresh[look.name].text) for look in changes]
        parts += self._with_runtime(job, view, changes, files)
        told = [_named(look, line) for look in changes for line in fresh[look.name].remarks]
        remarks = (*told, *self._remarks(view, changes)) if changes else ()
        return Pinned(files, tuple(parts), remarks)

    async def _lock(self, look: Look, view: View) -> Locked | BinderclipError:
        wanted, upgrade = look.wanted, self._options.upgrade
        facts = (wanted.path, wanted.python, wanted.platform, wanted.previous, upgrade)

        def observe(line: str) -> None:
            self._observe(_named(look, line))

        async def ask() -> Locked:
            observe(f"pinning for Python {wanted.python} on {wanted.platform}")
            locker = self._sources.locker(look.part)
            return await locker.lock(wanted, upgrade=upgrade, observe=observe)

        try:
            return await self._once.get(("lock", view.material.key, *facts), ask)
        except BinderclipError as error:
            return error

    def _clash(self, job: _Job, view: View) -> Failure | None:
        """A notebook is frozen for one platform."""
        before = job.binder.frozen.platform if job.binder.frozen else None
        others = set(job.frozen) - {look.name for look in view.looks} - {job.name(RUNTIME)}
        if before in {None, job.platform} or not others:
            return None
        found = f"{', '.join(sorted(others))} pinned for {before}, and {job.platform} asked for"
        return Failure(
            "binder.frozen.files", Refused(found, hint="freeze all of its files for it, not some")
        )

    def _kept(self, job: _Job, view: View) -> dict[str, Text]:
        """What was pinned before, without what the repository no longer has."""
        gone = set(LOCKABLE) - {look.name for look in view.looks} if job.deep else set()
        return {
            name: text
            for name, text in job.frozen.items()
            if name not in gone or not self._options.take_file(name)
        }

    def _with_runtime(
        self, job: _Job, view: View, changes: Sequence[Look], files: dict[str, Text]
    ) -> list[Part]:
        """Pinned packages are for one Python: repo2docker would take 3.10 where none is named."""
        name = job.name(RUNTIME)
        named = name in job.binder.files and view.python.stated is not None
        locked = any(look.name == job.name("requirements.txt") for look in changes)
        if named or not locked or rees.choose(view.material.listing).buildpack != "python":
            return []
        line = f"python-{view.python.version}\n"
        if joined(files.get(name, "")) == line:
            return []
        files[name] = (line,)
        told = f"Python {view.python.version}, for which packages are pinned"
        return [Part(RUNTIME, told, f"not pinned to {told}")]

    def _remarks(self, view: View, changes: Sequence[Look]) -> tuple[str, ...]:
        report = rees.report(view.material.listing)
        ignored = {one.path: one.why for one in report.ignored}
        told = [
            f"{look.part}: pinned, though repo2docker ignores it ({ignored[look.wanted.path]})"
            for look in changes
            if look.wanted.path in ignored
        ]
        stated, asked = view.python.stated, self._options.python
        if stated and asked not in {None, view.python.version}:
            told.append(
                f"{stated} states Python {view.python.version}: that of --python is not used"
            )
        return tuple(told)


def _named(look: Look, line: str) -> str:
    """A line for people, which may say by itself which file it is about."""
    about = (look.part, look.wanted.path)
    return line if line.startswith(about) else f"{look.part}: {line}"


def _failure(job: _Job, look: Look, error: BinderclipError) -> Failure:
    """Behind the name of the notebook's own file, without that name once more."""
    if not look.own:
        return Failure("binder.build", error)
    once = copy.copy(error)
    for end in (": ", ", "):
        once.message = once.message.removeprefix(f"{look.wanted.path}{end}")
    return Failure(key_path("binder.files", job.name(look.part)), once)


def _changed(look: Look, text: str) -> Part:
    before = look.wanted.previous
    if before is None:
        return Part(look.part, _done(look), "not pinned")
    from binderclip.freeze.moves import moved  # noqa: PLC0415 - only where something moved

    told = moved(look.part, before, text, look.wanted.platform)
    if told is None:
        return Part(look.part, _done(look), look.why or "moved on")
    again = f"{_done(look)}: {told}" if look.why else told
    return Part(look.part, again, f"{look.why or 'moved on'}: {told}")


def _done(look: Look) -> str:
    if look.part == "Dockerfile":
        return "pinned"
    if look.part.startswith("environment."):
        return f"pinned for {look.wanted.platform}"
    return f"pinned for Python {look.wanted.python} on {look.wanted.platform}"
