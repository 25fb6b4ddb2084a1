"""A ``uv.lock`` that holds what was frozen, for juv. uv writes it; nothing is built or installed.

uv keeps the versions of a lock that is there already: so first what was frozen is locked, and then
what people wrote, with that lock beside it.
"""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from binderclip import processes
from binderclip.addresses.masking import printable
from binderclip.errors import ResolveError, Unreachable
from binderclip.exporting import pep723
from binderclip.exporting.model import Wanted
from binderclip.exporting.packages import Packages, gathered
from binderclip.inheritance import inherited
from binderclip.uvtool import uv_binary

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*==\s*(?P<version>[^\s;,*]+)", re.ASCII
)
_MOST_SHOWN = 5


def wants_lock(wanted: Wanted) -> bool:
    """Was a list of packages frozen, of which people wrote one too?"""
    frozen = wanted.binder.frozen
    names = frozen.files.keys() if wanted.frozen and frozen else set()
    return "requirements.txt" in names and "requirements.txt" in wanted.binder.files


async def locked(wanted: Wanted, observe: Callable[[str], None]) -> str:
    """The lock's text. Asks the package index. Raises ResolveError where the frozen versions
    cannot be locked, Unreachable where the index cannot be asked.
    """
    frozen = gathered(wanted, "juv")
    humane = gathered(replace(wanted, frozen=False), "juv")
    observe("asking uv to lock what was frozen")
    with tempfile.TemporaryDirectory(prefix="binderclip-lock-") as folder:
        script, text = Path(folder) / "script.py", ""
        for packages in (replace(frozen, python=humane.python), humane):
            text = await _lock(script, pep723.header(packages, "juv")[0])
    _check(text, frozen)
    return text


async def _lock(script: Path, header: str) -> str:
    """The text of the lock of ``header``, which ``script`` is to hold."""
    run = _placed(script, header)
    argv = [uv_binary(), "lock", "--quiet", "--no-progress", "--no-build", "--script", str(script)]
    done = await processes.output(argv, cwd=run, environ=inherited(), run=run)
    if done.code:
        said = " ".join(processes.printable(done.stderr).split())
        where = Unreachable if re.search(r"error sending request|dns error", said) else ResolveError
        raise where(
            f"uv could not lock what was frozen: {printable(said)}",
            hint="--no-frozen goes by what people wrote; --accept-loss leaves the lock out",
        )
    return _made(script)


def _placed(script: Path, header: str) -> Path:
    script.write_text(header, "utf-8")
    run = script.parent / "run"
    run.mkdir(exist_ok=True)
    return run


def _made(script: Path) -> str:
    return Path(f"{script}.lock").read_text("utf-8")


def _check(text: str, frozen: Packages) -> None:
    """Raises ResolveError where the lock holds other versions than were frozen."""
    found: dict[str, set[str]] = {}
    for package in tomllib.loads(text).get("package", []):
        found.setdefault(str(package["name"]), set()).add(str(package.get("version")))
    pins = filter(None, (_PIN.match(line.text) for line in frozen.lines))
    missing = [
        f"{pin['name']}=={pin['version']}"
        for pin in pins
        if (versions := found.get(re.sub(r"[-_.]+", "-", pin["name"]).lower()))
        and pin["version"] not in versions
    ]
    if missing:
        raise ResolveError(
            f"uv locked other versions than were frozen, of {', '.join(missing[:_MOST_SHOWN])}",
            hint="freeze the notebook again, or leave the lock out with --accept-loss",
        )
