"""``environment.yml``: the conda packages to install, and the lines of its ``pip:`` list.

As in repo2docker's images, an environment that names no Python gets the default one, and every
environment has pip and a kernel (SEEDS). These come from the file's own channels where they fit
what it asks for, and with uv where not: see ``condaworker``.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from binderclip.errors import Refused
from binderclip.rees import Choice
from binderclip.targets.local import requirements

if TYPE_CHECKING:
    from binderclip.conda import CondaFile

SEEDS = ("pip", "ipykernel")

_PYTHON = re.compile(r"(?:[^\s:]+::)?python(?P<rest>$|[\s=<>!~\[].*)")
_MINOR = re.compile(r"\s*+(?:={1,2}\s*+)?(?P<version>\d+\.\d+)(?![\d])")


@dataclass(frozen=True, slots=True)
class Conda:
    """``path`` of the file, and its ``text``; ``file`` is what it says. ``added``: the specs that
    are installed besides. ``python``: "3.11", or what the file asks for, such as ">=3.9";
    ``stated``: the file names a Python. ``pip_lines``: the text of the ``pip:`` list, "" for none.
    """

    path: str
    text: str
    file: CondaFile
    added: tuple[str, ...]
    python: str
    stated: bool
    pip_lines: str

    @property
    def pip_name(self) -> str:
        """What its ``pip:`` list is called: no path, so that no other file can be meant."""
        return f"{self.path} pip:"

    @property
    def command(self) -> str:
        """What is installed from which channels, as conda would be asked for it."""
        channels = [word for channel in self.file.channels for word in ("--channel", channel)]
        return shlex.join(["conda", "install", *channels, *self.file.specs, *self.added, *SEEDS])


def read(files: requirements.Notes, choice: Choice, default_python: str) -> Conda:
    """Read the file that ``choice`` fell on, and note what it includes. Raises Refused for what it
    says that cannot be honoured, and where conda environments cannot be made here.
    """
    from binderclip import conda  # noqa: PLC0415 - most environments have no such file

    conda.available()
    path = choice.trigger or ""
    text = files.note(path) or ""
    file = conda.read(text, path)
    wanted = _python(file.specs)
    return Conda(
        path=path,
        text=text,
        file=file,
        added=() if wanted is not None else (f"python={default_python}",),
        python=_shown(wanted) if wanted is not None else default_python,
        stated=wanted is not None,
        pip_lines="".join(f"{line}\n" for line in file.pip),
    )


def impossible() -> str | None:
    """Why no conda environment can be made here, if so."""
    from binderclip import conda  # noqa: PLC0415 - as above

    try:
        conda.available()
    except Refused as error:
        return f"{error.message}; {error.hint}"
    return None


def _python(specs: tuple[str, ...]) -> str | None:
    """What follows the name of the first spec for Python; None where there is none."""
    found = (_PYTHON.fullmatch(spec.strip()) for spec in specs)
    return next((match["rest"].strip() for match in found if match), None)


def _shown(wanted: str) -> str:
    minor = _MINOR.match(wanted)
    return minor["version"] if minor else wanted or "of any version"
