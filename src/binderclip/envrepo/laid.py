"""The tree of a repository at its commit, with a notebook's files laid over it as repo2docker would
have them.

What cannot be in such a tree is left out, or refused where the build would be another without it.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from binderclip import rees
from binderclip.amounts import some
from binderclip.copying.links import Found, followed
from binderclip.embedding.plain import bare_repository
from binderclip.envrepo import names
from binderclip.envrepo.made import above, check_size, files_alone, left_out
from binderclip.envrepo.model import File, Limits
from binderclip.errors import Refused, TooLarge
from binderclip.rees import Report
from binderclip.rees.inclusions import local_packages
from binderclip.repositories import Repository
from binderclip.repositories.listing import Entry
from binderclip.repositories.tree import Tree

_POINTER = b"version https://git-lfs.github.com/spec/"
_LARGEST_POINTER = 1024
_PACKAGE = ("setup.py", "pyproject.toml")
_LARGEST_READ = 1 << 20
_BY_HAND = "somebody made this repository by hand to do harm: do not use it"
_OWN = "git's own; files are checked out as they are"
_VERSIONED = re.compile(r"setuptools[-_]scm|hatch-vcs|versioneer|versioningit|dunamai|pbr\b")


@dataclass(frozen=True, slots=True)
class Laid:
    """``report`` is how repo2docker builds it; ``remarks`` are what was left out."""

    files: tuple[File, ...]
    report: Report
    remarks: tuple[str, ...]


def laid(repository: Repository, commit: str, files: Mapping[str, str], limits: Limits) -> Laid:
    """Raises Refused for a repository that was made to do harm, for what cannot be laid over it,
    and for what would not be built as it is there; TooLarge, ResolveError, CacheError.
    """
    own, remarks = files_alone(files)
    entries = repository.entries(commit, limits.listed)
    _refuse_traps(repository, entries)
    with repository.tree(commit) as tree:
        at = rees.config_folder(tree)
        work = _Work(repository, entries, tree, limits)
        found = work.with_own(at, own)
        before = rees.report(rees.Overlaid(tree, {f.path: files[f.path] for f in own}, at))
        after = rees.report(_Listing({file.path: file.content for file in found}))
        work.check(before, after, found)
        remarks += work.remarks(found, after)
    return Laid(tuple(found), after, tuple(remarks))


class _Work:
    def __init__(
        self, repository: Repository, entries: Sequence[Entry], tree: Tree, limits: Limits
    ) -> None:
        self._where, self._tree, self._limits = repository.shown, tree, limits
        self._modules = [entry.path for entry in entries if entry.kind == "module"]
        self._links = [entry.path for entry in entries if entry.kind == "link"]
        found = tuple(itertools.islice(followed(entries, tree.blob), limits.listed + 1))
        if len(found) > limits.listed:
            raise TooLarge(
                f"{self._where}: found more than {limits.listed} files with its links followed, "
                "expected at most that many"
            )
        _refuse_doubles(repository, found)
        self._left = dict(_unfit(found))
        self._taken = {
            one.path: one.entry for one in found if one.entry and one.path not in self._left
        }

    def with_own(self, at: str, own: Sequence[File]) -> list[File]:
        """The repository's files, and a notebook's in their places, in the order of paths."""
        placed = {posixpath.join(at, file.path): file for file in own}
        self._refuse_clashes(placed)
        kept = {path: entry for path, entry in self._taken.items() if path not in placed}
        sizes = {path: entry.size_bytes for path, entry in kept.items()}
        sizes |= {path: len(file.content) for path, file in placed.items()}
        check_size(sizes.items(), self._limits)
        contents: dict[str, bytes] = {}
        made = {path: File(path, f.content, f.executable) for path, f in placed.items()}
        for path, entry in kept.items():
            if entry.object not in contents:
                contents[entry.object] = self._tree.blob(entry.object)
            made[path] = File(path, contents[entry.object], entry.executable)
        return [made[path] for path in sorted(made)]

    def check(self, before: Report, after: Report, found: Sequence[File]) -> None:
        """Refuse where something that was left out, or is a pointer, belongs to the build."""
        lost = [path for path in before.uses if path not in after.uses]
        if lost or _told(before) != _told(after):
            what = names.shown(", ".join(lost)) or "how it is built"
            why = "; ".join(sorted({self._left[p] for p in lost if p in self._left}))
            raise Refused(
                f"{self._where}: found {what} to depend on what cannot be in such a commit"
                + (f" ({why})" if why else ""),
                hint="put plain files into the repository instead",
            )
        pointers = {file.path for file in found if _is_pointer(file)} & set(after.uses)
        if pointers:
            raise Refused(
                f"{self._where}: {min(pointers)} is kept in Git LFS, which is in no such commit",
                hint="keep the environment's files in the repository itself",
            )
        if self._modules:
            self._check_modules(after, _Listing({file.path: file.content for file in found}))

    def _check_modules(self, report: Report, listing: _Listing) -> None:
        """A submodule may be left out where the build cannot read it."""
        texts = {path: text for path in report.uses if (text := listing.read(path)) is not None}
        whole: str | None = next((one for one in _PACKAGE if one in texts), None)
        if report.buildpack and not whole:
            folders = local_packages(listing, rees.choose(listing), report.uses)
            whole = f"the package in {names.shown(folders[0])!r}" if folders else None
        for module in self._modules:
            word = re.compile(rf"(?<![\w.-]){re.escape(module)}(?![\w-])")
            needs = next((path for path, text in texts.items() if word.search(text)), whole)
            if report.buildpack == "docker":
                needs = report.trigger
            if module in {"binder", ".binder"}:
                needs = "repo2docker, for its configuration,"
            if needs:
                raise Refused(
                    f"{self._where}: found the submodule {names.shown(module)!r}, which {needs} "
                    "may need, and no such commit has submodules",
                    hint="put the files that are needed into the repository itself",
                )

    def remarks(self, found: Sequence[File], report: Report) -> Iterator[str]:
        yield from left_out(self._where, self._left)
        became = sorted(names.shown(path) for path in self._links if path not in self._left)
        if became:
            yield f"{self._where}: links have become what they lead to: {some(became)}"
        pointers = [names.shown(file.path) for file in found if _is_pointer(file)]
        if pointers:
            yield f"{self._where}: what Git LFS keeps is not in the commit: {some(pointers)}"
        texts = [one.content.decode("utf-8", "replace") for one in found if one.path in report.uses]
        if any(map(_VERSIONED.search, texts)):
            yield f"{self._where}: takes its version from git's history, of which there is none"

    def _refuse_clashes(self, placed: Collection[str]) -> None:
        folders = {folder for path in self._taken for folder in above(path)}
        for path in placed:
            in_the_way = [one for one in above(path) if one in self._taken or one in self._modules]
            if path in folders or in_the_way or path in self._modules:
                raise Refused(
                    f"binder.files: {path}: {self._where} has a folder or a submodule where the "
                    "notebook has a file, or the other way round"
                )
        union = {*self._taken, *placed}
        folder = bare_repository(union)
        if folder and not bare_repository(self._taken):
            raise Refused(
                f"binder.files: would make a git repository of {folder!r} in {self._where}",
                hint="see where the notebook comes from",
            )


@dataclass(frozen=True, slots=True)
class _Listing:
    """What will be checked out, as a ``rees.Listing``."""

    files: Mapping[str, bytes]

    def folder(self, path: str) -> bool:
        return any(name.startswith(f"{path}/") for name in self.files)

    def read(self, path: str) -> str | None:
        data = self.files.get(path)
        if data is not None and len(data) > _LARGEST_READ:
            raise Refused(f"{path}: is {len(data)} bytes long, expected at most 1 MiB")
        return None if data is None else data.decode("utf-8", "replace")


def _refuse_traps(repository: Repository, entries: Sequence[Entry]) -> None:
    seen = set()
    for entry in entries:
        if why := "another file" if entry.path in seen else names.trap(entry.path):
            raise Refused(
                f"{repository.shown}: found {why} in the path '{names.shown(entry.path)}', "
                "expected a path that git itself would write",
                hint=_BY_HAND,
            )
        seen.add(entry.path)


def _refuse_doubles(repository: Repository, found: Sequence[Found]) -> None:
    """Git's trees are sorted so that no honest one has a name twice, as a file and a folder too."""
    paths = {one.path for one in found}
    double = next((one for path in paths for one in above(path) if one in paths), None)
    if len(paths) < len(found) or double:
        raise Refused(
            f"{repository.shown}: found two files or folders of one name"
            + (f", {names.shown(double)!r}" if double else ""),
            hint=_BY_HAND,
        )


def _unfit(found: Sequence[Found]) -> Iterator[tuple[str, str]]:
    """Paths that are left out, and why."""
    for one in found:
        if names.own(one.path):
            yield one.path, _OWN
        elif why := names.fault(one.path):
            yield one.path, why
        elif one.entry is None:
            yield one.path, one.why


def _told(report: Report) -> tuple[object, ...]:
    passed_over = {one.path for one in report.ignored}
    return (
        report.buildpack,
        report.folder,
        report.trigger,
        report.python,
        report.fails,
        passed_over,
    )


def _is_pointer(file: File) -> bool:
    return len(file.content) <= _LARGEST_POINTER and file.content.startswith(_POINTER)
