"""A ``uv.lock`` that holds what was frozen, for juv. uv writes it; nothing is built or installed.

uv keeps the versions of a lock that is there already: so first what was frozen is locked, and then
what people wrote, with that lock beside it.
"""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from binderclip import processes
from binderclip.distributions import canonical
from binderclip.errors import Refused, ResolveError
from binderclip.exporting import lockplaces, pep723
from binderclip.exporting.model import Wanted
from binderclip.exporting.packages import Packages, gathered
from binderclip.freeze.python import failures, shield
from binderclip.requirementfiles import VARIABLE, requirement
from binderclip.requirementfiles.addresses import safe_url
from binderclip.uvtool import uv_binary, without_settings

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*==\s*(?P<version>[^\s;,*]+)", re.ASCII
)
_MOST_SHOWN = 5
_INSTEAD = "--no-frozen goes by what people wrote; --accept-loss leaves the lock out"


def wants_lock(wanted: Wanted) -> bool:
    """Was a list of packages frozen, of which people wrote one too?"""
    frozen = wanted.binder.frozen
    names = frozen.files.keys() if wanted.frozen and frozen else set()
    return "requirements.txt" in names and "requirements.txt" in wanted.binder.files


async def locked(wanted: Wanted, observe: Callable[[str], None]) -> str:
    """The lock's text. Asks the package index; runs nothing of what it finds. Raises ResolveError
    where the frozen versions cannot be locked, or come from places that the notebook does not
    name; Unreachable, RateLimited; Refused for what is not to be asked for.
    """
    frozen = gathered(wanted, "juv")
    humane = gathered(replace(wanted, frozen=False), "juv")
    observe("asking uv to lock what was frozen")
    with tempfile.TemporaryDirectory(prefix="binderclip-lock-") as folder:
        script, text, named = Path(folder) / "script.py", "", set[str]()
        for packages in (replace(frozen, python=humane.python), humane):
            header = pep723.header(packages, "juv", still=True)[0]
            named |= set(_checked(header, packages.source.name))
            text = await _lock(script, header, packages.source.name)
    _check(text, frozen)
    return lockplaces.public(text, named)


def _checked(header: str, where: str) -> Iterator[str]:
    """The addresses of the indexes and pages in it. Raises Refused for secrets, and for what leads
    to this machine: the lock goes to everybody.
    """
    lines = [line.removeprefix("#").removeprefix(" ") for line in header.splitlines()[1:-1]]
    table = tomllib.loads("\n".join(lines))
    tool = table.get("tool", {}).get("uv", {})
    for text in (*table["dependencies"], *tool.get("constraint-dependencies", [])):
        if requirement(text, where).path is not None:
            raise Refused(f"{where}: found a path, expected packages that everybody can get")
    places = [*(index["url"] for index in tool.get("index", [])), *tool.get("find-links", [])]
    for url in places:
        safe_url(url, where, ("http", "https"))
    if VARIABLE in header:
        raise Refused(f"{where}: found a variable (${{…}}), expected requirements without any")
    yield from places


async def _lock(script: Path, header: str, where: str) -> str:
    """The text of the lock of ``header``, which ``script`` is to hold."""
    run = _placed(script, header)
    argv = [
        *(uv_binary(), "lock", "--quiet", "--no-progress", "--color", "never", "--no-build"),
        *without_settings(script.parent / "settings"),
        *(*shield.settings(script.parent), "--script", str(script)),
    ]
    around = shield.environ(builds=False)
    done = await processes.output(argv, cwd=run, environ=around, run=run)
    if done.code:
        said = done.stderr.replace(f"{script.parent}/", "")
        found = failures.failure(said, where, builds=True)
        raise type(found)(
            f"uv could not lock what was frozen: {found.message}",
            hint=" ".join(filter(None, (found.hint, _INSTEAD))),
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
        if (versions := found.get(canonical(pin["name"]))) and pin["version"] not in versions
    ]
    if missing:
        raise ResolveError(
            f"uv locked other versions than were frozen, of {', '.join(missing[:_MOST_SHOWN])}",
            hint="freeze the notebook again, or leave the lock out with --accept-loss",
        )
