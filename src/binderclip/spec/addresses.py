"""Addresses of repositories, as people copy them, into References and back.

``https://github.com/owner/name/tree/REF``, ``…/branch/REF``, ``…/commit/SHA``,
``…/releases/tag/T``; gists; GitLab's ``/-/tree/REF``; Gitea's ``/src/branch/REF``; plain git
URLs; DOIs and data repositories.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote, unquote

from binderclip.spec.faults import Faults
from binderclip.spec.model import Reference
from binderclip.spec.places import (
    BITBUCKET,
    CODEBERG,
    DOI,
    DOI_PATH,
    GIST,
    GITHUB,
    GITLAB,
    HEAD,
    HYDROSHARE,
    canonical,
    looks_like_dataset,
    pinned,
    sound,
    split_url,
)
from binderclip.spec.shown import has_credentials, shown

MAX_ADDRESS = 4096
"""Characters: more than a host and a path may have together."""

# What stands between a repository and a ref, longest first.
_MARKERS: tuple[tuple[str, ...], ...] = (
    ("-", "tree"),
    ("-", "commit"),
    ("-", "tags"),
    ("src", "branch"),
    ("src", "tag"),
    ("src", "commit"),
    ("releases", "tag"),
    ("tree",),
    ("branch",),
    ("commit",),
)
_BITBUCKET_MARKERS = (("src",), ("branch",), ("commits",))
_GIST_PAGES = {"archive", "forks", "raw", "revisions", "stargazers"}
# How each host writes (a ref, a commit).
_WRITTEN = {
    GIST: ("", ""),
    GITLAB: ("-/tree/", "-/commit/"),
    BITBUCKET: ("src/", "commits/"),
    CODEBERG: ("src/branch/", "src/commit/"),
}


def write_address(reference: Reference) -> str:
    """``reference`` as one URL, at its hash or else its ref."""
    place = canonical(reference)
    word = place.hash or place.ref
    if word is None or place.host in {DOI, HYDROSHARE}:
        return place.url
    of_ref, of_commit = _WRITTEN.get(place.host, ("tree/", "commit/"))
    return f"{place.url}/{of_commit if place.hash else of_ref}{quote(word, safe='/')}"


def read_address(address: str, path: str, faults: Faults) -> Reference | None:
    """What ``address`` names; None after telling ``faults`` what is wrong at ``path``."""
    if has_credentials(address):
        faults.wrong(path, address, "address")
        return None
    try:
        reference = _reference(address) if len(address) <= MAX_ADDRESS else None
    except UnicodeDecodeError:
        reference = None
    if reference and sound(reference):
        return canonical(reference)
    words = "a repository's address, such as 'https://github.com/owner/name/tree/main'"
    faults.say(path, shown(address), words, _hint(address))
    return None


def _reference(address: str) -> Reference | None:
    doi = re.sub(r"^(?:https?://(?:(?:dx|www)\.)?doi\.org/|doi:)", "", address)
    if re.fullmatch(DOI_PATH, doi):
        return Reference(DOI, doi.rstrip("/"))
    place, _, query = address.partition("?")
    found = split_url(place)
    if found is None or "#" in query:
        return None
    if query:
        return _dataset(*found, query)
    start = canonical(Reference(*found))
    return _split(start.host, start.path.split("/"))


def _dataset(host: str, path: str, query: str) -> Reference | None:
    """Queries that name a dataset: Dataverse's ``persistentId``, CKAN's ``activity_id``."""
    if doi := re.fullmatch(r"persistentId=doi:(10\.[0-9.]+/[^&]+)", unquote(query)):
        return Reference(DOI, doi[1])
    activity = re.fullmatch(r"activity_id=([A-Za-z0-9-]+)", query)
    if activity and looks_like_dataset(host, path):
        return Reference(host, f"{path}/history/{activity[1]}")
    return None


def _split(host: str, parts: list[str]) -> Reference | None:
    """A repository and the ref behind it. None where a forge has no such address."""
    if host == GIST:
        gist = _with_word(host, parts[:2], parts[2:])
        return None if parts[2:3] and parts[2] in _GIST_PAGES else gist
    forge = host in {GITHUB, BITBUCKET}
    markers = _BITBUCKET_MARKERS if host == BITBUCKET else _MARKERS
    for index in range(2 if forge or host == GITLAB else 1, len(parts)):
        length = _marked(parts[index:], markers)
        if length:
            words = parts[index + length :]
            return _with_word(host, parts[:index], words) if not forge or index == 2 else None  # noqa: PLR2004 - owner/name
    if (forge and len(parts) != 2) or (host == GITLAB and len(parts) < 2):  # noqa: PLR2004 - owner/name
        return None
    return Reference(host, "/".join(parts))


def _marked(parts: Sequence[str], markers: tuple[tuple[str, ...], ...]) -> int:
    """How many of ``parts`` are a marker with something behind it."""
    for marker in markers:
        if len(parts) > len(marker) and tuple(parts[: len(marker)]) == marker:
            return len(marker)
    return 0


def _with_word(host: str, parts: list[str], words: list[str]) -> Reference | None:
    path = "/".join(parts)
    if not words:
        return Reference(host, path)
    ref, pin = pinned(unquote("/".join(words), errors="strict"))
    reference = Reference(host, path, ref, pin)
    return replace(reference, ref=None) if _is_head(reference) else reference


def _is_head(reference: Reference) -> bool:
    return reference.ref == HEAD and not looks_like_dataset(reference.host, reference.path)


def _hint(address: str) -> str | None:
    if "/blob/" in address or "/raw/" in address:
        return "this is a file's address; a repository's has …/tree/REF"
    if re.match(r"(?:ssh://|git://|git@|git\+|file:)", address):
        return "only http and https reach it from everywhere"
    if "#" in address or "?" in address:
        return "a ref is written …/tree/REF"
    if re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", address):
        return f"did you mean '{GITHUB}/{address}'?"
    return None
