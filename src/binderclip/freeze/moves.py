"""What is other in a frozen file than in the one before it, for people."""

from __future__ import annotations

from collections.abc import Mapping

from binderclip.errors import BinderclipError

_SHOWN = 5
_SHORT = 12


def moved(part: str, before: str, now: str, platform: str) -> str | None:
    """``six 1.16 → 1.17, numpy 2.0 → 2.1 and 3 more; 1 added``, of two frozen forms of the file
    ``part``; None where that cannot be told.
    """
    try:
        old, new = _pins(part, before, platform), _pins(part, now, platform)
    except BinderclipError:  # not every frozen text is one of ours
        return None
    steps = [
        f"{name} {_step(one, new[name])}"
        for name, one in old.items()
        if name in new and new[name] != one
    ]
    rest = len(steps) - _SHOWN
    shown = ", ".join(steps[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
    added, removed = len(new.keys() - old.keys()), len(old.keys() - new.keys())
    told = [shown, f"{added} added" if added else "", f"{removed} removed" if removed else ""]
    return "; ".join(filter(None, told)) or "the same versions"


def _step(before: tuple[str, str], now: tuple[str, str]) -> str:
    if before[0] == now[0]:
        return f"{now[0]} (other files)"
    return f"{before[0]} → {now[0]}"


def _pins(part: str, text: str, platform: str) -> Mapping[str, tuple[str, str]]:
    """By name: the version, and what tells its files from others."""
    if part == "Dockerfile":
        return _of_dockerfile(text, platform)
    if part.startswith("environment."):
        return _of_conda(text)
    return _of_requirements(text)


def _of_requirements(text: str) -> dict[str, tuple[str, str]]:
    from binderclip.freeze.python.pinned import parse  # noqa: PLC0415 - of these files alone

    found = {}
    for pin in parse(text, "the lock").pins.values():
        place = pin.repository
        version = pin.version or (place[1][:_SHORT] if place else pin.url or "")
        found[pin.name] = (version, " ".join(sorted(pin.hashes)))
    return found


def _of_conda(text: str) -> dict[str, tuple[str, str]]:
    from binderclip import conda  # noqa: PLC0415 - as above
    from binderclip.conda import exactly  # noqa: PLC0415 - as above

    file = conda.read(text, "the frozen file")
    found = {one.name: (one.version, f"{one.build} {one.sha256}") for one in exactly.pins(file)}
    lines = "".join(f"{line}\n" for line in file.pip)
    return _of_requirements(lines) | found if lines else found


def _of_dockerfile(text: str, platform: str) -> dict[str, tuple[str, str]]:
    from binderclip.dockerfile import parse  # noqa: PLC0415 - as above
    from binderclip.registries import Image  # noqa: PLC0415 - as above

    found = {}
    for one in parse(text, platform=platform):
        image = Image.parse(one.image)
        digest = (image.digest or "no digest").removeprefix("sha256:")
        found[str(image.pinned(None))] = (digest[:_SHORT], "")
    return found
