"""How people write an image or a repository → Reference.

Image references: https://pkg.go.dev/github.com/distribution/reference (Docker's own grammar).
"""

from __future__ import annotations

import re
from typing import NoReturn

from binderclip import spec
from binderclip.errors import Problem, SpecError
from binderclip.spec.addresses import read_address
from binderclip.spec.faults import Faults
from binderclip.spec.grammar import fits
from binderclip.spec.model import Reference
from binderclip.spec.places import BITBUCKET, CODEBERG, GITHUB, GITLAB, pinned
from binderclip.spec.providers import PROVIDERS, reference_of
from binderclip.spec.shown import shown

_DOCKER_HUB = "https://docker.io"
_DOCKER_NAMES = frozenset(
    {"docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com"}
)
_IMAGE_EXPECTED = "an image like 'quay.io/pangeo/base-notebook:2026.10.01'"
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")


def image(text: str) -> Reference:
    """``[REGISTRY/]NAME[:TAG][@sha256:…]``; without a registry it is Docker Hub's.

    Raises SpecError at ``binder.image``.
    """
    scheme, rest = _scheme(text.strip())
    rest, at, digest = rest.partition("@")
    if at and not fits("digest", digest):
        _refuse("image", f"the digest {shown(digest)}", "'sha256:' and 64 lower-case hex digits")
    first, slash, path = rest.partition("/")
    if not (slash and (":" in first or "." in first or first == "localhost")):
        first, path = "docker.io", rest
    path, colon, tag = path.partition(":")
    path = _hub_path(path) if first in _DOCKER_NAMES else path.removeprefix("repository/")
    host = _DOCKER_HUB if first in _DOCKER_NAMES else f"{scheme}://{first}"
    if not fits("host", host) or not all(_COMPONENT.fullmatch(part) for part in path.split("/")):
        hint = "names of images are lower case" if path != path.lower() else None
        _refuse("image", shown(text), _IMAGE_EXPECTED, hint)
    if colon and not fits("tag", tag):
        _refuse("image", f"the tag {shown(tag)}", "up to 128 letters, digits, '_', '.' and '-'")
    return Reference(host, path, ref=tag or None, hash=digest or None)


def _scheme(text: str) -> tuple[str, str]:
    """Split off what people paste before an image: a web page's or a tool's prefix."""
    scheme, found, rest = text.partition("://")
    if not found:
        return "https", text
    if scheme not in {"docker", "oci", "http", "https"}:
        _refuse("image", shown(text), _IMAGE_EXPECTED)
    return ("http" if scheme == "http" else "https"), rest


def _hub_path(path: str) -> str:
    """Docker Hub's pages: ``r/OWNER/NAME`` and ``_/NAME``; a name of one part is the library's."""
    path = re.sub(r"^(?:r|_|layers)/", "", path)
    return path if "/" in path or not path else f"library/{path}"


_HOSTS = {
    "gh": GITHUB,
    "gl": GITLAB,
    "bb": BITBUCKET,
    "cb": CODEBERG,
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[\w.-]+", re.ASCII)
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?/.+", re.ASCII)
_SSH = re.compile(r"(?:ssh://)?[\w.-]+@(?P<host>[\w.-]+)(?::\d+/|[:/])/*(?P<path>[^:@]+)", re.ASCII)
_AT_REF = re.compile(r"(?P<address>https?://[^/@]+/[^@?#]+)@(?P<ref>[^@?#]+)")


def repository(text: str, key: str = "build") -> Reference:
    """A repository: its address as pasted from a browser or a ``git clone``; a launch link; or a
    short form: ``OWNER/NAME`` (on GitHub), ``gh:OWNER/NAME``, ``gh/OWNER/NAME/REF``. The short
    forms and plain addresses take ``@REF``.

    Raises SpecError at ``binder.<key>``.
    """
    path = f"binder.{key}"
    text = text.strip().removeprefix("git+")
    provider, _, rest = text.partition("/")
    if rest.count("/") and provider in PROVIDERS:
        return reference_of(provider, rest, path=path)
    if "://" in text and re.search(rf"/v2/(?:{'|'.join(PROVIDERS)})/", text):
        return _launched(text, key)
    if found := _SSH.fullmatch(text):
        better = f"https://{found['host']}/{found['path'].removesuffix('.git')}"
        hint = f"for this repository that may be {better!r}"
        _refuse(key, "an address for ssh", "one that starts with https:// or http://", hint)
    whole = _whole(text)
    if found := _AT_REF.fullmatch(whole):
        return _at(_read(found["address"], path), found["ref"], key)
    if re.search(r"://[^/@]+/.*@", whole):
        _refuse(key, shown(whole), "one ref after an '@', or none")
    return _read(whole, path)


def at(reference: Reference, word: str) -> Reference:
    """``reference`` at another ref; a whole commit becomes the hash."""
    ref, pin = pinned(word)
    return Reference(reference.host, reference.path, ref, pin)


def _whole(text: str) -> str:
    """Short forms in full."""
    short, colon, words = text.partition(":")
    if colon and short in _HOSTS:
        return f"{_HOSTS[short]}/{words}"
    if "://" in text:
        return text
    if _NAME.fullmatch(text.partition("@")[0]):
        return f"{GITHUB}/{text}"
    return f"https://{text}" if _DOMAIN.fullmatch(text) else text


def _read(address: str, path: str) -> Reference:
    faults = Faults()
    reference = read_address(address, path, faults)
    if reference is None:
        raise SpecError(tuple(faults.problems))
    return reference


def _at(reference: Reference, word: str, key: str) -> Reference:
    if reference.ref or reference.hash:
        _refuse(key, "two refs in one address", "one")
    return at(reference, word)


def _launched(link: str, key: str) -> Reference:
    binder = spec.read(link).binder
    if binder is None or binder.build is None:
        _refuse(key, "a launch link without a repository", "a repository's address")
    return binder.build


def _refuse(key: str, found: str, expected: str, hint: str | None = None) -> NoReturn:
    raise SpecError((Problem(f"binder.{key}", found, expected, hint),))
