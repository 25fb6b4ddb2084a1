"""Is everything that a lock pins still to be had?"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace

from binderclip.errors import ResolveError, Unreachable
from binderclip.freeze.locking import Lockable
from binderclip.freeze.python import failures, listing
from binderclip.freeze.python.pinned import Pin, Pins, moved, parse
from binderclip.freeze.python.uvrun import Uv, workshop
from binderclip.guard import Guard
from binderclip.rees import FolderListing
from binderclip.requirementfiles import Option
from binderclip.requirementfiles.addresses import inside

_MOST_GONE = 20
_LISTED = 5


async def alive(wanted: Lockable, guard: Guard | None = None) -> str | None:
    """What is gone, in words; None if nothing is. Asks the index anew, and each repository and
    web address. Raises Unreachable, RateLimited, and Refused for what is no lock.
    """
    if wanted.previous is None:
        return None
    lock = parse(wanted.previous, "the lock")
    folder = posixpath.dirname(wanted.path)
    options = tuple(_inside(moved(option, folder), wanted) for option in lock.options)
    lock = replace(lock, options=options)
    python, platform = lock.python or wanted.python, lock.platform or wanted.platform
    async with workshop(wanted.root, python, platform, guard) as uv:
        gone = await _off_the_index(uv, lock, wanted.path)
        for pin in lock.pins.values():
            if pin.url is not None and (fault := await _off_the_web(uv, pin, wanted.path)):
                gone.append(fault)
    if not gone:
        return None
    rest = len(gone) - _LISTED
    return "; ".join(gone[:_LISTED]) + (f"; and {rest} more" if rest > 0 else "")


def _inside(option: Option, wanted: Lockable) -> Option:
    if option.name == "find-links" and option.value and "://" not in option.value:
        FolderListing(wanted.root).folder(inside(posixpath.normpath(option.value), "the lock"))
    return option


async def _off_the_index(uv: Uv, lock: Pins, what: str) -> list[str]:
    """What is gone is left out, and the rest asked for again: uv names one fault at a time."""
    left = {name: pin for name, pin in lock.pins.items() if pin.url is None}
    gone: list[str] = []
    while left and len(gone) < _MOST_GONE:
        try:
            found = await listing.hashes(uv, left.values(), lock.options, what)
        except ResolveError as error:
            named = [pin for pin in left.values() if _names(error, pin)]
            if not named:
                raise Unreachable(f"{what}: cannot be told: {error.message}") from error
            gone += [f"{pin.line} is gone from the index" for pin in named]
            left = {name: pin for name, pin in left.items() if pin not in named}
            continue
        for name, pin in left.items():
            now = found.get(name, ())
            if pin.hashes and now and set(now).isdisjoint(pin.hashes):
                gone.append(f"{pin.line}: the index has other files of it than those pinned")
        break
    return gone


def _names(error: ResolveError, pin: Pin) -> bool:
    name, version = re.escape(pin.name), re.escape(pin.version or "")
    exact = rf"(?<![\w.-]){name}={{2,3}}{version}(?!\.?[\w+-])"
    return bool(re.search(rf"{exact}|has no package '{name}'", error.message))


async def _off_the_web(uv: Uv, pin: Pin, what: str) -> str | None:
    """Asked without uv's cache, which would still have it."""
    source = uv.write("requirements.in", [pin.line])
    words = ["--no-deps", "--no-build", "--no-cache", str(source)]
    done = await uv.compile(words, builds=False, what=what)
    said = uv.cleaned(done.stderr)
    if not done.code:
        now = parse(done.stdout.decode("utf-8"), what).pins.get(pin.name)
        same = now is None or not pin.hashes or not set(now.hashes).isdisjoint(pin.hashes)
        return None if same else f"{pin.line}: has other content than when it was pinned"
    if failures.wants_build(said):
        return None  # it was fetched to find that out
    if failures.says_gone(said):
        return f"{pin.line} is gone"
    error = failures.failure(said, what, builds=True, closed=uv.guard is not None)
    if isinstance(error, ResolveError):
        raise Unreachable(f"{what}: cannot be told: {error.message}") from None
    raise error
