"""What can run on this machine, and how to get what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import msgspec

from binderclip.folders import cache_folder, state_folder

_PATIENCE_S = 20.0
"""A tool that takes longer to tell its version counts as one that does not work."""

_ROOM_BYTES = 2_000_000_000
"""Less room than this is worth a word: a scientific environment takes 1 to 2 GB."""


@dataclass(frozen=True, slots=True)
class Check:
    """``found`` is what is there, in words; ``purpose`` what it is good for; ``remedy`` how to
    get it, None where it works. Nothing runs without what is ``essential``.
    """

    name: str
    ok: bool = field(kw_only=True)
    essential: bool = field(kw_only=True)
    found: str
    purpose: str
    remedy: str | None = None


def diagnose() -> tuple[Check, ...]:
    """Look at everything. Starts a few processes; changes nothing but for a probe file in each
    of binderclip's folders, removed at once.
    """
    checks: tuple[Callable[[], Check], ...] = (
        _python,
        _uv,
        _interpreters,
        _git,
        _jupytext,
        _rattler,
        _gateway,
        _containers,
        _cache,
        _state,
        _room,
    )
    return tuple(check() for check in checks)


def _python() -> Check:
    version = f"{platform.python_implementation()} {platform.python_version()}"
    return Check(
        "python",
        f"{version} at {sys.executable}",
        "runs binderclip itself",
        ok=True,
        essential=True,
    )


def _uv_path() -> str | None:
    from uv import find_uv_bin  # noqa: PLC0415 - not needed by whoever wants the type alone

    try:
        return find_uv_bin()
    except FileNotFoundError:
        return shutil.which("uv")


def _uv() -> Check:
    path = _uv_path()
    said = _said([path, "--version"]) if path else None
    purpose = "builds the environments"
    if said is None:
        remedy = f"{sys.executable} -m pip install --force-reinstall uv"
        return Check(
            "uv", "missing, or it does not start", purpose, remedy, ok=False, essential=True
        )
    return Check("uv", f"{said} at {path}", purpose, ok=True, essential=True)


def _interpreters() -> Check:
    purpose = "environments are made from; uv fetches others where it may"
    path = _uv_path()
    said = path and _said(
        [path, "python", "list", "--only-installed", "--no-config", "--output-format", "json"]
    )
    versions = _versions(said) if said else []
    if not versions:
        remedy = f"{path or 'uv'} python install 3.12"
        return Check(
            "interpreters", "uv finds no Python", purpose, remedy, ok=False, essential=True
        )
    return Check("interpreters", f"Python {', '.join(versions)}", purpose, ok=True, essential=True)


class _Interpreter(msgspec.Struct):
    version: str
    implementation: str


def _versions(listing: str) -> list[str]:
    """The distinct versions of CPython in uv's JSON listing, in uv's order: newest first."""
    try:
        found = msgspec.json.decode(listing, type=list[_Interpreter])
    except msgspec.MsgspecError:
        return []
    return list(dict.fromkeys(one.version for one in found if one.implementation == "cpython"))


def _git() -> Check:
    purpose = "fetches the repositories that `build`, `config` and `content` name"
    said = _said(["git", "--version"])
    if said is None:
        return Check("git", "not found", purpose, _package("git"), ok=False, essential=False)
    return Check("git", f"{said} at {shutil.which('git')}", purpose, ok=True, essential=False)


def _jupytext() -> Check:
    purpose = "reads text notebooks (.md, .py, .Rmd, …)"
    if find_spec("jupytext") is None:
        remedy = "pip install 'binderclip[text]'"
        return Check("jupytext", "not installed", purpose, remedy, ok=False, essential=False)
    from importlib.metadata import version  # noqa: PLC0415 - slow to import, seldom needed

    return Check("jupytext", f"jupytext {version('jupytext')}", purpose, ok=True, essential=False)


def _rattler() -> Check:
    purpose = "makes environments of conda packages (environment.yml)"
    if find_spec("rattler") is None:
        remedy = "pip install 'binderclip[conda]'"
        return Check("py-rattler", "not installed", purpose, remedy, ok=False, essential=False)
    from importlib.metadata import version  # noqa: PLC0415 - as above

    found = f"py-rattler {version('py-rattler')}"
    return Check("py-rattler", found, purpose, ok=True, essential=False)


def _gateway() -> Check:
    purpose = "serves notebooks to others by their addresses (binderclip serve)"
    missing = [name for name in ("starlette", "uvicorn", "fsspec") if find_spec(name) is None]
    if missing:
        remedy = "pip install 'binderclip[gateway]'"
        found = f"{' and '.join(missing)} not installed"
        return Check("gateway", found, purpose, remedy, ok=False, essential=False)
    from importlib.metadata import version  # noqa: PLC0415 - as above

    found = f"starlette {version('starlette')}, uvicorn {version('uvicorn')}"
    return Check("gateway", found, purpose, ok=True, essential=False)


def _containers() -> Check:
    purpose = "runs environments that are images; this version of binderclip does not do so yet"
    engines = {name: _said([name, "--version"]) for name in ("podman", "docker")}
    found = [f"{said} at {shutil.which(name)}" for name, said in engines.items() if said]
    if not found:
        return Check(
            "containers",
            "no podman, no docker",
            purpose,
            _package("podman"),
            ok=False,
            essential=False,
        )
    return Check("containers", "; ".join(found), purpose, ok=True, essential=False)


def _cache() -> Check:
    return _folder("cache", cache_folder(), "keeps built environments", "BINDERCLIP_CACHE")


def _state() -> Check:
    return _folder("state", state_folder(), "remembers what you trust", "BINDERCLIP_STATE")


def _folder(name: str, folder: Path, purpose: str, variable: str) -> Check:
    reason = _unwritable(folder)
    if reason is None:
        return Check(name, f"{folder} can be written", purpose, ok=True, essential=True)
    remedy = f"set {variable} to a folder that can be written"
    return Check(
        name, f"{folder} cannot be written ({reason})", purpose, remedy, ok=False, essential=True
    )


def _unwritable(folder: Path) -> str | None:
    """Why nothing can be written into ``folder``, or where it is to be made; None if it can."""
    there = _nearest(folder)
    try:
        with tempfile.TemporaryFile(dir=there):
            return None
    except OSError as error:
        return error.strerror or type(error).__name__


def _nearest(folder: Path) -> Path:
    """``folder``, or the first above it that is there."""
    return next((one for one in (folder, *folder.parents) if os.path.lexists(one)), folder)


def _room() -> Check:
    purpose = "holds the environments in the cache"
    try:
        free = shutil.disk_usage(_nearest(cache_folder())).free
    except OSError as error:
        found = f"unknown ({error.strerror})"
        return Check(
            "disk", found, purpose, "see the cache's folder above", ok=False, essential=False
        )
    found = f"{free / 1e9:.1f} GB free"
    if free < _ROOM_BYTES:
        return Check("disk", found, purpose, "binderclip cache prune", ok=False, essential=False)
    return Check("disk", found, purpose, ok=True, essential=False)


def _said(command: list[str]) -> str | None:
    """What ``command`` prints, or None where it is missing, fails or hangs."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 and done.stdout.strip() else None


def _package(name: str) -> str:
    """How this machine's own package manager installs ``name``."""
    managers = {
        "apt-get": "sudo apt-get install",
        "dnf": "sudo dnf install",
        "pacman": "sudo pacman -S",
        "zypper": "sudo zypper install",
        "apk": "sudo apk add",
        "brew": "brew install",
        "conda": "conda install -c conda-forge",
    }
    for manager, command in managers.items():
        if shutil.which(manager):
            return f"{command} {name}"
    return f"install {name} from its own site"
