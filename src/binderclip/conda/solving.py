"""From match specs to exact packages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from binderclip.conda import channels, index, specs, virtual
from binderclip.conda.channels import Naming
from binderclip.conda.index import Index, Sources
from binderclip.conda.model import CondaFile, Pinned, Solution
from binderclip.conda.rattle import available, explained, translated
from binderclip.errors import ResolveError

if TYPE_CHECKING:
    from rattler import MatchSpec, RepoDataRecord

_PYTHONS = frozenset({"python", "python_abi"})
_NO_PIP = re.compile(r"No candidates were found for pip \*")
_LIMIT = timedelta(minutes=5)


async def solve(
    file: CondaFile,
    *,
    platform: str,
    cache: Path,
    offline: bool = False,
    preferred: Sequence[Pinned] = (),
    extra_specs: Sequence[str] = (),
    here: bool = True,
    public: bool = False,
    observe: Callable[[str], None] | None = None,
) -> Solution:
    """Which packages make the environment of ``file`` on ``platform`` ("linux-64").

    ``preferred`` stay as they are where they still answer. ``extra_specs`` are asked for besides.
    ``here``: for this machine, with what it has (its libc, its GPU), if ``platform`` is its own;
    otherwise for any machine of the platform that is no older than repo2docker's image.
    ``offline``: from what ``cache`` knows of the channels. ``public`` as ``index.opened`` has it;
    the person's names for channels are the caller's to hide then. ``observe`` gets lines for
    people. Raises Refused, ResolveError, Unreachable, ConfigError.
    """
    available()
    naming = channels.naming()
    sources = Sources.of(file, naming)
    asked = tuple(dict.fromkeys((*file.specs, *extra_specs)))
    if observe:
        places = ", ".join(map(channels.shown, dict.fromkeys(sources.named.values())))
        observe(f"solving {len(asked)} package{'s'[: len(asked) != 1]} from {places}")
    manner: index.Manner = "kept" if offline else "fresh"
    with translated(file.where):
        indexes = await index.opened(
            sources, platform=platform, cache=cache, manner=manner, public=public
        )
        wanted = [await _wanted(file, spec, naming, indexes) for spec in asked]
        locked = await indexes.same(preferred) if preferred else []
        records = await _solved(file, wanted, locked, indexes, platform=platform, here=here)
    pinned = sorted(map(indexes.pinned, records), key=lambda one: one.name)
    of_python = frozenset(one.name.normalized for one in records if _of_python(one))
    return Solution(platform, tuple(records), tuple(pinned), of_python)


def _of_python(record: RepoDataRecord) -> bool:
    return any(specs.name_of(one) in _PYTHONS for one in record.depends)


async def _solved(
    file: CondaFile,
    wanted: Sequence[MatchSpec],
    locked: Sequence[RepoDataRecord],
    indexes: Index,
    *,
    platform: str,
    here: bool,
) -> list[RepoDataRecord]:
    import rattler  # noqa: PLC0415 - an extra, and slow to import

    try:
        return await rattler.solve(
            indexes.places,
            wanted,
            gateway=indexes.gateway,
            platforms=indexes.platforms,
            locked_packages=locked,
            virtual_packages=virtual.provided(platform, here=here),
            timeout=_LIMIT,
            channel_relations="disabled",
        )
    except rattler.exceptions.SolverError as error:
        await _check_replaced(file, wanted, indexes)
        raise _unsolved(file, str(error), indexes.sources) from error


def _unsolved(file: CondaFile, text: str, sources: Sources) -> ResolveError:
    places = ", ".join(map(channels.shown, dict.fromkeys(sources.named.values())))
    if file.pip and _NO_PIP.search(text):
        return ResolveError(
            f"{file.where}: its pip: list needs the package pip, which no channel has that was "
            f"asked ({places})",
            hint="add a channel that has pip, such as conda-forge; or do without the pip: list",
        )
    hint = f"the channels that were asked: {places}" if "No candidates" in text else None
    return ResolveError(
        f"{file.where}: its packages do not go together. {explained(text)}", hint=hint
    )


async def _wanted(file: CondaFile, spec: str, naming: Naming, indexes: Index) -> MatchSpec:
    """A match spec with the address of its channel; of a channel with several addresses, the
    first that has such a package.
    """
    one = specs.split(spec)
    urls = naming.urls(one.channel) if one.channel else ()
    url = urls[0] if urls else None
    if len(urls) > 1:
        bare = specs.parsed(file.where, one.text())
        offers = await indexes.offered([bare], urls)
        fitting = (record.channel for record in offers if bare.matches(record))
        url = next(filter(None, fitting), url)
    return specs.parsed(file.where, one.text(channel=url))


async def _check_replaced(file: CondaFile, wanted: Sequence[MatchSpec], indexes: Index) -> None:
    """Raises ResolveError where a channel offers another file under the name of one that is stated
    with its hash.
    """
    hashed = [spec for spec in wanted if spec.sha256 or spec.md5]
    names = [str(spec.name.normalized) for spec in hashed]
    records = await indexes.offered(names) if names else []
    for spec, name in zip(hashed, names, strict=True):
        if any(spec.matches(record) for record in records):
            continue
        bare = specs.parsed(file.where, f"{name} {spec.version or '*'} {spec.build or '*'}")
        other = next((indexes.pinned(one) for one in records if bare.matches(one)), None)
        if other:
            raise ResolveError(
                f"{file.where}: {name} {other.version} {other.build} is another file now in the "
                f"channel {channels.shown(other.channel)} than the one that is stated",
                hint="if that is expected, freeze again; otherwise ask the channel's owner",
            )
