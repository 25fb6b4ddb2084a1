"""``docs/environment-repositories.md`` says what is so."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from binderclip.environment import Environment
from binderclip.envrepo import Limits

PAGE = Path(__file__).resolve().parents[2] / "docs" / "environment-repositories.md"
TEXT = PAGE.read_text("utf-8")


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINDERCLIP_CACHE", str(tmp_path))
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    environment = Environment(files={"requirements.txt": "numpy\nmatplotlib\n"})
    commit, remarks, pack = asyncio.run(names["packed"](environment))
    assert commit == "e3ca3ba953284eb25763da9aaab5d7078638cc5c"
    assert remarks == ()
    assert pack.startswith(b"PACK")


def test_limits() -> None:
    limits = Limits()
    stated = (
        f"more than {limits.files:,} files, {limits.file_bytes >> 20} MiB in a file, "
        f"or {limits.total_bytes >> 20} MiB in all"
    )
    assert stated in TEXT
