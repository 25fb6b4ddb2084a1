"""``docs/links.md`` lists what there is, and its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from binderclip.links import KINDS, UIS, opening

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "links.md").read_text("utf-8")


def rows(heading: str) -> dict[str, str]:
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([\w-]+)` \| (.*) \|$", section, re.MULTILINE))


def test_every_kind_and_page_is_there() -> None:
    assert tuple(rows("Kinds")) == KINDS
    assert tuple(rows("Pages")) == UIS


@pytest.mark.parametrize("ui", UIS)
def test_the_parameters_are_those(ui: str) -> None:
    ((name, value),) = opening(next(one for one in UIS if one == ui), "PATH").items()
    assert f"`{name}={value}`" in rows("Pages")[ui]


def test_the_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    exec(compile(code, "docs/links.md", "exec"), {})
    out = capsys.readouterr().out
    assert out.startswith(
        "https://mybinder.org/v2/gh/o/environment/main?urlpath=git-pull%3Frepo%3D"
    )
    assert "[![Launch analysis.ipynb on mybinder.org](" in out
