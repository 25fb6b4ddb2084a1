"""``environment.yml``: the file as it stands, or made from a ``requirements.txt``.

Source of the format: https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html
"""

from __future__ import annotations

import re
from pathlib import PurePath

from binderclip.exporting.model import Format, Said, Wanted
from binderclip.exporting.packages import Packages, gathered
from binderclip.exporting.requirements import constraints, platform_note

_FORMAT: Format = "environment.yml"
_CHANNEL = "conda-forge"  # what repo2docker adds to every file


def made(wanted: Wanted) -> Said:
    """Raises SpecError where neither file is there."""
    for name in ("environment.yml", "environment.yaml"):
        if own := wanted.files.get(name):
            return Said(own.text.encode(), frozenset({own.key}), notes=platform_note(wanted, own))
    packages = gathered(wanted, _FORMAT)
    return Said(
        _written(wanted.name, packages).encode(),
        packages.keys,
        constraints(packages, _FORMAT),
        platform_note(wanted, packages.source),
    )


def _written(name: str, packages: Packages) -> str:
    import yaml  # noqa: PLC0415 - only this format writes YAML of people's lines

    pip = [line.whole for line in packages.lines if not line.constraint]
    dependencies: list[object] = [f"python={packages.python}" if packages.python else "python"]
    dependencies += ["pip", {"pip": pip}] if pip else []
    content = {"name": _named(name), "channels": [_CHANNEL], "dependencies": dependencies}
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1 << 31))


def _named(name: str) -> str:
    """A name that conda takes, from the notebook's."""
    return re.sub(r"[^\w.-]+", "-", PurePath(name).stem, flags=re.ASCII).strip("-.") or "notebook"
