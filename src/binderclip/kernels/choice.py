"""Which of an environment's kernels runs a notebook, here or on a server.

The format of ``kernel.json``:
https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from binderclip.errors import Refused
from binderclip.session import Runtime

InterruptMode = Literal["signal", "message"]

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_PYTHON = re.compile(r"python(?:\d+(?:\.\d+)?)?")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class KernelChoice:
    """A kernel that can be started: ``argv`` still holds ``{connection_file}``; ``env`` is what
    it adds to the session's variables.
    """

    name: str
    argv: tuple[str, ...]
    language: str
    interrupt_mode: InterruptMode = "signal"
    env: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def ipython(self) -> bool:
        """True for ipykernel, whose options and habits are known."""
        return any(word in {"ipykernel", "ipykernel_launcher"} for word in self.argv)


def choose(
    runtime: Runtime, *, wanted: str | None, notebook_metadata: Mapping[str, Any]
) -> KernelChoice:
    """``fitting`` of those that are installed in the runtime's environment."""
    return fitting(_installed(runtime), wanted=wanted, notebook_metadata=notebook_metadata)


def fitting(
    found: Mapping[str, KernelChoice],
    *,
    wanted: str | None,
    notebook_metadata: Mapping[str, Any],
    place: str = "the environment",
) -> KernelChoice:
    """The kernel ``wanted``; else the one that the notebook names; else, since old notebooks name
    kernels of other machines ("conda-env-x-py"), the one of ``place`` for the same language.

    ``found`` has the kernels by their names in lower case. Raises Refused where none fits.
    """
    if wanted is not None:
        if (chosen := found.get(wanted.lower())) is None:
            raise _no_such_kernel(wanted, found, place)
        return chosen
    spec = _mapping(notebook_metadata.get("kernelspec"))
    name = spec.get("name")
    if isinstance(name, str) and name.lower() in found:
        return found[name.lower()]
    language = _language(notebook_metadata, spec)
    same = [kernel for kernel in found.values() if kernel.language == language]
    if language == "python" and "python3" in found:
        return found["python3"]
    if len(same) == 1:
        return same[0]
    raise _nothing_fits(language, same, found, place)


def specs(runtime: Runtime) -> dict[Path, dict[str, Any]]:
    """The environment's kernel specs by their folders, ready to be started from anywhere: the
    command is the environment's own, its places filled in. What cannot be read is not there.
    """
    folder = runtime.prefix / "share" / "jupyter" / "kernels"
    found = {}
    for path in sorted(folder.glob("*/kernel.json")):
        if _NAME.fullmatch(path.parent.name) and (spec := _spec(path, runtime)):
            found[path.parent] = spec
    return found


def _spec(path: Path, runtime: Runtime) -> dict[str, Any] | None:
    try:
        spec = dict(_mapping(msgspec.json.decode(path.read_bytes())))
    except (OSError, msgspec.DecodeError):
        return None
    argv = spec.get("argv")
    if not isinstance(argv, list) or not argv or not all(isinstance(w, str) for w in argv):
        return None
    if _PYTHON.fullmatch(argv[0]):
        argv[0] = str(runtime.python)
    places = {"{prefix}": str(runtime.prefix), "{resource_dir}": str(path.parent)}
    for place, value in places.items():
        argv = [word.replace(place, value) for word in argv]
    return {**spec, "argv": argv}


def _installed(runtime: Runtime) -> dict[str, KernelChoice]:
    """By name in lower case, as Jupyter has them."""
    kernels = {}
    for folder, spec in specs(runtime).items():
        message = str(spec.get("interrupt_mode", "")).lower() == "message"
        env = {
            name: string.Template(value).safe_substitute(runtime.environ)
            for name, value in _mapping(spec.get("env")).items()
            if isinstance(value, str)
        }
        kernels[folder.name.lower()] = KernelChoice(
            name=folder.name.lower(),
            argv=tuple(spec["argv"]),
            language=str(spec.get("language", "")).lower(),
            interrupt_mode="message" if message else "signal",
            env=env,
        )
    return kernels


def _language(metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    """What the notebook is written in, in lower case; Python where nothing says otherwise."""
    for value in (spec.get("language"), _mapping(metadata.get("language_info")).get("name")):
        if isinstance(value, str) and value:
            return "python" if value.lower() == "ipython" else value.lower()
    name = spec.get("name")
    known = isinstance(name, str) and name and not re.search(r"py|^conda-|env", name, re.IGNORECASE)
    return str(name).lower() if known else "python"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _no_such_kernel(wanted: str, found: Mapping[str, KernelChoice], place: str) -> Refused:
    from difflib import get_close_matches  # noqa: PLC0415 - for this message alone

    near = get_close_matches(wanted.lower(), found, 1, 0.6)
    meant = f"Did you mean {near[0]!r}?" if near else "--kernel takes one of the names above."
    return Refused(
        f"{place} has no kernel {wanted[:_SHOWN]!r}; {_listed(found)}",
        hint=meant if found else "add ipykernel to what the environment installs",
    )


def _nothing_fits(
    language: str, same: list[KernelChoice], found: Mapping[str, KernelChoice], place: str
) -> Refused:
    if same:
        return Refused(
            f"{place} has several kernels for {language}: "
            f"{', '.join(kernel.name for kernel in same)}",
            hint="say which one with --kernel",
        )
    shown = "Python" if language == "python" else repr(language[:_SHOWN])
    return Refused(
        f"the notebook is written in {shown}, and {place} has no kernel for that; {_listed(found)}",
        hint="add ipykernel to what the environment installs"
        if language == "python"
        else "name an environment that has its kernel, or another kernel with --kernel",
    )


def _listed(found: Mapping[str, KernelChoice]) -> str:
    return f"it has: {', '.join(found)}" if found else "it has no kernel at all"
