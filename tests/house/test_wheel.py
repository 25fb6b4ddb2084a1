"""What a wheel brings: built from this checkout and installed as anybody would."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from binderclip import __version__
from binderclip.inheritance import inherited
from binderclip.uvtool import uv_binary

ROOT = Path(__file__).resolve().parents[2]


def _said(argv: list[str], folder: Path, environ: Mapping[str, str]) -> str:
    done = subprocess.run(
        argv, cwd=folder, env=dict(environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_installing_switches_the_extension_on(tmp_path: Path) -> None:
    uv = str(uv_binary())
    _said([uv, "build", "-q", "--wheel", "-o", str(tmp_path), str(ROOT)], tmp_path, os.environ)
    (wheel,) = tmp_path.glob("*.whl")
    venv = tmp_path / "venv"
    _said([uv, "venv", "-q", str(venv)], tmp_path, os.environ)
    install = [uv, "pip", "install", "-q", "--python", str(venv / "bin/python")]
    _said([*install, f"{wheel}[jupyter]"], tmp_path, os.environ)
    nobody = {**inherited(), "HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    listed = _said([str(venv / "bin/jupyter"), "server", "extension", "list"], tmp_path, nobody)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", listed)
    assert "binderclip enabled" in plain
    assert re.search(rf"binderclip {re.escape(__version__)} OK", plain), plain
