"""Vertex AI Workbench and AI Notebooks: ``metadata.environment`` of the type ``gcloud``, whose
``uri`` is the container image that the notebook was last opened in.
"""

from __future__ import annotations

from collections.abc import Iterator

from binderclip.importing import condaenv, containers
from binderclip.importing.model import Found, View


def found(view: View) -> Iterator[Found]:
    value = view.get(condaenv.KEY)
    if isinstance(value, dict) and value.get("type") == condaenv.GCLOUD:
        yield containers.image("vertex", f"metadata.{condaenv.KEY}.uri", value.get("uri"))
