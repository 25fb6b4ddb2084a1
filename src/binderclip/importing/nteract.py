"""nteract: ``metadata.runt`` with ``uv``, ``conda`` or ``pixi``; before that ``metadata.uv`` and
``metadata.conda``, which count where there is no ``runt``.

https://github.com/nteract/desktop/blob/main/docs/environments.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from binderclip.importing import condafile
from binderclip.importing.model import Found, Remarks, View, finished
from binderclip.importing.pythonversion import runtime
from binderclip.importing.requirements import requirements
from binderclip.spec.model import Binder, Text, lined

_USUAL_CHANNEL = "conda-forge"


def found(view: View) -> Iterator[Found]:
    runt = view.get("runt")
    inside = "metadata.runt" if isinstance(runt, dict) else "metadata"
    tables = runt if isinstance(runt, dict) else {key: view.get(key) for key in ("uv", "conda")}
    uv, conda, pixi = (_table(tables.get(key)) for key in ("uv", "conda", "pixi"))
    if uv.get("dependencies") or uv.get("requires-python"):
        yield _of_uv(uv, f"{inside}.uv", view.python)
    for key, table in (("conda", conda), ("pixi", pixi)):
        if table.get("dependencies") or table.get("python"):
            yield _of_conda(table, f"{inside}.{key}")


def _of_uv(table: dict[str, Any], where: str, ran: str | None) -> Found:
    remarks = Remarks()
    stated = requirements(table.get("dependencies"), remarks)
    if table.get("prerelease") == "allow":
        stated.insert(0, "--pre")
    files: dict[str, Text] = {}
    if stated:
        files["requirements.txt"] = lined("".join(f"{line}\n" for line in stated))
    if (version := runtime(table.get("requires-python"), ran, remarks)) is not None:
        files["runtime.txt"] = lined(version)
    return finished("nteract", where, Binder(files=files), remarks)


def _of_conda(table: dict[str, Any], where: str) -> Found:
    remarks = Remarks()
    pip = next(
        (
            one
            for key in ("pypi_dependencies", "pypi-dependencies", "pip")
            if (one := table.get(key))
        ),
        None,
    )
    dependencies = table.get("dependencies")
    if pip and isinstance(dependencies, list):
        dependencies = [*dependencies, {"pip": pip}]
    text = condafile.environment(
        table.get("channels") or [_USUAL_CHANNEL], dependencies, remarks, python=table.get("python")
    )
    files = {condafile.NAME: text} if text else {}
    return finished("nteract", where, Binder(files=files), remarks)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
