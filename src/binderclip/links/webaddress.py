"""Where a server can fetch a notebook: an address as people paste it, or the page of the forge that
a place is on. What ``located`` reads, the other way round.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from binderclip.errors import Refused, SourceError
from binderclip.links.model import Place
from binderclip.spec.places import DOI, HEAD, HYDROSHARE, canonical

if TYPE_CHECKING:
    from binderclip.addresses.source import Source

_ZENODO = r"10\.5281/zenodo\.([0-9]+)"
_FILE_OF_GIST = r"file-[\w-]+"
_LOCAL = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


def fetchable(address: str, *, anonymous: bool = False) -> str:
    """``address`` as a web address that binderclip on any server reads; a DOI or a bucket's as
    http(s) too. A fragment stays where it says which notebook is meant.

    Raises SourceError for what leads to no notebook, for what only this machine can read, and
    where it has to be ``anonymous`` for a user or password, which no server sends for others.
    """
    source = _source(address)
    if source.kind != "url" or source.url is None:
        raise SourceError("found a file of this machine, expected an address on the web")
    if anonymous and re.match(r"\w+://[^/?#]*@", source.url):
        raise SourceError("found a user or password, expected an address without them")
    text = re.sub(r"^<(.*)>$", r"\1", address.strip()).strip()
    if not re.match(r"https?:", text, re.IGNORECASE):
        from binderclip.addresses.archives import is_doi  # noqa: PLC0415 - as in _source
        from binderclip.addresses.link import quoted  # noqa: PLC0415 - as in _source

        doi = re.sub(r"^doi:[/ ]*", "", text, flags=re.IGNORECASE)
        return f"https://doi.org/{quoted(doi)}" if is_doi(doi) else source.url
    bare, mark, _ = text.partition("#")
    return text if mark and not _alike(bare, source) else bare


def secret(url: str) -> bool:
    """Whether ``url`` holds what looks like a password, a token or a signature."""
    from binderclip.addresses.masking import identity  # noqa: PLC0415 - as in _source

    bare, _, fragment = url.partition("#")
    path, _, query = bare.partition("?")
    if fragment and not re.fullmatch(_FILE_OF_GIST, fragment):
        query += f"&{fragment}"
    query = query.replace(";", "&").strip("&")  # as identity has it
    tidy = f"{path}?{query}" if query else path
    return identity(tidy) != tidy


def private_host(url: str) -> str:
    """The host of ``url`` where it is this machine or one of a network at home, as far as the name
    tells; else empty.
    """
    from ipaddress import ip_address  # noqa: PLC0415 - as in _source

    from binderclip.addresses.link import parse  # noqa: PLC0415 - as in _source
    from binderclip.guard import is_public  # noqa: PLC0415 - as in _source

    host = parse(url).host
    try:
        near = not is_public(ip_address(host))
    except ValueError:
        near = "." not in host or host.endswith(_LOCAL)
    return host if near else ""


def file_page(place: Place) -> str:
    """The page that shows the notebook at ``place``, at its commit or else its branch; ``sources``
    and ``located`` read it. Raises Refused where the pages of single files are not known.
    """
    from binderclip.addresses.launches import in_repository  # noqa: PLC0415 - as in _source
    from binderclip.addresses.link import quoted  # noqa: PLC0415 - as in _source

    where, path = canonical(place.repository), quoted(place.path)
    if where.host == DOI and (found := re.fullmatch(_ZENODO, where.path)):
        return f"https://zenodo.org/records/{found[1]}/files/{path.replace('/', '%2F')}"
    if where.host == HYDROSHARE:
        return f"{where.url}/data/contents/{path}"
    word = where.hash or re.sub(r"^refs/(?:heads|tags)/", "", where.ref or HEAD)
    try:
        return in_repository(where.url, word, path)
    except SourceError as error:
        raise Refused(
            f"the notebook is in {where.url}, and how the address of a single file there reads is "
            "not known",
            hint="say with --url where the notebook itself can be fetched",
        ) from error


def _source(address: str) -> Source:
    from binderclip.sources import resolve  # noqa: PLC0415 - most links need no addresses

    return resolve(address)


def _alike(address: str, source: Source) -> bool:
    """Whether ``address`` leads to the same file."""
    try:
        other = _source(address)
    except SourceError:
        return False
    return (other.url, other.pick) == (source.url, source.pick)
