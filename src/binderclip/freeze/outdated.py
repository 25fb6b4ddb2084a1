"""Frozen files that were made for others than those beside them: a person edited these since."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from binderclip.errors import BinderclipError
from binderclip.freeze.locking import Lockable
from binderclip.freeze.parts import config_folder
from binderclip.platforms import this_platform
from binderclip.spec.model import Binder, joined

_REQUIREMENTS, _PYPROJECT = "requirements.txt", "pyproject.toml"
_FROZEN = (_REQUIREMENTS, "environment.yml", "environment.yaml", "Dockerfile")
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def outdated(binder: Binder) -> tuple[str, ...]:
    """``requirements.txt changed since it was frozen (six==1.17.0 does not answer six<1.17)``, a
    line for each. What the notebook alone does not tell for certain is taken to be right. Nothing
    is asked of the network, and it is quick where a lock says itself what it was made from.
    """
    pairs = tuple(_pairs(binder))
    if not pairs:
        return ()
    from binderclip.targets.local.realise import lay_over  # noqa: PLC0415 - for frozen files alone

    try:
        with TemporaryDirectory(prefix="binderclip-") as folder:
            root = Path(folder)
            lay_over(root, "", {name: joined(text) for name, text in binder.files.items()})
            told = [(own, _why(binder, root, own, pinned)) for own, pinned in pairs]
    except (OSError, BinderclipError):
        return ()
    return tuple(_told(own, why) for own, why in told if why is not None)


def _pairs(binder: Binder) -> Iterator[tuple[str, str]]:
    """The files of the notebook that have a frozen one, and its text."""
    at = config_folder(binder)
    for part in _FROZEN if binder.frozen else ():
        name = posixpath.join(at, part)
        if binder.frozen is None or name not in binder.frozen.files:
            continue
        own = name
        if part == _REQUIREMENTS and name not in binder.files and not at and binder.build is None:
            own = _PYPROJECT
        if own in binder.files:
            yield own, joined(binder.frozen.files[name])


def _told(own: str, why: str) -> str:
    return f"{own} changed since it was frozen" + (f" ({why})" if why else "")


def _why(binder: Binder, root: Path, own: str, pinned: str) -> str | None:
    """None where it holds, or nobody can tell; "" where it was changed, in nothing visible."""
    platform = (binder.frozen.platform if binder.frozen else None) or this_platform()
    wanted = Lockable(root, own, _PYTHON, platform, pinned)
    try:
        if own.endswith((_REQUIREMENTS, _PYPROJECT)):
            return _of_requirements(wanted, whole=binder.build is None)
        if own.endswith("Dockerfile"):
            return _of_dockerfile(wanted)
        return _of_conda(wanted)
    except BinderclipError:  # it names what only its repository has, or is not one of ours
        return None


def _of_requirements(wanted: Lockable, *, whole: bool) -> str | None:
    """``whole``: there is no repository, whose files would count too."""
    from binderclip.freeze.python import asked as inputs  # noqa: PLC0415 - of these files alone
    from binderclip.freeze.python.pinned import made_for, parse  # noqa: PLC0415 - as above

    python, platform, digest = made_for(wanted.previous or "")
    wanted = replace(wanted, python=python or _PYTHON, platform=platform or wanted.platform)
    asked = inputs.read(wanted, allow_builds=False)
    if digest is not None and asked.made(digest):
        return None
    if not whole and _PYPROJECT in asked.files:  # where it comes to lie, the repository tells
        return None
    from binderclip.freeze.python.holding import unanswered  # noqa: PLC0415 - where it is needed

    found = unanswered(wanted, parse(wanted.previous or "", "the lock"), asked)
    return found or ("" if whole and digest is not None else None)


def _of_conda(wanted: Lockable) -> str | None:
    from binderclip import conda  # noqa: PLC0415 - of these files alone
    from binderclip.conda import exactly  # noqa: PLC0415 - as above
    from binderclip.freeze.conda import CondaLocker, names_others  # noqa: PLC0415 - as above
    from binderclip.freeze.requirements import RequirementsLocker  # noqa: PLC0415 - as above

    file = conda.read(wanted.read(), wanted.path)
    made_for = exactly.digest_of(wanted.previous or "")
    if made_for == exactly.digest(file) and not names_others(file):
        return None
    python = conda.read(wanted.previous or "", "the frozen file").python
    locker = CondaLocker(Path(), RequirementsLocker())
    return locker.holds(replace(wanted, python=python or _PYTHON))


def _of_dockerfile(wanted: Lockable) -> str | None:
    from binderclip.freeze.dockerfile import holds  # noqa: PLC0415 - as above

    # What it says besides is that it was changed, which is told already.
    return None if holds(wanted) is None else ""
