"""What running left in a notebook: how much there is, and the notebook without it."""

from __future__ import annotations

import json
from typing import Any

from binderclip.errors import NotebookError

# Of cells: when they ran, by Jupyter and by nbextensions.
_TIMES = ("execution", "ExecuteTime")


def cells_with_outputs(data: bytes) -> int:
    """Of an ``.ipynb``, formats 3 and 4. Raises NotebookError."""
    return sum(bool(cell.get("outputs")) for cell in _cells(_content(data)))


def without_outputs(data: bytes) -> bytes:
    """The ``.ipynb`` without outputs, counts and times of executions, and the state of widgets;
    laid out as Jupyter does it. Raises NotebookError.
    """
    content = _content(data)
    metadata = content.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("widgets", None)
    for cell in _cells(content):
        cell["outputs"] = []
        cell.pop("prompt_number", None)  # format 3
        if "execution_count" in cell:
            cell["execution_count"] = None
        said = cell.get("metadata")
        if isinstance(said, dict):
            for key in _TIMES:
                said.pop(key, None)
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:  # halves of surrogate pairs
        return (json.dumps(content, indent=1) + "\n").encode()


def _content(data: bytes) -> dict[str, Any]:
    try:
        # Python's own json, since it takes all that Jupyter writes, NaN too.
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotebookError("the notebook is not JSON all through") from error
    if not isinstance(content, dict):
        raise NotebookError("the notebook is no JSON object")
    return content


def _cells(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of code. Raises NotebookError."""
    try:
        old = [cell for sheet in content.get("worksheets", ()) for cell in sheet["cells"]]
        cells: list[Any] = [*content.get("cells", ()), *old]
        return [cell for cell in cells if cell["cell_type"] == "code"]
    except (LookupError, TypeError, AttributeError) as error:
        raise NotebookError(
            "the notebook's cells have not the shape of a notebook's",
            hint="`jupyter nbconvert --to notebook` may be able to mend it",
        ) from error
