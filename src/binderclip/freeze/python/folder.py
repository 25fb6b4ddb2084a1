"""The files of a working copy, read without leaving it."""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass
from pathlib import Path

from binderclip.errors import Refused

_MAX_BYTES = 1 << 20
_PACKAGE_FILES = ("pyproject.toml", "setup.cfg", "setup.py")


@dataclass(frozen=True, slots=True)
class Folder:
    """A listing (``rees.Listing``) of what lies below ``root``; links may not lead out of it."""

    root: Path

    def at(self, path: str) -> Path:
        """Where ``path`` really lies. Raises Refused for what lies elsewhere."""
        try:
            found = (self.root / path).resolve()
        except (OSError, ValueError, RuntimeError) as error:  # loops of links, embedded NULs
            raise Refused(f"{path}: cannot be read") from error
        if not found.is_relative_to(self.root.resolve()):
            raise Refused(
                f"{path}: a link leads out of the environment's folder",
                hint="keep what is needed beside the file that names it",
            )
        return found

    def folder(self, path: str) -> bool:
        return self.at(path).is_dir()

    def read(self, path: str) -> str | None:
        """The text of a file, None when it is not there. Raises Refused when it is too long."""
        content = self.content(path)
        return None if content is None else content.decode("utf-8", "replace")

    def content(self, path: str, max_bytes: int = _MAX_BYTES) -> bytes | None:
        found = self.at(path)
        if not found.is_file():
            return None
        try:
            with found.open("rb") as stream:
                content = stream.read(max_bytes + 1)
        except OSError as error:
            raise Refused(f"{path}: cannot be read ({error.strerror})") from error
        if len(content) > max_bytes:
            raise Refused(f"{path}: is longer than {max_bytes} bytes")
        return content

    def package(self, path: str) -> tuple[str, ...]:
        """What tells which packages the one in ``path`` needs: digests of its files."""
        names = [posixpath.normpath(posixpath.join(path, name)) for name in _PACKAGE_FILES]
        return tuple(
            f"{name} {hashlib.sha256(content).hexdigest()}"
            for name in names
            if (content := self.content(name)) is not None
        )
