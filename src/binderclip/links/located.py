"""A notebook's address → the repository it lies in, the ref and the path. No network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from binderclip.addresses.launches import Pulled, opened_path
from binderclip.addresses.link import Link, parse
from binderclip.errors import SourceError
from binderclip.links.model import Nowhere, Place
from binderclip.links.remotes import on_the_web
from binderclip.spec.faults import Faults
from binderclip.spec.grammar import fits
from binderclip.spec.launch_link import read_link
from binderclip.spec.model import Reference
from binderclip.spec.places import DOI, GIST, HYDROSHARE, canonical, pinned, sound

if TYPE_CHECKING:
    from binderclip.addresses.source import Source

# Names that hardly begin a longer branch.
_WHOLE = frozenset({"HEAD", "main", "master", "develop", "dev", "gh-pages", "trunk"})
_FEW = 2


def of_source(source: Source, *, refs: Sequence[str] = ()) -> Place | Nowhere:
    """Where a notebook from the web lies: what its launch link opens, or else what its address
    tells. ``refs`` as below.
    """
    if source.launch and (opened := at_launch(source.launch)):
        return opened
    return at_address(source.address, origin=source.origin, url=source.url, refs=refs)


def at_launch(link: str) -> Place | None:
    """What a launch link opens, of whatever provider. None where it opens no notebook."""
    build, opens = read_link(link, Faults())
    try:
        opened = opened_path(dict(opens), link)
    except SourceError:
        return None
    if isinstance(opened, str):
        return Place(build.build, unquote(opened)) if build.build else None
    return _pulled(opened)


def at_address(
    address: str, *, origin: str = "", url: str | None = None, refs: Sequence[str] = ()
) -> Place | Nowhere:
    """Where the notebook at a web ``address`` lies.

    ``origin`` is what the address became, without secrets; ``url`` the file that was fetched in
    the end, which a look-up may have told. A branch may hold slashes, and then nothing in an
    address tells where it ends: ``refs`` are those that are known.
    """
    seen = [link for text in (address, url, origin) if text and (link := _parsed(text))]
    for link in seen:
        if link.parts[-1:] == ("git-pull",) and "repo" in link.params:
            pulled = opened_path({"urlpath": f"git-pull?{link.query}"}, address)
            if isinstance(pulled, Pulled) and (place := _pulled(pulled)):
                return place
        elif place := _at(link, refs):
            return _revised(place, origin)
    host = f"{seen[0].host}, which is " if seen else ""
    return Nowhere(f"comes from {host}no place for repositories that is known")


def _parsed(address: str) -> Link | None:
    try:
        return parse(address)
    except SourceError:  # a DOI, or an address of a bucket
        return None


def _pulled(pulled: Pulled) -> Place | None:
    repository = on_the_web(pulled.repository)
    if repository is None or not sound(repository := _at_ref(repository, pulled.branch)):
        return None
    return Place(repository, unquote(pulled.path))


def _revised(place: Place, origin: str) -> Place:
    """A gist's own address tells the commit; that of its raw file does not."""
    found = re.search(r"/gists/[0-9a-f]+/([0-9a-f]{40})(?:#|$)", origin)
    if found is None or place.repository.host != GIST:
        return place
    return replace(place, repository=replace(place.repository, hash=found[1]))


def _at(link: Link, refs: Sequence[str]) -> Place | None:
    parts = tuple(unquote(part) for part in link.parts)
    match link.host, *parts:
        case ("raw.githubusercontent.com", owner, name, *rest):
            return _split(f"https://github.com/{owner}/{name}", rest, refs)
        case ("gist.githubusercontent.com" | "gist.github.com", user, gist, "raw", *rest) if rest:
            return _whole(Reference(GIST, f"{user}/{gist}"), rest[-1])
        case ("zenodo.org", "records", record, "files", name):
            return _whole(Reference(DOI, f"10.5281/zenodo.{record}"), name)
        case ("www.hydroshare.org", "resource", resource, "data", "contents", *rest) if rest:
            return _whole(Reference(HYDROSHARE, f"resource/{resource}"), "/".join(rest))
        case ("huggingface.co", *_) if "resolve" in parts:
            at = parts.index("resolve")
            return _split(link.over("/".join(parts[:at])), parts[at + 1 :], refs)
    return _on_a_forge(link, parts, refs)


def _on_a_forge(link: Link, parts: tuple[str, ...], refs: Sequence[str]) -> Place | None:
    at = parts.index("-") if "-" in parts else 0
    if parts[at : at + 2] == ("-", "raw"):  # GitLab, whose projects may be in groups of groups
        return _split(link.over("/".join(parts[:at])), parts[at + 2 :], refs)
    match parts:
        case (owner, name, "raw", "branch" | "tag" | "commit", *rest) if len(rest) >= _FEW:
            return _split(link.over(f"{owner}/{name}"), rest, refs)
        case (owner, name, "raw", *rest):
            return _split(link.over(f"{owner}/{name}"), rest, refs)
    return None


def _split(repository: str, rest: Sequence[str], refs: Sequence[str]) -> Place | None:
    """``rest`` is a ref and a path in one."""
    if list(rest[:1]) == ["refs"] and rest[1:2] and rest[1] in {"heads", "tags"}:
        rest = rest[2:]
    if len(rest) < _FEW:
        return None
    whole = "/".join(rest)
    known = sorted((ref for ref in refs if whole.startswith(f"{ref}/")), key=len)
    ref = known[-1] if known else rest[0]
    path = whole[len(ref) + 1 :]
    found = on_the_web(repository)
    if found is None or not sound(found := _at_ref(found, ref)):
        return None
    notes: tuple[str, ...] = ()
    if not known and len(rest) > _FEW and ref not in _WHOLE and not fits("commit", ref):
        notes = (f"{ref!r} was taken for the branch; if its name goes on, say it with --ref",)
    return Place(found, path, notes)


def _whole(repository: Reference, path: str) -> Place | None:
    return Place(canonical(repository), path) if sound(repository) else None


def _at_ref(repository: Reference, ref: str) -> Reference:
    word, pin = pinned(re.sub(r"^refs/(?:heads|tags)/", "", ref))
    return canonical(replace(repository, ref=word, hash=pin))
