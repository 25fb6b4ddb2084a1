"""Does a lock still answer what is asked for? Told without uv and without the network."""

from __future__ import annotations

from collections.abc import Iterable

from binderclip.errors import Refused
from binderclip.freeze.locking import Lockable
from binderclip.freeze.python.asked import Asked
from binderclip.freeze.python.pinned import Pin, Pins, parse
from binderclip.freeze.python.places import applies
from binderclip.requirementfiles import Requirement


def holds(wanted: Lockable, asked: Asked) -> str | None:
    """None if so, else why not. A lock of ours says what it was made from, which is compared as
    a whole; of any, the pins are held against the requirements one by one.
    """
    if wanted.previous is None:
        return f"{wanted.path} is not pinned yet"
    try:
        lock = parse(wanted.previous, "the lock")
    except Refused as error:
        return error.message
    python, platform = lock.python or wanted.python, lock.platform or wanted.platform
    if (python, platform) != (wanted.python, wanted.platform):
        return (
            f"pinned for Python {python} on {platform}, now wanted for Python {wanted.python} on "
            f"{wanted.platform}"
        )
    if found := unanswered(wanted, lock, asked):
        return found
    if lock.inputs is not None and not asked.made(lock.inputs):
        return f"{', '.join(asked.files)} changed since it was pinned"
    return None


def unanswered(wanted: Lockable, lock: Pins, asked: Asked) -> str | None:
    """What of ``asked`` the pins of ``lock`` do not answer, in words."""
    applying = [r for r in asked.requirements if applies(r, wanted.python, wanted.platform)]
    bounds = [r for r in asked.constraints if applies(r, wanted.python, wanted.platform)]
    faults = [*_missing(lock, applying), *_out_of_bounds(lock, bounds), *_left(lock, applying)]
    shown = "; ".join(faults[:3]) + ("; …" if len(faults) > 3 else "")  # noqa: PLR2004 - enough to see
    return shown or None


def _missing(lock: Pins, requirements: Iterable[Requirement]) -> Iterable[str]:
    paths = {(one.path, one.extras, one.editable) for one in lock.paths}
    for one in requirements:
        if one.path is not None:
            if (one.path, one.extras, one.editable) not in paths:
                yield f"{one.shown} is missing"
        elif one.repository:
            if not any(pin.comes_from(one) or _unsaid(pin, one) for pin in lock.pins.values()):
                yield f"{one.shown} is missing, or pinned for another branch or tag"
        elif one.url is not None:
            if not any(pin.url == one.url for pin in lock.pins.values()):
                yield f"{one.shown} is missing, or comes from elsewhere"
        elif (pin := lock.pins.get(one.name or "")) is None:
            yield f"{one.shown} is missing"
        elif not _satisfies(pin, one):
            yield f"{pin.line} does not answer {one.line}"


def _unsaid(pin: Pin, one: Requirement) -> bool:
    """In a lock made by others, nobody says what a commit was asked for as."""
    mine, other = pin.repository, one.repository
    if mine is None or other is None or pin.ref is not None:
        return False
    exact = len(other[1]) in {40, 64} and not other[1].strip("0123456789abcdef")
    return (mine[0], mine[2]) == (other[0], other[2]) and not exact


def _out_of_bounds(lock: Pins, constraints: Iterable[Requirement]) -> Iterable[str]:
    for one in constraints:
        pin = lock.pins.get(one.name or "")
        if pin and not (pin.url == one.url if one.url else _satisfies(pin, one)):
            yield f"{pin.line} does not keep to {one.line}"


def _left(lock: Pins, requirements: Iterable[Requirement]) -> Iterable[str]:
    """Packages from paths are there only where they are asked for."""
    asked = {one.path for one in requirements}
    for one in lock.paths:
        if one.path not in asked:
            yield f"{one.shown} is no longer asked for"


def _satisfies(pin: Pin, one: Requirement) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - imported when used
    from packaging.version import InvalidVersion  # noqa: PLC0415 - imported when used

    if one.hashes and pin.hashes and not set(one.hashes) & set(pin.hashes):
        return False
    if pin.version is None:
        return not one.specifier  # what version an address brings, nobody says
    try:
        return SpecifierSet(one.specifier).contains(pin.version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False
