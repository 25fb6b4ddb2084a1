"""Which notebooks the arguments name: files as they are, folders all the way down."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from binderclip.errors import NotebookError

# Folders that hold other people's notebooks, or copies. Hidden ones are left out too, among them
# .ipynb_checkpoints, .git, .venv and .tox.
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages"})
# What stands in the root of an environment of venv, virtualenv or conda.
_ENVIRONMENT = frozenset({"pyvenv.cfg", "conda-meta"})


@dataclass(frozen=True, slots=True)
class Missed:
    """An argument, or a folder below one, that leads to no notebook; ``error`` says why.

    ``path`` is as it may be shown: an argument may be an address with a secret in it.
    """

    path: str
    error: NotebookError


def named(arguments: Sequence[str]) -> Iterator[Path | Missed]:
    """The notebooks that ``arguments`` name, each once, folders in the order of their names.

    In folders only ``.ipynb`` files count; a text notebook is to be named itself.
    """
    seen: set[str] = set()
    for argument in arguments:
        for found in _below(argument):
            if isinstance(found, Missed):
                yield found
                continue
            real = os.path.realpath(found)
            if real not in seen:
                seen.add(real)
                yield found


def _below(argument: str) -> Iterator[Path | Missed]:
    path = Path(argument)
    if os.path.isdir(argument):  # noqa: PTH112 - unlike Path's, it raises nothing
        yield from _walk(path)
    elif not argument:
        yield Missed("''", NotebookError("found an empty path, expected a notebook or a folder"))
    elif "://" in argument:
        yield _address(argument)
    else:
        yield path


def _address(argument: str) -> Missed:
    from binderclip.addresses.masking import masked

    shown = masked(argument)
    reason = f"{shown}: this is an address, and only files can be worked on here"
    hint = "download it first, or read it with `binderclip show`"
    return Missed(shown, NotebookError(reason, hint=hint))


def _walk(root: Path) -> Iterator[Path | Missed]:
    waiting = [str(root)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            reason = f"{folder}: this folder cannot be read ({error.strerror})"
            hint = "mend its permissions, or name the notebooks that you mean"
            yield Missed(folder, NotebookError(reason, hint=hint))
            continue
        if folder != str(root) and not _ENVIRONMENT.isdisjoint(e.name for e in entries):
            continue
        shown = [e for e in entries if not e.name.startswith(".") and e.name not in _SKIPPED]
        yield from (Path(e.path) for e in shown if e.name.endswith(".ipynb") and _is_file(e))
        waiting += [e.path for e in reversed(shown) if e.is_dir(follow_symlinks=False)]


def _is_file(entry: os.DirEntry[str]) -> bool:
    # The entry's own method raises for a link that leads to itself.
    return entry.is_file(follow_symlinks=False) or (
        entry.is_symlink() and os.path.isfile(entry.path)  # noqa: PTH113 - raises nothing
    )
