"""The files to pin, laid out in temporary folders with all that they name. Nothing of them runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from binderclip.errors import CacheError
from binderclip.freeze.sources import Sources
from binderclip.once import Once
from binderclip.rees import FolderListing, config_folder
from binderclip.spec.model import Reference

_AS_GIVEN = "embedded"


@dataclass(frozen=True, slots=True)
class Material:
    """``root`` is a working copy of the repository, if there is one, with the notebook's files in
    its configuration folder ``at`` ("" for the root); without one they are all there is. ``key``
    tells it from others.
    """

    root: Path
    at: str
    key: object
    remarks: tuple[str, ...] = ()

    @property
    def listing(self) -> FolderListing:
        return FolderListing(self.root)


class Materials:
    """Makes each once, below ``folder``, which is the caller's to remove."""

    def __init__(
        self, folder: Path, sources: Sources, once: Once, observe: Callable[[str], None]
    ) -> None:
        self._folder, self._sources, self._once = folder, sources, once
        self._observe = observe
        self._count = 0

    async def made(
        self, files: Mapping[str, str], build: Reference | None = None, commit: str = ""
    ) -> Material:
        """Raises ResolveError, Unreachable, Refused, CacheError."""
        place = (build.url, commit) if build else _AS_GIVEN
        key = ("material", place, tuple(sorted(files.items())))
        return await self._once.get(key, lambda: self._make(key, files, build, commit))

    async def _make(
        self, key: object, files: Mapping[str, str], build: Reference | None, commit: str
    ) -> Material:
        from binderclip.targets.local.realise import lay_over  # noqa: PLC0415 - for files alone

        self._count += 1
        root = self._folder / f"{self._count}" / "repo"
        run = root.parent / "run"
        try:
            run.mkdir(parents=True)
            remarks: tuple[str, ...] = ()
            if build:
                self._observe(f"fetching {build.url} at {commit[:12]}")
                remarks = tuple(await self._sources.check_out(build, commit, root, run))
                _without_links_outward(root)
            root.mkdir(exist_ok=True)
            at = config_folder(FolderListing(root)) if build else ""
            lay_over(root, at, files)
            at = at if build else config_folder(FolderListing(root))
        except OSError as error:
            raise CacheError(
                f"{error.filename or root}: cannot be written ({error.strerror})",
                hint="the folder for temporary files must have room; TMPDIR names another",
            ) from error
        return Material(root, at, key, remarks)


def _without_links_outward(root: Path) -> None:
    """What reads the working copy must not be led out of it."""
    real = root.resolve()
    for folder, names, files in os.walk(root):
        for name in (*names, *files):
            path = Path(folder, name)
            if path.is_symlink() and not _within(path, real):
                path.unlink()


def _within(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a link to itself
        return False
