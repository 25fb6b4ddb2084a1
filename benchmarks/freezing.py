"""How long it takes to pin a notebook's packages with hashes, one notebook's and many's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

from places import Places
from timing import Row, side_by_side, table

REQUIREMENTS = ("numpy", "pandas", "matplotlib", "requests")
MANY = 20


def measure(places: Places, *, rounds: int) -> dict[str, list[Row]]:
    """Time both; print a table of each. The index is asked by all, through uv's or pip's cache."""
    folder = places.work / "freezing"
    folder.mkdir()
    (folder / "requirements.txt").write_text("".join(f"{name}\n" for name in REQUIREMENTS))
    for number in range(MANY):
        (folder / f"{number}.ipynb").write_text(_notebook({}))
    ours, peers = places.ours / "binderclip", places.peers
    set_ = places.command(ours, "set", folder, "--file", folder / "requirements.txt", "-q")
    set_()
    header = "".join(f'#     "{name}",\n' for name in REQUIREMENTS)
    script = f"# /// script\n# dependencies = [\n{header}# ]\n# ///"
    (folder / "juv").mkdir()
    (folder / "juv" / "nb.ipynb").write_text(_notebook({"source": script}))
    compiled = [
        *(str(peers / "uv"), "pip", "compile", "-q", "--generate-hashes", "--no-header"),
        *("-o", str(folder / "out.txt"), str(folder / "requirements.txt")),
    ]
    # A dry run asks and resolves all of it, and leaves the notebook as loose as it was.
    one = {
        "binderclip freeze": places.command(ours, "freeze", "-n", folder / "0.ipynb"),
        "uv pip compile --generate-hashes": _fresh(places, compiled),
        "juv lock": places.command(peers / "juv", "lock", folder / "juv" / "nb.ipynb"),
        "pip-compile --generate-hashes": places.command(
            *(peers / "pip-compile", "-q", "--generate-hashes", "--rebuild"),
            *("-o", folder / "pip.txt", folder / "requirements.txt"),
        ),
    }
    loop = f"for n in $(seq {MANY}); do rm -f {folder}/out.txt; {' '.join(compiled)}; done"
    many = {
        f"binderclip freeze, {MANY} notebooks": places.command(ours, "freeze", "-n", folder),
        f"uv pip compile, {MANY} times": places.command("sh", "-c", loop),
    }
    rows = {}
    for title, jobs in (("Freezing one notebook", one), (f"Freezing {MANY}", many)):
        rows[title] = side_by_side(jobs, rounds=rounds)
        table(title, rows[title], ours=next(iter(jobs)))
    shutil.rmtree(folder)
    return rows


def _fresh(places: Places, words: list[str]) -> Callable[[], float]:
    out = words[words.index("-o") + 1]
    return places.command("sh", "-c", f"rm -f {out}; {' '.join(words)}")


def _notebook(cell: dict[str, str]) -> str:
    code: dict[str, object] = {"cell_type": "code", "metadata": {}, "execution_count": None}
    cells = [{**code, "outputs": [], **cell}] if cell else []
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(content, indent=1)
