"""What a notebook's code cells say, for a person who is asked whether they may run."""

from __future__ import annotations

import json
from typing import Any

from binderclip.errors import NotebookError
from binderclip.notebook import Notebook, to_ipynb


def sources(notebook: Notebook) -> tuple[str, ...]:
    """The code of each code cell, in order; formats 3 and 4.

    Raises NotebookError where the cells have another shape than the format's: nobody could say
    yes to what cannot be shown.
    """
    try:
        # Python's own json, since it takes all that Jupyter writes, NaN too.
        content = json.loads(to_ipynb(notebook).decode("utf-8-sig"))
        old = [cell for sheet in content.get("worksheets", ()) for cell in sheet["cells"]]
        cells: list[Any] = [*content.get("cells", ()), *old]
        return tuple(_code(cell) for cell in cells if cell["cell_type"] == "code")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NotebookError(
            f"{notebook.name}: its cells have not the shape of a notebook's",
            hint="`jupyter nbconvert --to notebook` may be able to mend it",
        ) from error


def _code(cell: Any) -> str:
    text = cell["source"] if "source" in cell else cell["input"]  # format 3 says input
    return text if isinstance(text, str) else "".join(text)
