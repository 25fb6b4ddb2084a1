"""BinderHub's repository providers: a Reference as ``provider/spec``, and back.

Source of the format: ``binderhub/repoproviders.py``. A spec is as it stands in a link, that
is, percent-encoded where the provider wants it so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, TypeAlias, get_args
from urllib.parse import quote, unquote

from binderclip.errors import SpecError
from binderclip.spec.faults import Faults
from binderclip.spec.model import Reference
from binderclip.spec.places import (
    DOI,
    DOI_PATH,
    GIST,
    GITHUB,
    GITLAB,
    HEAD,
    HYDROSHARE,
    RESOURCE_PATH,
    canonical,
    looks_like_dataset,
    pinned,
    sound,
    split_url,
)
from binderclip.spec.shown import has_credentials, shown

Provider: TypeAlias = Literal[
    "gh", "gl", "git", "gist", "zenodo", "figshare", "dataverse", "hydroshare", "ckan"
]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)
GIT_PROVIDERS: frozenset[Provider] = frozenset({"gh", "gl", "git", "gist"})
"""Those whose repositories are git's; the others keep deposits."""

SPECS: dict[Provider, str] = {
    "gh": "owner/name/ref",
    "gl": "group%2Fname/ref",
    "git": "https%3A%2F%2Fgit.example.org%2Fname/ref",
    "gist": "user/id/ref",
    "zenodo": "10.5281/zenodo.3242074",
    "figshare": "10.6084/m9.figshare.9782777.v1",
    "dataverse": "10.7910/DVN/TJCLKP",
    "hydroshare": "8f7c2f0341ef4180b0dbe97f59130756",
    "ckan": "https%3A%2F%2Fdemo.ckan.org%2Fdataset%2Fname",
}
"""How each one's spec looks."""
_SYNONYMS = {"github": "gh", "gitlab": "gl", "doi": "zenodo"}


def provider_of(reference: Reference) -> tuple[Provider, str]:
    """The provider and spec that launch ``reference``, a repository.

    A hash goes before the ref; ``HEAD`` stands where neither is. A DOI does not tell who keeps
    it: ``zenodo.`` in it means zenodo, ``figshare`` figshare, anything else dataverse.
    """
    place = canonical(reference)
    host, path = place.host, place.path
    word = quote(place.hash or place.ref or HEAD, safe="/")
    pair = path.count("/") == 1
    if host == DOI and re.fullmatch(DOI_PATH, path):
        return _keeper(path), path
    if host == HYDROSHARE and (resource := re.fullmatch(RESOURCE_PATH, path)):
        return "hydroshare", resource[1]
    if host in {GITHUB, GIST} and pair:
        return "gh" if host == GITHUB else "gist", f"{path}/{word}"
    if host == GITLAB and "/" in path:
        return "gl", f"{quote(path, safe='')}/{word}"
    if place.ref is None and place.hash is None and looks_like_dataset(host, path):
        return "ckan", quote(place.url, safe="")
    return "git", f"{quote(place.url, safe='')}/{word}"


def reference_of(provider: str, spec: str, *, path: str = "binder") -> Reference:
    """What ``provider`` and ``spec``, as they stand in a link, name.

    ``path`` is where problems are said to be. Raises SpecError.
    """
    faults = Faults()
    reference = read_spec(provider, spec, path, faults)
    if reference is None:
        raise SpecError(tuple(faults.problems))
    return reference


def read_spec(provider: str, spec: str, path: str, faults: Faults) -> Reference | None:
    """As ``reference_of``, but tells ``faults`` and returns None."""
    read = _READERS.get(provider)
    if read is None:
        from binderclip.spec.nearmiss import did_you_mean  # noqa: PLC0415 - loads difflib

        near = _SYNONYMS.get(provider.lower()) or did_you_mean(provider, PROVIDERS)
        known = f"one of {', '.join(PROVIDERS)}"
        hint = f"did you mean '{near}'?" if near else None
        faults.say(path, f"the provider {shown(provider)}", known, hint)
        return None
    if has_credentials(spec):
        from binderclip.spec.explain import credentials  # noqa: PLC0415 - there is a fault to tell

        faults.problems.append(credentials(path, f"a spec such as '{_example(provider)}'"))
        return None
    try:
        reference, hint = read(spec), _hint(provider, spec)
    except UnicodeDecodeError:
        reference, hint = None, "percent-escapes stand for UTF-8"
    if reference is None or not sound(reference):
        faults.say(
            path, f"{provider}/{shown(spec)[1:-1]}", f"{provider}/{_example(provider)}", hint
        )
        return None
    return reference


def _example(provider: str) -> str:
    return next(spec for name, spec in SPECS.items() if name == provider)


def _hint(provider: str, spec: str) -> str | None:
    if provider == "gh" and spec.strip("/").count("/") == 1:
        return f"did you mean 'gh/{shown(spec.strip('/'))[1:-1]}/HEAD'?"
    if provider in {"gl", "git"} and "/" not in spec and "%2F" in spec.upper():
        return f"did you mean '{provider}/{shown(spec)[1:-1]}/HEAD'?"
    if provider == "gl" and "%2F" not in spec.partition("/")[0].upper():
        return "the group's and the project's name are one, joined by %2F"
    if provider == "git" and unquote(spec).startswith(("ssh://", "git://", "git@", "file:")):
        return "only http and https can be launched everywhere"
    return None


def _keeper(doi: str) -> Provider:
    if "zenodo." in doi.lower():
        return "zenodo"
    return "figshare" if "figshare" in doi.lower() else "dataverse"


def _with_word(host: str, path: str, quoted: str) -> Reference | None:
    """A repository at a quoted ref or commit."""
    ref, pin = pinned(unquote(quoted.rstrip("/"), errors="strict"))
    if ref == HEAD and not looks_like_dataset(host, path):
        ref = None
    return Reference(host, path, ref, pin)


def _read_gh(spec: str) -> Reference | None:
    owner, _, rest = spec.partition("/")
    name, _, word = rest.partition("/")
    return _with_word(GITHUB, f"{owner}/{name.removesuffix('.git')}", word) if word else None


def _read_gist(spec: str) -> Reference | None:
    user, _, rest = spec.partition("/")
    gist, _, word = rest.partition("/")
    return _with_word(GIST, f"{user}/{gist}", word or HEAD) if gist else None


def _read_gl(spec: str) -> Reference | None:
    quoted, _, word = spec.partition("/")
    path = unquote(quoted, errors="strict").removesuffix(".git")
    return _with_word(GITLAB, path, word) if word and "/" in path else None


def _read_git(spec: str) -> Reference | None:
    quoted, _, word = spec.partition("/")
    place = _read_url(unquote(quoted, errors="strict"))
    return _with_word(place.host, place.path, word) if place and word else None


def _read_doi(spec: str) -> Reference | None:
    doi = re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:)", "", spec).rstrip("/")
    return Reference(DOI, doi) if re.fullmatch(DOI_PATH, doi) else None


def _read_hydroshare(spec: str) -> Reference | None:
    found = re.search(r"[0-9a-f]{32}", unquote(spec))
    return Reference(HYDROSHARE, f"resource/{found[0]}") if found else None


def _read_ckan(spec: str) -> Reference | None:
    url, _, query = unquote(spec, errors="strict").partition("?")
    place = _read_url(url)
    if place is None or not looks_like_dataset(place.host, place.path):
        return None
    activity = re.fullmatch(r"activity_id=([A-Za-z0-9-]+)", query)
    if activity:
        return Reference(place.host, f"{place.path}/history/{activity[1]}")
    return None if query else place


def _read_url(url: str) -> Reference | None:
    place = split_url(url)
    return Reference(*place) if place else None


_READERS: dict[str, Callable[[str], Reference | None]] = {
    "gh": _read_gh,
    "gl": _read_gl,
    "git": _read_git,
    "gist": _read_gist,
    "zenodo": _read_doi,
    "figshare": _read_doi,
    "dataverse": _read_doi,
    "hydroshare": _read_hydroshare,
    "ckan": _read_ckan,
}
