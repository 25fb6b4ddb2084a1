"""``metadata.environment`` as ``conda env attach`` wrote it, and ``conda env create`` reads it.

https://github.com/conda/conda-env/blob/main/conda_env/specs/notebook.py. Google's notebooks keep
something else under the same key: see ``vertex``.
"""

from __future__ import annotations

from collections.abc import Iterator

from binderclip.importing import condafile
from binderclip.importing.model import Found, Remarks, Tool, Unusable, View, finished
from binderclip.spec.model import Binder

KEY = "environment"
GCLOUD = "gcloud"


def found(view: View) -> Iterator[Found]:
    value = view.get(KEY)
    if isinstance(value, dict) and value.get("type") != GCLOUD:
        yield of_table("conda-env", f"metadata.{KEY}", value)


def of_table(tool: Tool, where: str, value: dict[str, object]) -> Found:
    """An environment file's content as a Binder."""
    remarks = Remarks()
    if value.get("variables"):
        remarks.say("its variables are left out: they may be secrets")
    if "dependencies" not in value:
        stands = "it stands at anaconda.org, and only its name here" if "name" in value else ""
        return Unusable(tool, where, stands or "it names no dependencies")
    text = condafile.environment(
        value.get("channels"), value["dependencies"], remarks, name=value.get("name")
    )
    files = {condafile.NAME: text} if text else {}
    return finished(tool, where, Binder(files=files), remarks)
