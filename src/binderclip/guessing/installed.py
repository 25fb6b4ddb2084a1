"""What is installed in a Python: read from its files. Nothing of it is run, but where a person
named an interpreter: that is asked for its path alone, isolated from everything around it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from binderclip.distributions import canonical
from binderclip.errors import Refused
from binderclip.guessing.model import Distribution
from binderclip.inheritance import inherited

_BESIDE = (".venv", "venv", "env", ".conda")
_ASKED = "import json, sys; print(json.dumps(sys.path))"
_PATIENCE_S = 30


@dataclass(frozen=True, slots=True)
class Python:
    """``shown`` names it for people; ``paths`` are the folders that it imports from."""

    shown: str
    paths: tuple[str, ...]


def stated(text: str) -> Python:
    """An interpreter, or the folder of an environment. Raises Refused."""
    path = Path(text).expanduser()
    if path.is_dir():
        found = of_prefix(path)
        if found is None:
            raise Refused(
                f"{path}: found no environment there, expected lib/python3.X/site-packages in it",
                hint="name its interpreter, as in --python venv/bin/python",
            )
        return found
    if not path.is_file():
        raise Refused(f"{path}: found no such file, expected a Python or an environment's folder")
    try:
        done = subprocess.run(
            [path.absolute(), "-I", "-c", _ASKED],
            env=inherited(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=True,
        )
        paths = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise Refused(f"{path}: could not be asked where its packages are") from error
    return Python(str(path), tuple(one for one in paths if isinstance(one, str) and one))


def of_prefix(prefix: Path) -> Python | None:
    """The environment in a folder, by its files."""
    found = sorted(prefix.glob("lib/python3.*/site-packages"))
    windows = prefix / "Lib" / "site-packages"
    paths = [str(path) for path in (*found, windows) if path.is_dir()]
    return Python(str(prefix), tuple(paths)) if paths else None


def beside(folder: Path) -> Python | None:
    """An environment that lies with the notebook."""
    for name in _BESIDE:
        prefix = folder / name
        if (prefix / "pyvenv.cfg").is_file() or (prefix / "conda-meta").is_dir():
            return of_prefix(prefix)
    return None


def of_kernel(name: str) -> Python | None:
    """The environment of a kernel that is installed here."""
    from jupyter_client.kernelspec import (  # noqa: PLC0415 - slow to import
        KernelSpecManager,
        NoSuchKernel,
    )

    try:
        argv = KernelSpecManager().get_kernel_spec(name).argv
    except (NoSuchKernel, OSError, ValueError):
        return None
    program = Path(argv[0]) if argv else Path()
    if not program.is_absolute():
        return None
    if program == Path(sys.executable):
        return Python(sys.executable, tuple(sys.path))
    return of_prefix(program.parent.parent)


class Installed:
    """The distributions in a Python, by the modules that they bring."""

    def __init__(self, python: Python) -> None:
        self.python = python
        self._all = list(_distributions(python.paths))
        self._by_top: dict[str, list[tuple[Distribution, frozenset[str]]]] = {}
        for distribution, files in self._all:
            for top in {file.partition(".")[0] for file in files}:
                self._by_top.setdefault(top, []).append((distribution, files))

    def owners(self, modules: Collection[str]) -> Mapping[str, Distribution]:
        """For each dotted module the distribution that brings it, where one does; where several
        share its top, the one that has most of it.
        """
        best: dict[str, tuple[int, Distribution]] = {}
        for module in modules:
            for distribution, files in self._by_top.get(module.partition(".")[0], ()):
                depth = _depth(module, files)
                if depth > best.get(module, (0, None))[0]:
                    best[module] = (depth, distribution)
        return {module: found for module, (_, found) in best.items()}

    def version(self, name: str) -> str | None:
        wanted = canonical(name)
        found = (one.version for one, _ in self._all if canonical(one.name) == wanted)
        return next(found, None)


def _distributions(paths: Collection[str]) -> Iterator[tuple[Distribution, frozenset[str]]]:
    seen: set[str] = set()
    for one in metadata.distributions(path=list(paths)):
        try:
            name, version = one.metadata["Name"], one.version
            modules = frozenset(_modules(one))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # half an installation
        if name and version and canonical(name) not in seen:
            seen.add(canonical(name))
            yield Distribution(canonical(name), version), modules


def _modules(one: metadata.Distribution) -> Iterator[str]:
    """Dotted names of its modules and folders; those of the top alone where its files are not
    listed, as for what is installed to be edited.
    """
    yield from (one.read_text("top_level.txt") or "").split()
    for file in one.files or ():
        parts = file.parts
        if file.suffix in {".py", ".so", ".pyd"} and ".." not in parts:
            stem = parts[-1].partition(".")[0]
            dotted = parts[:-1] if stem == "__init__" else (*parts[:-1], stem)
            for length in range(1, len(dotted) + 1):
                yield ".".join(dotted[:length])


def _depth(module: str, modules: frozenset[str]) -> int:
    """How many of the parts of ``module`` are there."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if ".".join(parts[:length]) in modules:
            return length
    return 0
