"""``metadata.binder`` frozen: what every part is now is asked, once, and written beside it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from binderclip import edit
from binderclip.edit import Edited
from binderclip.errors import BinderclipError, CacheError, Failure, FreezeFailed, ResolveError
from binderclip.freeze import parts
from binderclip.freeze.files import Files, Pinned
from binderclip.freeze.material import Materials
from binderclip.freeze.options import Findings, Options, Part
from binderclip.freeze.parts import PIPFILE, REFERENCES, UNPINNED, is_deposit
from binderclip.freeze.sources import Sources
from binderclip.notebook import MISSING, Missing
from binderclip.once import Once
from binderclip.spec.model import JSON, Binder, Frozen, Reference
from binderclip.spec.places import DEFAULT_REFS

_SHORT = 12


class Freezer:
    """One for a command, and an async context manager: what several notebooks name is asked once.

    ``at_once`` bounds what is asked and worked on at a time; ``observe`` gets lines for people.
    """

    def __init__(
        self,
        sources: Sources,
        options: Options,
        *,
        at_once: int = 4,
        observe: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._sources, self._options, self._observe = sources, options, observe
        self._once = Once(at_once)
        self._at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._folder = Path()
        self._files: Files | None = None

    async def __aenter__(self) -> Self:
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="binderclip-freeze-"))
        except OSError as exc:
            raise CacheError(
                f"no folder for temporary files can be made ({exc.strerror})",
                hint="TMPDIR names another place for them",
            ) from exc
        made = Materials(self._folder, self._sources, self._once, self._observe)
        self._files = Files(self._sources, self._options, made, self._once, self._observe)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._once.aclose()
        # Not in a thread: there are none any more where this comes late, as a server stops.
        shutil.rmtree(self._folder, ignore_errors=True)

    async def freeze(self, value: JSON | Missing) -> Edited:
        """``value`` with everything pinned that the options take; its notes name what changed.

        Raises FreezeFailed with everything that could not be pinned, SpecError for a value that
        is wrong, or of a newer version.
        """
        reading = edit.readable(value)
        if reading is None or reading.binder is None:
            return Edited(value, notes=(_nothing(value),))
        found = await self._found(reading.binder)
        if found.failures:
            raise FreezeFailed(found.failures)
        edited = edit.frozen(value, found.hashes, found.frozen)
        left = map(str, unpinned(value, self._options))
        notes = (*map(str, found.changes), *found.remarks, *left, *edited.notes)
        if not notes and _bare(reading.binder):
            notes = (_nothing(value),)
        return Edited(edited.value, edited.changes, notes)

    async def loose(self, value: JSON | Missing) -> tuple[Part, ...]:
        """What ``freeze`` would change, and a Pipfile, which it cannot pin; empty where all is
        well.

        Only with ``upgrade`` is everything asked; otherwise what is pinned is taken to be right.
        Raises what ``freeze`` raises.
        """
        reading = edit.readable(value)
        if reading is None or reading.binder is None:
            return ()
        if self._options.upgrade:
            found = await self._found(reading.binder)
            if found.failures:
                raise FreezeFailed(found.failures)
            return (*(part.ahead for part in found.changes), *self._pipfile(reading.binder))
        asked, _ = self._asked(reading.binder)
        references = [Part(key, f"not frozen, at {_ref(key, one)}") for key, one in asked.items()]
        try:
            files = await self._of_files().loose(reading.binder)
        except BinderclipError as error:
            raise FreezeFailed((Failure("binder.files", error),)) from error
        return (*references, *files, *self._pipfile(reading.binder))

    def _pipfile(self, binder: Binder) -> tuple[Part, ...]:
        if self._options.take_file(PIPFILE) and parts.needs_pipenv(binder):
            return (Part(PIPFILE, UNPINNED[PIPFILE]),)
        return ()

    def _of_files(self) -> Files:
        if self._files is None:
            raise RuntimeError("the freezer was not entered")
        return self._files

    async def _found(self, binder: Binder) -> Findings:
        asked, remarks = self._asked(binder)
        answers = await asyncio.gather(*(self._ask(key, one) for key, one in asked.items()))
        hashes: dict[str, str] = {}
        changes, failures = [], []
        for (key, one), answer in zip(asked.items(), answers, strict=True):
            if isinstance(answer, ResolveError) and one.hash and one.ref is None:
                remarks.append(
                    f"{key}: stays at {_short(one.hash)}, for it names no ref, and there is no "
                    f"{DEFAULT_REFS[key]}"
                )
            elif isinstance(answer, BinderclipError):
                failures.append(Failure(f"binder.{key}", answer))
            elif answer != one.hash:
                hashes[key] = answer
                changes.append(Part(key, _moved(_ref(key, one), one.hash, answer)))
        pinned = await self._pinned(
            binder, hashes, lost="binder.build" in {f.path for f in failures}
        )
        changes += pinned.changes
        return Findings(
            hashes,
            self._frozen(binder, pinned) if changes else binder.frozen,
            tuple(changes),
            (*remarks, *pinned.remarks),
            (*failures, *pinned.failures),
        )

    async def _pinned(self, binder: Binder, hashes: dict[str, str], *, lost: bool) -> Pinned:
        commit = hashes.get("build") or (binder.build.hash if binder.build else None)
        return await self._of_files().pin(binder, commit, lost=lost)

    def _frozen(self, binder: Binder, pinned: Pinned) -> Frozen:
        """As of this command, since something changed."""
        before = binder.frozen or Frozen()
        if not pinned.files:
            platform = None
        elif pinned.files == before.files:
            platform = before.platform
        else:
            platform = self._of_files().platform(binder)
        return Frozen(self._at, platform, pinned.files, before.extra)

    def _asked(self, binder: Binder) -> tuple[dict[str, Reference], list[str]]:
        """The references to ask for; and remarks on those that stay as they are."""
        asked: dict[str, Reference] = {}
        remarks = []
        for key in REFERENCES:
            one = getattr(binder, key)
            if one is None or not self._options.take(key):
                continue
            if is_deposit(one):
                remarks.append(f"{key}: not frozen, for it is a deposit, which has no commits")
            elif one.hash is None or (self._options.upgrade and self._followed(binder, key)):
                asked[key] = one
            elif self._options.upgrade:
                remarks.append(
                    f"{key}: stays at {_short(one.hash)}, for you named no ref to follow "
                    f"(--only {key} takes {DEFAULT_REFS[key]})"
                )
        return asked, remarks

    def _followed(self, binder: Binder, key: str) -> bool:
        """A hash without a ref is of the default one where it was frozen. In a notebook that never
        was, a person put it there: it stays, unless it is named.
        """
        stated = getattr(binder, key).ref is not None
        return stated or binder.frozen is not None or key in self._options.only

    async def _ask(self, key: str, one: Reference) -> str | BinderclipError:
        ref, platform = _ref(key, one), self._options.platform

        async def digest() -> str:
            self._observe(f"{key}: asking for {one.url}:{ref}")
            return await self._sources.digest(one, platform)

        async def commit() -> str:
            self._observe(f"{key}: asking for {ref} of {one.url}")
            return await self._sources.commit(one)

        try:
            if key == "image":
                return await self._once.get(("digest", one.url, ref, platform), digest)
            return await self._once.get(("commit", one.url, ref), commit)
        except BinderclipError as error:
            return error


def unpinned(value: JSON | Missing, options: Options) -> tuple[Part, ...]:
    """What stays open whatever is frozen, as far as ``options`` take it. Raises SpecError."""
    reading = edit.readable(value)
    if reading is None or reading.binder is None:
        return ()
    found = parts.unpinned(reading.binder).items()
    return tuple(Part(name, why) for name, why in found if options.take_file(name))


def _ref(key: str, one: Reference) -> str:
    return one.ref or DEFAULT_REFS[key]


def _short(pin: str) -> str:
    algorithm, colon, digits = pin.rpartition(":")
    return f"{algorithm}{colon}{digits[:_SHORT]}"


def _moved(ref: str, before: str | None, now: str) -> str:
    if before is None:
        return f"{ref} → {_short(now)}"
    return f"{ref} moved on, {_short(before)} → {_short(now)}"


def _bare(binder: Binder) -> bool:
    return not binder.files and not any(getattr(binder, key) for key in REFERENCES)


def _nothing(value: JSON | Missing) -> str:
    if value is False:
        return "nothing to freeze: it opts out"
    named = "names no environment" if value is MISSING else "names nothing that could be pinned"
    return f"nothing to freeze: it {named}"
