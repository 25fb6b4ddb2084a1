"""What a JupyterHub's spawner says of the image: ``JUPYTER_IMAGE_SPEC`` of KubeSpawner and
DockerSpawner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from binderclip.filling.binderhub import launched
from binderclip.filling.words import Word, word

_SPEC = "JUPYTER_IMAGE_SPEC"


def of_spawner(environ: Mapping[str, str]) -> Iterator[Word]:
    """Nothing on a BinderHub, whose images lie in a registry of its own."""
    text = environ.get(_SPEC, "").strip()
    if text and not launched(environ):
        yield word("image", _SPEC, text)
