"""Every real notebook at hand: set and stripped byte for byte, or refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from binderclip.errors import NotebookError
from binderclip.notebook import MISSING, parse, read, save

REFUSED = {"test2.ipynb": "nbformat 2", "test3_no_metadata.ipynb": 'no "metadata"'}


def test_set_and_strip_on_disk(corpus: Path, tmp_path: Path, binder: dict[str, Any]) -> None:
    refused = {}
    paths = sorted(corpus.rglob("*.ipynb"))
    assert len(paths) > 40
    for path in paths:
        original = path.read_bytes()
        copy = tmp_path / path.name
        copy.write_bytes(original)
        try:
            file = read(copy)
            assert save(file, file.notebook.replaced(binder))
        except NotebookError as error:
            refused[path.name] = str(error)
            assert copy.read_bytes() == original
            continue
        stamped = json.loads(copy.read_bytes())
        assert stamped["metadata"].pop("binder") == binder
        assert stamped == json.loads(original)
        file = read(copy)
        assert save(file, file.notebook.replaced(MISSING))
        assert copy.read_bytes() == original
    assert refused.keys() == REFUSED.keys()
    for name, reason in REFUSED.items():
        assert reason in refused[name]


def test_cut_off_anywhere(corpus: Path) -> None:
    data = (corpus / "nbformat" / "test3.ipynb").read_bytes().rstrip()
    whole = parse(data)
    for end in range(0, len(data), 41):
        try:
            found = parse(data[:end])
        except NotebookError:
            continue
        raise AssertionError(f"{found} of {end} bytes taken for {whole}")
