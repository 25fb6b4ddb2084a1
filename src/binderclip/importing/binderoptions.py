"""A hub, a repository, a ref and a provider, as MyST, thebe and Jupyter Book name them → a Binder.

https://github.com/jupyter-book/mystmd/blob/main/packages/myst-frontmatter/src/thebe/validators.ts
and https://github.com/jupyter-book/thebe/blob/main/packages/core/src/url.ts
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from binderclip import references
from binderclip.errors import SpecError
from binderclip.importing.model import Found, Remarks, Tool, Unusable, finished, secret
from binderclip.importing.requirements import plain
from binderclip.spec.grammar import fits
from binderclip.spec.model import Binder, Reference
from binderclip.spec.places import GIST, GITHUB, GITLAB
from binderclip.spec.providers import reference_of

USUAL = "executablebooks/thebe-binder-base"
"""The repository that MyST and thebe launch where none is named."""

_FORGES = {"github": GITHUB, "gh": GITHUB, "gitlab": GITLAB, "gl": GITLAB, "gist": GIST}
_PAIR = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Options:
    """As they stand: any value may be anything."""

    hub: object = None
    repo: object = None
    ref: object = None
    provider: object = None


def binder(tool: Tool, where: str, options: Options, remarks: Remarks) -> Found:
    """What ``options`` launch; a hub that is none is left out with a remark."""
    repo = plain(options.repo)
    if repo is None:
        return Unusable(tool, where, "it names no repository")
    if secret(repo):
        return Unusable(tool, where, "its repository's address has credentials in it")
    try:
        build = _build(repo, plain(options.provider) or "github")
        ref = plain(options.ref)
        if ref and ref != "HEAD" and not (build.ref or build.hash):
            build = references.at(build, ref)
    except SpecError as error:
        problem = error.problems[0]
        return Unusable(tool, where, f"found {problem.found}, expected {problem.expected}")
    hub = host(options.hub, remarks)
    return finished(tool, where, Binder(host=(hub,) if hub else (), build=build), remarks)


def host(value: object, remarks: Remarks) -> str | None:
    """A hub's address; None, and a remark unless there is nothing, for what is none."""
    if value is None or value == "":
        return None
    text = plain(value)
    if text is not None and secret(text):
        remarks.say("the hub is left out: its address has credentials in it")
        return None
    address = (text or "").rstrip("/")
    address = address if "://" in address else f"https://{address}"
    if not fits("host", address):
        remarks.left_out("the hub", value, "it is no http(s) address")
        return None
    return address


def _build(repo: str, provider: str) -> Reference:
    forge = _FORGES.get(provider.lower())
    if forge is None and provider.lower() != "git":
        return reference_of(provider.lower(), repo)
    own = (forge or "").removeprefix("https://gist.").removeprefix("https://")
    bare = re.sub(rf"^(?:https?://)?(?:www\.)?{re.escape(own)}/", "", repo).strip("/")
    if forge is not None and "://" not in bare and (_PAIR.fullmatch(bare) or forge == GITLAB):
        return references.repository(f"{forge}/{bare}")
    return references.repository(repo)
