"""nbclient's own notebooks give here what they give there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.execute.conftest import Run

from binderclip.errors import CellFailed, KernelDied

LEFT_OUT = {
    "Inline Image.ipynb": "needs a picture beside it",
    "Parallel Execute A.ipynb": "waits for its other half",
    "Parallel Execute B.ipynb": "waits for its other half",
    "Interrupt.ipynb": "interrupts itself",
    "Autokill.ipynb": "kills itself",
}
# These give the time, or attributes in another order.
RUNS = ["Sleep1s.ipynb", "SVG.ipynb", "Other Comms.ipynb", "JupyterWidgets.ipynb", "Output.ipynb"]
SAME = [
    "Check History in Memory.ipynb",
    "Clear Output.ipynb",
    "Empty Cell.ipynb",
    "Factorials.ipynb",
    "HelloWorld.ipynb",
    "Skip Exceptions with Cell Tags.ipynb",
    "Skip Execution with Cell Tag.ipynb",
    "Unicode.ipynb",
    "UnicodePy3.ipynb",
    "update-display-id.ipynb",
]


def substance(cell: dict[str, Any]) -> list[Any]:
    """A cell's outputs without what differs from one Python to the next."""
    return [
        {
            key: "".join(value) if key == "text" else value
            for key, value in output.items()
            if key not in {"traceback", "execution_count", "metadata"}
        }
        if output["output_type"] != "display_data"
        else {k: re.sub(r"0x\w+", "0x", str(v)) for k, v in output["data"].items()}
        for output in cell.get("outputs", [])
    ]


@pytest.mark.parametrize("name", SAME)
def test_outputs_are_the_same_in_substance(run: Run, corpus: Path, name: str) -> None:
    path = corpus / "nbclient" / name
    before = json.loads(path.read_bytes())
    ran = run(path.read_bytes(), name, cwd=corpus / "nbclient")
    assert ran.error is None
    assert [substance(cell) for cell in ran.cells] == [substance(cell) for cell in before["cells"]]


@pytest.mark.parametrize("name", RUNS)
def test_it_runs_and_gives_outputs_of_the_same_kinds(run: Run, corpus: Path, name: str) -> None:
    path = corpus / "nbclient" / name
    before = json.loads(path.read_bytes())
    # One of them has a kernelspec without names, which the format does not allow.
    before["metadata"].pop("kernelspec", None)
    ran = run(json.dumps(before).encode(), name)
    assert ran.error is None
    if name != "Sleep1s.ipynb":
        assert [kinds(cell) for cell in ran.cells] == [kinds(cell) for cell in before["cells"]]


def kinds(cell: dict[str, Any]) -> list[Any]:
    """A widget was a display_data in older versions, and is a result now."""
    return [
        (
            output["output_type"].replace("execute_result", "display_data"),
            sorted(output.get("data", {})),
        )
        for output in cell.get("outputs", [])
    ]


def test_widgets_are_kept_as_nbclient_keeps_them(run: Run, corpus: Path) -> None:
    ran = run((corpus / "nbclient" / "JupyterWidgets.ipynb").read_bytes())
    (state,) = ran.content["metadata"]["widgets"].values()
    assert {model["model_name"] for model in state["state"].values()} >= {"LayoutModel"}
    assert state["version_major"] == 2


def test_every_notebook_is_looked_at(corpus: Path) -> None:
    named = {*SAME, *LEFT_OUT, *RUNS, "Error.ipynb", "Skip Exceptions.ipynb", "Disable Stdin.ipynb"}
    assert named == {path.name for path in (corpus / "nbclient").glob("*.ipynb")}


def test_a_kernel_that_kills_itself(run: Run, corpus: Path) -> None:
    ran = run((corpus / "nbclient" / "Autokill.ipynb").read_bytes())
    assert isinstance(ran.error, KernelDied)


@pytest.mark.parametrize("name", ["Error.ipynb", "Skip Exceptions.ipynb", "Disable Stdin.ipynb"])
def test_errors_stop_it_or_are_allowed(run: Run, corpus: Path, name: str) -> None:
    data = (corpus / "nbclient" / name).read_bytes()
    assert isinstance(run(data).error, CellFailed)
    assert run(data, allow_errors=True).error is None
