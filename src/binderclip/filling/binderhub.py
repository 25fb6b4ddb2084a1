"""What a BinderHub tells the servers that it launches.

``BINDER_REQUEST`` and ``BINDER_PERSISTENT_REQUEST`` are ``v2/{provider}/{spec}``, still quoted, as
it was asked for and as it was resolved: binderhub/builder.py. The address of the person's browser
(``BINDER_CLIENT_IP``) is nobody's business: it is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from binderclip.errors import BinderclipError, Problem, SpecError
from binderclip.filling.known import believed
from binderclip.filling.words import MAX_WORD, Word, broken, repository, why
from binderclip.spec.model import Reference
from binderclip.spec.places import DOI
from binderclip.spec.providers import reference_of
from binderclip.spec.shown import shown

_HOST, _ASKED, _RESOLVED = "BINDER_LAUNCH_HOST", "BINDER_REQUEST", "BINDER_PERSISTENT_REQUEST"
_REQUEST = re.compile(r"/?v2/(?P<provider>[a-z]+)/(?P<spec>.+)", re.DOTALL)
_EXPECTED = "a request such as 'v2/gh/owner/name/ref'"


def launched(environ: Mapping[str, str]) -> bool:
    """Whether a BinderHub started this server."""
    return any(environ.get(name) for name in (_HOST, _ASKED, _RESOLVED))


def of_binderhub(environ: Mapping[str, str], known: tuple[str, ...]) -> Iterator[Word]:
    if text := environ.get(_HOST, "").strip():
        yield _host(text, known)
    asked, resolved = environ.get(_ASKED, "").strip(), environ.get(_RESOLVED, "").strip()
    if asked or resolved:
        yield _build(asked, resolved)


def _host(text: str, known: tuple[str, ...]) -> Word:
    try:
        found = believed(text, known)
    except BinderclipError as error:
        return broken("host", _HOST, f"{why(error)}; no host is filled in")
    if found is None:
        reason = f"{shown(text)} is in no list of known hubs (c.Binderclip.known_hosts), and so"
        return broken("host", _HOST, f"{reason} is not believed; no host is filled in")
    return Word("host", _HOST, (found,))


def _build(asked: str, resolved: str) -> Word:
    source = " and ".join([_ASKED] * bool(asked) + [_RESOLVED] * bool(resolved))
    try:
        wish, pin = asked and _read(asked), resolved and _read(resolved)
    except BinderclipError as error:
        return broken("build", source, f"{why(error)}; no build is filled in")
    if not (wish and pin):
        found = wish or pin
        return Word("build", source, found[1] if found else None)
    both = _together(wish, pin)
    if both is None:
        reason = f"{shown(asked)} and {shown(resolved)} do not name one repository and commit"
        return broken("build", source, f"{reason}; no build is filled in")
    return Word("build", source, both)


def _read(request: str) -> tuple[str, Reference]:
    """The provider and the repository. Raises SpecError."""
    found = _REQUEST.fullmatch(request) if len(request) <= MAX_WORD else None
    if found is None:
        raise SpecError((Problem("binder.build", shown(request), _EXPECTED),))
    return found["provider"], repository(reference_of(found["provider"], found["spec"]))


def _together(wish: tuple[str, Reference], pin: tuple[str, Reference]) -> Reference | None:
    """The ref of the one with the commit of the other; None where they contradict each other."""
    (provider, asked), (other, resolved) = wish, pin
    if provider != other:
        return None
    if asked.host == resolved.host == DOI:
        # A DOI of all versions is resolved to that of the newest; both are of one registrant.
        one, another = (place.path.partition("/")[0] for place in (asked, resolved))
        return resolved if one == another else None
    if _name(asked) != _name(resolved):
        return None
    if asked.hash and resolved.hash not in {None, asked.hash}:
        return None
    return replace(asked, hash=resolved.hash or asked.hash)


def _name(place: Reference) -> str:
    """Both come from one request, so that case and ``.git`` make no difference."""
    return place.url.removesuffix(".git").lower()
