"""``project.jupyter.binder`` of a ``myst.yml``.

Source of the format: ``packages/myst-frontmatter/src/thebe/validators.ts`` of mystmd. A repository
of GitHub or of two names is ``owner/name``, any other an address; other providers take a spec.
"""

from __future__ import annotations

import json
from dataclasses import replace

from binderclip.errors import Problem, SpecError
from binderclip.exporting.model import Said, Wanted
from binderclip.spec.model import Reference
from binderclip.spec.places import GIST, GITHUB, GITLAB, HEAD, MYBINDER, canonical
from binderclip.spec.providers import provider_of

_NAMES = {"gh": "github", "gl": "gitlab", "git": "git", "gist": "gist"}


def made(wanted: Wanted) -> Said:
    """Raises SpecError where no repository is named."""
    build = wanted.binder.build
    if build is None:
        problem = Problem("binder.build", "nothing", "a repository: 'myst' names one")
        raise SpecError((problem,), hint="`binderclip set NOTEBOOK --build REPOSITORY` names one")
    host = wanted.binder.host[0] if wanted.binder.host else MYBINDER
    parts = {"url": host, **_described(build if wanted.frozen else replace(build, hash=None))}
    lines = [
        f"      {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in parts.items()
    ]
    text = "\n".join(["project:", "  jupyter:", "    binder:", *lines, ""])
    return Said(text.encode(), frozenset({"binder.host", "binder.build"}))


def _described(build: Reference) -> dict[str, str]:
    place = canonical(build)
    provider, spec = provider_of(place)
    word = place.hash or place.ref or HEAD
    if provider not in _NAMES:
        return {"provider": provider, "repo": spec}
    short = place.path.count("/") == 1 and place.host in {GITHUB, GITLAB, GIST}
    repo = place.path if short else place.url
    return {"provider": _NAMES[provider], "repo": repo, "ref": word}
