"""From exact packages to a folder with the environment in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from binderclip.conda.model import Solution
from binderclip.conda.rattle import available, client, subdir, translated
from binderclip.errors import BuildFailed, Unreachable


async def install(
    solution: Solution,
    prefix: Path,
    *,
    cache: Path,
    offline: bool = False,
    link_scripts: bool = False,
    observe: Callable[[str], None] | None = None,
) -> None:
    """Fetch the packages of ``solution`` into ``cache``, check their hashes, link them into
    ``prefix``. ``link_scripts``: run those that packages bring; without it a line names them.
    ``observe`` gets lines for people, in the running loop's own thread.

    Raises BuildFailed, Unreachable. Cancelled or failed, ``prefix`` is the caller's to remove.
    """
    available()
    import asyncio  # noqa: PLC0415 - reading an environment.yml needs none of it

    import rattler  # noqa: PLC0415 - an extra, and slow to import

    from binderclip.conda.counting import Counting  # noqa: PLC0415 - imports py-rattler

    packages = cache / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    if offline:
        _check_cached(solution, packages)
    await asyncio.to_thread(_check_files, solution)
    total = len(solution.records)
    # Methods that do nothing, which py-rattler's protocol has bodies for, look abstract to mypy.
    counting = Counting(observe, total) if observe else None  # type: ignore[abstract]
    with translated(prefix.name):
        await rattler.install(
            list(solution.records),
            prefix,
            cache_dir=packages,
            installed_packages=[],
            platform=subdir(solution.platform),
            execute_link_scripts=link_scripts,
            show_progress=False,
            client=client(),
            reporter=counting,
        )
    if observe and not link_scripts:
        for script in _scripts(prefix):
            observe(f"not run: {script}, a script that a package brings for its installation")


def _check_cached(solution: Solution, packages: Path) -> None:
    missing = [
        f"{one.name} {one.version}"
        for one in solution.pinned
        if not one.url.startswith("file:")
        and not (packages / f"{one.name}-{one.version}-{one.build}" / "info").is_dir()
    ]
    if missing:
        named = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if missing[5:] else "")
        raise Unreachable(
            f"offline, and not in the cache: {named}", hint="launch it once with a connection"
        )


def _check_files(solution: Solution) -> None:
    """py-rattler looks at the hash of what it downloads, and not of what lies on this machine."""
    for one in solution.pinned:
        path = Path(unquote(urlsplit(one.url).path))
        kind, stated = ("sha256", one.sha256) if one.sha256 else ("md5", one.md5)
        if not one.url.startswith("file:") or not stated or not path.is_file():
            continue
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, kind)
        if digest.hexdigest() != stated:
            raise BuildFailed(
                f"{path.name}: found another {kind} than the channel's index states",
                hint="ask the channel's owner to index it again",
            )


def _scripts(prefix: Path) -> list[str]:
    folder = prefix / "bin"
    return sorted(f"bin/{path.name}" for path in folder.glob(".*-post-link.sh"))
