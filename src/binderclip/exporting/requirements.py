"""``requirements.txt``: the file as it stands, with what it includes put in."""

from __future__ import annotations

from binderclip.errors import Problem
from binderclip.exporting.model import RUNTIME, File, Format, Said, Wanted, has
from binderclip.exporting.packages import REQUIREMENTS, Packages, gathered
from binderclip.spec.shown import shown

_FORMAT: Format = "requirements"


def made(wanted: Wanted) -> Said:
    """Raises SpecError where no packages of Python are named."""
    packages = gathered(wanted, _FORMAT)
    losses = (*packages.losses, *constraints(packages, _FORMAT))
    # Pip has no word for it, and whoever installs chooses the Python first.
    said = [f"for Python {packages.python}"] if packages.python else []
    notes = (*said, *platform_note(wanted, packages.source))
    return Said(_text(wanted, packages).encode(), packages.keys, losses, notes)


def constraints(packages: Packages, to: Format) -> tuple[Problem, ...]:
    """Lines of constraints, for formats that know none."""
    return tuple(
        Problem(packages.source.key, f"the constraint {shown(line.text)}", has(to))
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
    alone = {file.name for file in included} <= {REQUIREMENTS, RUNTIME}
    if alone and packages.source.name == REQUIREMENTS:
        text = packages.source.text
        return text if text.endswith("\n") or not text else f"{text}\n"
    return "".join(f"{line.whole}\n" for line in packages.lines if not line.constraint)
