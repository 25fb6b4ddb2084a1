"""From what is asked for to the text of a lock."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from binderclip.errors import Refused, ResolveError
from binderclip.freeze.locking import Lockable, Locked
from binderclip.freeze.python import failures, settling
from binderclip.freeze.python.asked import Asked
from binderclip.freeze.python.pinned import Lock, Pins, parse
from binderclip.freeze.python.places import applies
from binderclip.freeze.python.uvrun import Uv, format_lines, index_words, workshop
from binderclip.guard import Guard
from binderclip.rees import FolderListing, parsed_toml
from binderclip.requirementfiles import Requirement

_YANKED = re.compile(r"`(?P<pin>[^`]+)` is yanked(?: \(reason: \"(?P<why>[^\n]*)\"\))?")


async def lock(
    wanted: Lockable,
    asked: Asked,
    *,
    upgrade: bool,
    builds: bool,
    guard: Guard | None = None,
    observe: Callable[[str], None],
) -> Locked:
    """Raises ResolveError, Unreachable, RateLimited, Refused; and as ``Uv.compile``."""
    before = None if upgrade else previous(wanted)
    applying = [r for r in asked.requirements if applies(r, wanted.python, wanted.platform)]
    if not builds:
        _check_static(wanted, applying)
    observe(
        f"{asked.files[0]}: pinning {_many(len(applying), 'package')}, and what they need, for "
        f"Python {wanted.python} on {wanted.platform}"
    )
    async with workshop(wanted.root, wanted.python, wanted.platform, guard) as uv:
        answer = await _asked_uv(uv, wanted, asked, before, upgrade=upgrade, builds=builds)
    pins = list(settling.with_refs(answer.pins.pins.values(), applying))
    made = Lock(
        sources=asked.files,
        python=wanted.python,
        platform=wanted.platform,
        inputs=asked.digest,
        options=asked.options,
        paths=[one for one in applying if one.path is not None],
        pins=pins,
        folder=posixpath.dirname(wanted.path),
        archives={one.path: one.hashes for one in answer.pins.paths if one.path and one.hashes},
    )
    observe(f"{asked.files[0]}: {_many(len(pins), 'package')} pinned")
    return Locked(made.text, tuple(_remarks(made, asked, answer)))


@dataclass(frozen=True, slots=True)
class _Answer:
    pins: Pins
    stderr: str


def previous(wanted: Lockable) -> Pins | None:
    """What was pinned before, as far as it can be read."""
    if wanted.previous is None:
        return None
    try:
        return parse(wanted.previous, "the lock")
    except Refused:
        return None


def _check_static(wanted: Lockable, requirements: Sequence[Requirement]) -> None:
    """A folder whose package does not even tell its name is built to learn it."""
    folder = FolderListing(wanted.root)
    for one in requirements:
        if one.path is None or not folder.folder(one.path):
            continue
        table = parsed_toml(folder, f"{one.path}/pyproject.toml").get("project")
        if not isinstance(table, dict) or not isinstance(table.get("name"), str):
            raise ResolveError(
                f"{wanted.path}: {one.path}: what this package needs is told by running its code",
                hint="binderclip freeze --allow-builds runs it. Or describe the package in the "
                "[project] table of a pyproject.toml",
            )


async def _asked_uv(
    uv: Uv, wanted: Lockable, asked: Asked, before: Pins | None, *, upgrade: bool, builds: bool
) -> _Answer:
    kept = before.pins if before else {}
    # Not as editable: uv 0.13 builds an editable folder even with --no-build.
    lines = [settling.as_before(one, kept).line for one in asked.requirements]
    # What is not to be built is not asked for as a source package either: only the lock's text
    # says so, for whoever installs it.
    lines += [*(format_lines(asked.options) if builds else []), *(["."] if asked.project else [])]
    source = uv.write("requirements.in", lines)
    bounds = uv.write("constraints.txt", [one.line for one in asked.constraints])
    out = uv.write("pinned.txt", [pin.line for pin in kept.values() if pin.url is None])
    done = await uv.compile(
        [
            *index_words(asked.options),
            *([] if builds else ["--no-build"]),
            *(["--upgrade"] if upgrade else []),
            *(str(source), "--constraints", str(bounds), "--output-file", str(out)),
        ],
        builds=builds,
        what=wanted.path,
    )
    if done.code:
        direct = {one.name or one.shown for one in asked.requirements if one.url or one.path}
        said = uv.cleaned(done.stderr)
        raise failures.failure(
            said, wanted.path, builds=builds, direct=direct, closed=uv.guard is not None
        )
    found = _read(out.read_text("utf-8"), wanted.path)
    limited = settling.as_stated(found, asked.requirements, wanted.path)
    fitting = await settling.that_fit(uv, limited, asked.options, wanted.path)
    if before is None or (before.python, before.platform) != (uv.python, uv.platform):
        return _Answer(fitting, done.stderr)
    return _Answer(settling.unchanged(fitting, kept, wanted.path), done.stderr)


def _read(text: str, what: str) -> Pins:
    """The lock as uv wrote it. Where packages led it is judged like what people write."""
    try:
        return parse(text, "the lock")
    except Refused as error:
        raise Refused(f"{what}: what it asks for leads to more: {error.message}") from error


def _remarks(made: Lock, asked: Asked, answer: _Answer) -> Iterator[str]:
    if made.unhashable:
        names = ", ".join(made.unhashable)
        if asked.values("require-hashes"):
            raise Refused(
                f"{asked.files[0]}: requires hashes, and there is none for {names}",
                hint="name a version on an index, or an archive, instead",
            )
        yield f"{asked.files[0]}: pinned without hashes, since there is none for {names}"
    for one in asked.requirements:
        if one.editable and one.repository:
            yield f"{one.shown}: pinned to a commit, and no longer editable"
    for found in _YANKED.finditer(answer.stderr):
        why = f": {found['why'][:200]}" if found["why"] else ""
        yield f"{found['pin']} was withdrawn by its authors{why}"
    for name in () if asked.project else asked.unknown:
        yield f"{name}: what it needs is known only by running it, and is not pinned"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
