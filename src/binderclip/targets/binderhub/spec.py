"""What a BinderHub is asked to launch, and what it cannot."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from binderclip.addresses.masking import printable
from binderclip.environment import Environment
from binderclip.spec.model import Reference
from binderclip.spec.providers import provider_of
from binderclip.spec.shown import has_credentials

_SET_BUILD = "'binderclip set NOTEBOOK --build REPOSITORY'"
_PUBLISH = "'binderclip publish-env NOTEBOOK --to REPOSITORY'"


def refusal(env: Environment) -> str | None:
    """Why no BinderHub can launch ``env``, and what to do; None where one can."""
    if env.files:
        over = " over its repository" if env.build else ""
        return (
            f"a BinderHub builds repositories alone, and the notebook brings files of its own"
            f"{over} ({_some(env.files)}): run it with --on local, or make a repository of them "
            f"with {_PUBLISH}, and name that with --build"
        )
    if _frozen_names(env):
        return (
            "a BinderHub builds repositories as they are, and the notebook has files that were "
            f"pinned for it ({_some(_frozen_names(env))}): run it with --on local, drop them with "
            "--latest, or put them into the repository"
        )
    if env.build is None and env.image is not None:
        return (
            "a BinderHub builds repositories and takes no images, and the notebook names an image "
            f"alone: name the repository that it is built from, too, with {_SET_BUILD}, or make "
            f"one with {_PUBLISH}, and name that with --build"
        )
    if env.build is None:
        return (
            "a BinderHub builds a repository, and the notebook names none: run it with --on local, "
            f"or name one with {_SET_BUILD}"
        )
    return _unfetchable(env.build)


def remarks(env: Environment) -> tuple[str, ...]:
    """What of ``env`` is set aside, a line each."""
    said = []
    if env.image is not None:
        said.append("a BinderHub takes no images: the notebook's is set aside for its repository")
    if env.frozen and env.frozen.files:
        said.append(
            f"what was frozen is for {env.frozen.platform}, and hubs run Linux: going by the "
            "repository as it is"
        )
    return tuple(said)


def build_path(build: Reference) -> str:
    """``build/PROVIDER/SPEC``, to be put behind a hub's address."""
    provider, spec = provider_of(build)
    # Specs are quoted already where the provider wants it. A DOI is not, and may hold anything.
    return f"build/{provider}/{quote(spec, safe='/%:;()!$,=@~+')}"


def _frozen_names(env: Environment) -> tuple[str, ...]:
    """Frozen files that a hub, which runs Linux, would have to lay over the repository."""
    frozen = env.frozen
    if frozen is None or (frozen.platform and not frozen.platform.startswith("linux-")):
        return ()
    return tuple(frozen.files)


def _unfetchable(build: Reference) -> str | None:
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*(?=://)", build.host)
    if scheme is None or scheme[0].lower() not in {"http", "https"}:
        what = {"file": "a folder of this machine", "ssh": "one behind ssh"}
        kind = what.get(scheme[0].lower() if scheme else "", "no web address")
        return (
            f"a BinderHub fetches repositories over the web, and this is {kind}: run it with "
            "--on local, or publish the repository and name its https address"
        )
    if has_credentials(build.url):
        return (
            "the repository's address holds a password or token, which a hub would show to others: "
            "run it with --on local, or name a repository that everybody can read"
        )
    return None


def _some(names: Iterable[str]) -> str:
    first, *more = (printable(name, 60) for name in sorted(names))
    return f"{first} and {len(more)} more" if more else first
