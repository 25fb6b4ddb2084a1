"""The rows of the contract suite: a file in ``cases/`` each.

``cases/<name>.py`` has a fixture ``case_<name>`` that gives a ``Case`` (see ``case.py``), and
whatever fixtures that needs, imported ones too. ``MARKS`` in it, a tuple, marks all its tests.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from tests.targets.case import Case

_ROWS = {
    path.stem: importlib.import_module(f"tests.targets.cases.{path.stem}")
    for path in sorted((Path(__file__).parent / "cases").glob("*.py"))
}
# pytest finds fixtures among the names of a conftest.
for _row in _ROWS.values():
    globals().update({k: v for k, v in vars(_row).items() if not k.startswith("__")})


@pytest.fixture(
    params=[pytest.param(name, marks=getattr(row, "MARKS", ())) for name, row in _ROWS.items()]
)
def case(request: pytest.FixtureRequest) -> Case:
    found = request.getfixturevalue(f"case_{request.param}")
    assert isinstance(found, Case)
    return found


@pytest.fixture(autouse=True)
def _loopback_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of whoever runs the tests stands before their own servers."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
