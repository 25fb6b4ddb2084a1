"""Where a repository is: one form for the many ways to write the same place."""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from binderclip.spec.grammar import fits
from binderclip.spec.model import Reference

GITHUB = "https://github.com"
GIST = "https://gist.github.com"
GITLAB = "https://gitlab.com"
BITBUCKET = "https://bitbucket.org"
CODEBERG = "https://codeberg.org"
DOI = "https://doi.org"
HYDROSHARE = "https://www.hydroshare.org"
FORGES = frozenset({GITHUB, GIST, GITLAB, BITBUCKET, CODEBERG})
"""Hosts that serve ``owner/name`` and ``owner/name.git`` alike."""
ALIASES = {
    "https://www.github.com": GITHUB,
    "https://www.gitlab.com": GITLAB,
    "http://doi.org": DOI,
    "http://dx.doi.org": DOI,
    "https://dx.doi.org": DOI,
    "https://www.doi.org": DOI,
    "http://www.hydroshare.org": HYDROSHARE,
    "https://hydroshare.org": HYDROSHARE,
}
MYBINDER = "https://mybinder.org"
"""The public BinderHub: where nobody names one, links lead there."""
HEAD = "HEAD"
DEFAULT_REFS = MappingProxyType({"image": "latest", "build": HEAD, "config": HEAD, "content": HEAD})
"""The references of a Binder, and what is meant where one names no ref."""

AnyReference = TypeVar("AnyReference", bound=Reference)

DOI_PATH = r"10\.[0-9.]+/.+"
RESOURCE_PATH = r"resource/([0-9a-f]{32})"


def canonical(reference: AnyReference) -> AnyReference:
    """The same repository in one form: the host without a path, a forge's ``.git`` dropped, a
    Zenodo record by its DOI, the ref ``HEAD`` left out, a whole commit as the hash.
    """
    host, path = _place(reference)
    if host in FORGES:
        path = path.removesuffix(".git")
    elif host in {"https://zenodo.org", "https://www.zenodo.org"}:
        record = re.fullmatch(r"(?:records?/([0-9]+)|doi/(10\..+))", path)
        if record:
            host, path = DOI, record[2] or f"10.5281/zenodo.{record[1]}"
    if host == DOI and (resource := re.fullmatch(r"10\.4211/hs\.([0-9a-f]{32})", path)):
        host, path = HYDROSHARE, f"resource/{resource[1]}"
    ref, pin = pinned(reference.ref) if reference.hash is None else (reference.ref, reference.hash)
    if ref == HEAD and not looks_like_dataset(host, path):
        ref = None
    return replace(reference, host=host, path=path, ref=ref, hash=pin)


def pinned(word: str | None) -> tuple[str | None, str | None]:
    """``word`` as (ref, hash): a whole commit is a hash."""
    return (None, word) if word and fits("commit", word) else (word, None)


def sound(reference: Reference) -> bool:
    """Whether a repository that was taken apart from an address is well-formed."""
    return (
        fits("host", reference.host)
        and fits("path", reference.path)
        and (reference.ref is None or fits("ref", reference.ref))
    )


def looks_like_dataset(host: str, path: str) -> bool:
    """True for ``…/dataset/NAME``, as CKAN portals have it.

    A git host may have such a path too. CKAN's has no ref: so a git repository there keeps its
    ref, even ``HEAD``, and is told apart by it.
    """
    if host in FORGES or path.endswith(".git"):
        return False
    return re.search(r"(?:^|/)dataset/[^/]+", path) is not None


def split_url(url: str) -> tuple[str, str] | None:
    """``(host, path)`` of an http(s) URL that has both and no fragment; a query stays."""
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    path = path.strip("/")
    if scheme not in {"http", "https"} or not path or "#" in url or "?" in authority:
        return None
    return f"{scheme}://{authority}", path


def _place(reference: Reference) -> tuple[str, str]:
    host, path = split_url(reference.url) or (reference.host, reference.path)
    host = host.lower()
    return ALIASES.get(host, host), path
