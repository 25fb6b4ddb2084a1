"""The environments that the benchmarks compare, each installed as its users install it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from timing import command

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Places:
    """``ours``: binderclip from this checkout. ``peers``: what people use today. ``work``: where
    notebooks and caches lie. ``env``: the environment of every process.
    """

    ours: Path
    peers: Path
    work: Path
    env: dict[str, str]

    def command(self, *argv: str | Path) -> Callable[[], float]:
        """A function that runs ``argv`` in ``work`` and returns its wall time in seconds."""
        return command(argv, cwd=self.work, env=self.env)


def prepare(folder: Path) -> Places:
    """Make both virtual environments in ``folder``, byte-compiled, as pip leaves them."""
    ours, peers, work = folder / "ours", folder / "peers", folder / "work"
    work.mkdir()
    # Byte code is written on an ordinary machine: a variable that forbids it would time imports.
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env |= {
        "BINDERCLIP_CACHE": str(work / "cache"),
        "BINDERCLIP_STATE": str(work / "state"),
        "PATH": f"{peers / 'bin'}{os.pathsep}{env['PATH']}",
    }
    for prefix, packages in (
        (ours, [str(ROOT)]),
        (
            peers,
            [
                "juv",
                "pip-tools",
                "nbstripout",
                "nbclient",
                "ipykernel",
                "jupyter-core",
                "uv",
                "cowsay==6.1",
            ],
        ),
    ):
        print(f"installing {prefix.name} …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", prefix], check=True)
        pip = [str(prefix / "bin" / "python"), "-m", "pip", "install", "-q", *packages]
        subprocess.run(pip, check=True, env=env)
    return Places(ours / "bin", peers / "bin", work, env)
