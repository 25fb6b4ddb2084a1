"""Where the packages of a ``uv.lock`` come from: where its notebook says, or uv's default.

A mirror of the person's own is no affair of those who get the notebook.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from binderclip.errors import ResolveError
from binderclip.spec.shown import has_credentials

_DEFAULT = "https://pypi.org/simple"
_FILES = "https://files.pythonhosted.org"
# How the default index names its files, which its mirrors keep: by digests of their own.
_FILE = re.compile(r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/[\w.!+-]+")
_HINT = (
    "name the index in requirements.txt, as in --index-url ADDRESS, and freeze again; or leave the "
    "lock out with --accept-loss"
)


def public(text: str, named: Collection[str]) -> str:
    """``text``, a uv.lock, whose packages come from the indexes ``named``, from addresses, or else
    from uv's default: a mirror of that is written as what it mirrors, and the hashes hold either
    to the same files. Raises ResolveError where something comes from elsewhere.
    """
    known = {_plain(url) for url in (*named, _DEFAULT)}
    changed: dict[str, str] = {}
    for package in tomllib.loads(text).get("package", []):
        source = package.get("source", {})
        registry = source.get("registry")
        if registry is None:
            _check_other(package, source)
        elif _plain(registry) not in known:
            changed |= _instead(package, registry, named)
    for old, new in changed.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    for place in _addresses(text):
        if has_credentials(place):
            raise ResolveError("found a login in what uv locked, and a lock goes to everybody")
    return text


def _plain(url: str) -> str:
    return url.rstrip("/")


def _check_other(package: Mapping[str, Any], source: Mapping[str, Any]) -> None:
    """Scripts have no package of their own."""
    if not {"git", "url"} & source.keys():
        raise ResolveError(
            f"uv locked {package.get('name')} from this machine, where nobody else gets it",
            hint=_HINT,
        )


def _instead(package: Mapping[str, Any], registry: str, named: Collection[str]) -> dict[str, str]:
    """Old addresses to new ones."""
    files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    changed = {registry: _DEFAULT}
    for file in files:
        path = _FILE.search(urlsplit(str(file.get("url", ""))).path)
        if path is None or named or not file.get("hash"):
            raise ResolveError(
                f"uv took {package.get('name')} from an index of your own settings, which the "
                "notebook does not name",
                hint=_HINT,
            )
        changed[file["url"]] = f"{_FILES}{path[0]}"
    return changed


def _addresses(text: str) -> Iterator[str]:
    yield from re.findall(r'"((?:git\+)?[a-z]+://[^"]*)"', text)
