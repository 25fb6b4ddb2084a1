"""One build: what to make, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from binderclip.cache import Cache
from binderclip.repositories import Repository
from binderclip.targets.local import surroundings
from binderclip.targets.local.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Build:
    """One build: what to make, and the fresh folder to make it in (it holds an empty ``run``).

    ``files`` are the notebook's, laid over the configuration folder of the repository at
    ``commit``; without a repository they are all there is. ``cache`` keeps what conda environments
    are made of. ``anonymous``: what is built gets few of the variables here.
    """

    folder: Path
    recipe: Recipe
    files: Mapping[str, str]
    repository: Repository | None
    commit: str | None
    offline: bool
    cache: Cache
    anonymous: bool = False

    @property
    def prefix(self) -> Path:
        return self.folder / "prefix"

    @property
    def repo(self) -> Path:
        return self.folder / "repo"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def environ(self) -> dict[str, str]:
        """Of the installers."""
        return surroundings.of_build(anonymous=self.anonymous)

    @property
    def variables(self) -> Mapping[str, str] | None:
        """Those that a conda environment sets, None for a virtual one."""
        return self.recipe.conda.file.variables if self.recipe.conda else None
