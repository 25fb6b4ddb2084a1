"""What uv found, held against what was pinned before and what the file itself states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from binderclip.errors import ResolveError
from binderclip.freeze.python import listing
from binderclip.freeze.python.pinned import Pin, Pins
from binderclip.freeze.python.uvrun import Uv
from binderclip.requirementfiles import Option, Requirement


def as_before(one: Requirement, kept: Mapping[str, Pin]) -> Requirement:
    """A branch stays at the commit that it was pinned to."""
    for pin in kept.values():
        if pin.comes_from(one):
            return replace(one, url=pin.url)
    return one


def with_refs(pins: Iterable[Pin], requirements: Sequence[Requirement]) -> Iterator[Pin]:
    """With the refs that commits were asked for as."""
    refs: dict[tuple[str, str], str] = {}
    for one in requirements:
        if one.repository:
            base, ref, fragment = one.repository
            refs[base, fragment] = ref
    for pin in pins:
        if place := pin.repository:
            ref = refs.get((place[0], place[2]), place[1])
            yield replace(pin, ref=ref if ref != place[1] else None)
        else:
            yield pin


def as_stated(found: Pins, requirements: Sequence[Requirement], what: str) -> Pins:
    """Where the file itself says which hashes it takes, no others count."""
    stated: dict[str, set[str]] = {}
    for one in requirements:
        if one.hashes:
            stated.setdefault(one.path or one.name or "", set()).update(one.hashes)

    def left(name: str, hashes: tuple[str, ...]) -> tuple[str, ...]:
        own = stated.get(name)
        kept = tuple(h for h in hashes if own is None or h in own)
        if hashes and not kept:
            raise ResolveError(
                f"{what}: {name}: none of its files has a hash that {what} states",
                hint="the file, or the index, may have been tampered with",
            )
        return kept

    pins = {n: replace(pin, hashes=left(n, pin.hashes)) for n, pin in found.pins.items()}
    paths = tuple(replace(one, hashes=left(one.path or "", one.hashes)) for one in found.paths)
    return replace(found, pins=pins, paths=paths)


async def that_fit(uv: Uv, found: Pins, options: Sequence[Option], what: str) -> Pins:
    """With the hashes of those files alone that install there: uv names those of every platform,
    which may be hundreds.
    """
    indexed = [pin for pin in found.pins.values() if pin.url is None]
    if not indexed:
        return found
    known = await listing.hashes(uv, indexed, options, what, refresh=False)
    fitting = {pin.name: [h for h in pin.hashes if h in known.get(pin.name, ())] for pin in indexed}
    pins = {
        name: replace(pin, hashes=tuple(fitting.get(name, ())) or pin.hashes)
        for name, pin in found.pins.items()
    }
    return replace(found, pins=pins)


def unchanged(found: Pins, kept: Mapping[str, Pin], what: str) -> Pins:
    """A version that was pinned before keeps its hashes."""
    pins = dict(found.pins)
    for name, pin in found.pins.items():
        before = kept.get(name)
        if before is None or before.line != pin.line or not (before.hashes and pin.hashes):
            continue
        if set(before.hashes).isdisjoint(pin.hashes):
            raise ResolveError(
                f"{what}: {pin.line}: the index has other files of it than those pinned before",
                hint="binderclip freeze --upgrade takes what is there now, if you trust it",
            )
        pins[name] = replace(pin, hashes=before.hashes)
    return replace(found, pins=pins)
