"""What conda packages have run when their environment is activated.

Some packages (compilers, GDAL, PROJ) bring scripts in ``etc/conda/activate.d`` that set variables.
They are code of packages that the person said yes to, and run in what the environment runs itself:
``postBuild`` and the session's commands.
https://docs.conda.io/projects/conda/en/stable/dev-guide/deep-dives/activation.html
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

_SOURCE = """\
activate() { . "$1"; }
for script in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do
  if [ -r "$script" ]; then activate "$script" >&2; fi
done
"""


def needed(prefix: Path) -> bool:
    return any(prefix.glob("etc/conda/activate.d/*.sh"))


def through(prefix: Path, argv: Sequence[str]) -> list[str]:
    """The command ``argv``, run in the activated environment."""
    if not needed(prefix):
        return list(argv)
    return [_shell(), "-c", f'{_SOURCE}exec "$@"', "activate", *argv]


def write(path: Path, start: Path | None) -> None:
    """Write the script that runs the command it gets, through ``start`` where there is one."""
    words = f"{shlex.quote(str(start))} " if start else ""
    path.write_text(f'#!{_shell()}\n{_SOURCE}exec {words}"$@"\n', "utf-8")
    path.chmod(0o755)


def _shell() -> str:
    """Packages write these for bash, though most would do with any shell."""
    return shutil.which("bash", path="/bin:/usr/bin:/usr/local/bin") or "/bin/sh"
