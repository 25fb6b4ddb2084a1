"""What several kinds of links need to know of what was asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from binderclip.environment import Environment
from binderclip.errors import Problem, Refused, SpecError
from binderclip.links.model import Asked, Nowhere, Place
from binderclip.spec.model import Binder, Reference

_SHOWN_FILES = 3


def names_environment(asked: Asked) -> bool:
    return asked.binder is not None and not Environment.of(asked.binder).bare


def to_build(asked: Asked) -> Reference:
    """The repository that a BinderHub is to build. Raises Refused where a link cannot say it."""
    binder = asked.binder or Binder()
    if binder.files:
        names = ", ".join([*binder.files][:_SHOWN_FILES])
        more = ", …" if len(binder.files) > _SHOWN_FILES else ""
        raise Refused(
            f"the notebook carries files of its environment itself ({names}{more}), and a link can "
            "name a repository alone",
            hint="`binderclip publish-env` makes a repository of them and prints the links; "
            "`binderclip run` takes the notebook as it is",
        )
    if binder.build:
        return thawed(binder.build, asked)
    if binder.image:
        raise Refused(
            "the notebook names an image alone, and a BinderHub builds repositories",
            hint="`binderclip publish-env` makes a repository of it and prints the links; or name "
            "with --hub a JupyterHub that has the image",
        )
    raise Refused(
        "the notebook names no environment",
        hint="name a repository with `binderclip set --build`",
    )


def thawed(reference: Reference, asked: Asked) -> Reference:
    return replace(reference, hash=None) if asked.latest and reference.hash else reference


def lying(asked: Asked) -> Place:
    if isinstance(asked.place, Nowhere):
        raise Refused(
            f"the notebook {asked.place.why}",
            hint="push it to a repository, or say with --repo and --path where it is",
        )
    return asked.place


def path_there(text: str, key: str) -> str:
    """A notebook's path in a repository, as somebody typed it for ``key``. Raises SpecError."""
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.name or not text.isprintable():
        raise SpecError((Problem(key, ascii(text), "the notebook's path in its repository"),))
    return str(path)


def name(url: str) -> str:
    return url.partition("://")[2].rstrip("/")
