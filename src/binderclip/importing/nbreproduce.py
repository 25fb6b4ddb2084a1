"""``metadata.docker_image``: the image in which nbreproduce ran the notebook.

https://github.com/econ-ark/nbreproduce
"""

from __future__ import annotations

from collections.abc import Iterator

from binderclip.importing import containers
from binderclip.importing.model import Found, View

KEY = "docker_image"


def found(view: View) -> Iterator[Found]:
    if (value := view.get(KEY)) is not None:
        yield containers.image("nbreproduce", f"metadata.{KEY}", value)
