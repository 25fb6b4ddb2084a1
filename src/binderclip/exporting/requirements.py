"""``requirements.txt``: the file as it stands, with what it includes put in."""

from __future__ import annotations

from binderclip.errors import Problem
from binderclip.exporting.model import File, Format, Said, Wanted
from binderclip.exporting.packages import REQUIREMENTS, Packages, gathered
from binderclip.spec.shown import shown

_FORMAT: Format = "requirements"


def made(wanted: Wanted) -> Said:
    """Raises SpecError where no packages of Python are named."""
    packages = gathered(wanted, _FORMAT)
    keys = set(packages.keys)
    runtime = wanted.files.get("runtime.txt")
    if runtime and packages.python and packages.source.name == REQUIREMENTS:
        keys.discard(runtime.key)
    text = _text(wanted, packages)
    losses = (*packages.losses, *constraints(packages, _FORMAT))
    if packages.python and packages.source.name != REQUIREMENTS:
        spec = shown(f"python={packages.python}")
        path = f"{packages.source.key}.dependencies"
        losses += (Problem(path, spec, f"what '{_FORMAT}' can say"),)
    return Said(text.encode(), frozenset(keys), losses, platform_note(wanted, packages.source))


def constraints(packages: Packages, to: str) -> tuple[Problem, ...]:
    """Lines of constraints, for formats that know none."""
    return tuple(
        Problem(packages.source.key, f"the constraint {shown(line.text)}", f"what '{to}' can say")
        for line in packages.lines
        if line.constraint
    )


def platform_note(wanted: Wanted, source: File) -> tuple[str, ...]:
    """What to know of a frozen file."""
    frozen = wanted.binder.frozen
    if not source.frozen or frozen is None or frozen.platform is None:
        return ()
    return (f"{source.name} was frozen for {frozen.platform}",)


def _text(wanted: Wanted, packages: Packages) -> str:
    """Its own text where it stands alone: comments and order are people's."""
    included = [file for file in wanted.files.values() if file.key in packages.keys]
    alone = {file.name for file in included} <= {REQUIREMENTS, "runtime.txt"}
    if alone and packages.source.name == REQUIREMENTS:
        text = packages.source.text
        return text if text.endswith("\n") or not text else f"{text}\n"
    return "".join(f"{line.whole}\n" for line in packages.lines if not line.constraint)
