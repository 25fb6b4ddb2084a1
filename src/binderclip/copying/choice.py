"""Which files of a repository are copied, and where to: what ``copy`` says, made sure of."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from binderclip.amounts import count, size, some
from binderclip.copying import names
from binderclip.copying.globs import Glob
from binderclip.copying.links import Found, Read, followed
from binderclip.copying.model import File, Limits, Origin
from binderclip.errors import Refused, TooLarge
from binderclip.repositories.listing import Entry

_HOME = "$HOME"
_NEAR = 5000
"""Names that a glob without a match is compared with: it takes time."""

Same: TypeAlias = Callable[[File, File], bool]
"""Whether two files have the same content."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of ``copy``: a glob, None for everything, and the folder below the home, ""
    for the home itself.
    """

    glob: Glob | None
    folder: str

    @property
    def described(self) -> str:
        what = self.glob.text if self.glob else "everything"
        return f"{what} → {_HOME}/{self.folder}{'/' if self.folder else ''}"

    def takes(self, path: str) -> bool:
        return self.glob is None or self.glob.matches(path)

    def placed(self, path: str) -> str:
        below = self.glob.below(path) if self.glob else path
        return f"{self.folder}/{below}" if self.folder else below


@dataclass(frozen=True, slots=True)
class Choice:
    """What one repository gives: ``files`` by rule, and remarks on what was left out."""

    origin: Origin
    rules: tuple[tuple[Rule, tuple[File, ...]], ...]
    remarks: tuple[str, ...]


def rules(copy: Mapping[str, str] | None, folder: str) -> tuple[Rule, ...]:
    """Those of ``copy``; left out, everything goes to ``folder``."""
    if copy is None:
        return (Rule(None, folder),)
    return tuple(
        Rule(Glob(glob), target.removeprefix(_HOME).strip("/")) for glob, target in copy.items()
    )


def choose(
    origin: Origin, entries: Sequence[Entry], read: Read, asked: Iterable[Rule], limits: Limits
) -> Choice:
    """Raises Refused for a repository that was made to do harm, and for names that cannot be
    placed; TooLarge.
    """
    _refuse_traps(origin, entries)
    found = tuple(itertools.islice(followed(entries, read), limits.listed + 1))
    if len(found) > limits.listed:
        raise TooLarge(
            f"{origin.name}: found more than {limits.listed} files in "
            f"{origin.repository.shown} with its links followed, expected at most that many"
        )
    chosen, left = [], dict[str, str]()
    remarks = []
    for rule in asked:
        taken = [one for one in found if rule.takes(one.path) and not _of_git(one.path)]
        if not taken and rule.glob:
            remarks.append(_nothing(origin, rule.glob, found))
        left |= {one.path: one.why for one in taken if one.entry is None}
        chosen.append((rule, tuple(_files(origin, rule, taken))))
    return Choice(origin, tuple(chosen), (*remarks, *_left_out(origin, left)))


def merged(choices: Iterable[Choice], same: Same, limits: Limits) -> tuple[File, ...]:
    """All files by path. Raises Refused where two of them want one place, and TooLarge."""
    everything = [file for one in choices for _, taken in one.rules for file in taken]
    files: dict[str, File] = {}
    for file in everything:
        files.setdefault(file.path, file)
    _refuse_large(files.values(), limits)  # first: to compare files may be to read them
    for file in everything:
        other = files[file.path]
        if other is not file and not same(other, file):
            raise Refused(
                f"{_HOME}/{file.path}: found two files for it, {_shown(other)} and "
                f"{_shown(file)}, which differ",
                hint="give them different folders in copy",
            )
    _refuse_clashes(files)
    return tuple(files[path] for path in sorted(files))


def _files(origin: Origin, rule: Rule, taken: Iterable[Found]) -> Iterator[File]:
    for one in taken:
        if entry := one.entry:
            path = rule.placed(one.path)
            if why := names.fault(path) or names.trap(path):
                raise Refused(
                    f"{origin.name}: found {why} in the name '{names.shown(path)}', from "
                    f"{origin.repository.shown}, expected a name that every machine can have",
                    hint="name in copy what is needed, without this file",
                )
            facts = (entry.object, entry.size_bytes, entry.executable)
            yield File(path, origin, one.path, *facts)


def _of_git(path: str) -> bool:
    """Submodules are left out, so what says where they come from would mean nothing."""
    return path.rpartition("/")[2].lower() == ".gitmodules"


def _refuse_traps(origin: Origin, entries: Sequence[Entry]) -> None:
    seen = set()
    for entry in entries:
        why = "another file" if entry.path in seen else names.trap(entry.path)
        if why:
            raise Refused(
                f"{origin.name}: found {why} in the path '{names.shown(entry.path)}' in "
                f"{origin.repository.shown}, expected a path that git itself would write",
                hint="somebody made this repository by hand to do harm: do not use it",
            )
        seen.add(entry.path)


def _refuse_clashes(files: Mapping[str, File]) -> None:
    """Files that are one where the case of letters does not count, and files in files."""
    by_name: dict[str, File] = {}
    for path, file in files.items():
        other = by_name.setdefault(names.folded(path), file)
        if other is not file:
            raise Refused(
                f"{_HOME}/{path}: found '{other.path}' too, expected names that differ in more "
                "than the case of letters: on some machines they are one file",
                hint="name in copy which of them is needed",
            )
    for path, file in files.items():
        folder = names.folded(path)
        while folder := folder.rpartition("/")[0]:
            if above := by_name.get(folder):
                raise Refused(
                    f"{_HOME}/{above.path}: found a file for it, {_shown(above)}, and a folder, "
                    f"for {_shown(file)}",
                    hint="give them different folders in copy",
                )


def _refuse_large(files: Collection[File], limits: Limits) -> None:
    found, most = "", ""
    total_bytes = sum(file.size_bytes for file in files)
    largest = max(files, key=lambda file: file.size_bytes, default=None)
    if len(files) > limits.files:
        found, most = f"{count(len(files), 'file')} to copy", f"{limits.files}"
    elif largest and largest.size_bytes > limits.file_bytes:
        found = f"{size(largest.size_bytes)} in {_shown(largest)}"
        most = f"{size(limits.file_bytes)} in a file"
    elif total_bytes > limits.total_bytes:
        found = f"{size(total_bytes)} in {count(len(files), 'file')} to copy"
        most = size(limits.total_bytes)
    if found:
        raise TooLarge(
            f"found {found}, expected at most {most}",
            hint="name in copy what is needed, or have the notebook's code download the rest",
        )


def _shown(file: File) -> str:
    return f"'{file.source}' of {file.origin.repository.shown}"


def _left_out(origin: Origin, left: Mapping[str, str]) -> Iterator[str]:
    for why in sorted(set(left.values())):
        paths = sorted(names.shown(path) for path in left if left[path] == why)
        yield f"{origin.name}: left out {some(paths)} ({why})"


def _nothing(origin: Origin, glob: Glob, found: Sequence[Found]) -> str:
    text = f"{origin.name}: copy's '{glob.text}' names nothing in {origin.repository.shown}"
    near = _near(glob, found)
    return f"{text} (did you mean '{names.shown(near)}'?)" if near else text


def _near(glob: Glob, found: Sequence[Found]) -> str | None:
    """What may be meant: the glob in other letters, somewhere else, or a path like it."""
    lower = Glob(glob.text.lower())
    for one in found:
        if lower.matches(one.path.lower()):
            return one.path
    anywhere = Glob(f"**/{glob.text}")
    for one in found:
        if anywhere.matches(one.path):
            return one.path
    paths = [one.path for one in found[:_NEAR]]
    return next(iter(difflib.get_close_matches(glob.text, paths, 1, 0.7)), None)
