"""Starting is cheap: ``show`` of a file brings in neither Jupyter nor the network."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HEAVY = (
    "IPython",
    "asyncio",
    "filelock",
    "httpx",
    "jsonschema",
    "jupyter_client",
    "jupyter_core",
    "jupytext",
    "nbclient",
    "nbformat",
    "packaging",
    "platformdirs",
    "rattler",
    "rich",
    "shutil",
    "ssl",
    "uv",
    "yaml",
)


@pytest.mark.parametrize(
    "arguments",
    [["show"], ["show", "--json"], ["show", "--full"], ["check"], ["strip"]],
    ids=" ".join,
)
def test_nothing_heavy_is_imported(arguments: list[str], notebook: Callable[..., Path]) -> None:
    path = notebook(binder={"version": 1, "files": {"requirements.txt": ["numpy\n"]}})
    code = (
        "import json, sys\nfrom binderclip.cli import main\n"
        f"try:\n    main({[*arguments, str(path)]!r})\nexcept SystemExit as left:\n"
        "    print()\n    print(left.code)\n"
        f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *_, left, found = done.stdout.splitlines()
    assert left == "0"
    allowed = {"shutil"} if arguments == ["strip"] else set()
    assert set(json.loads(found)) <= allowed


def test_python_dash_m() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "binderclip", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("binderclip ")
