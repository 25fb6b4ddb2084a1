"""Archives of data: Zenodo and its kin (InvenioRDM), Figshare, Dataverse, and DOIs to any."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from binderclip.addresses.answers import Found, Hop
from binderclip.addresses.link import Link, quoted
from binderclip.addresses.naming import DEFAULT

DOI_API = "https://doi.org/api/handles"
FIGSHARE_API = "https://api.figshare.com/v2/articles"
_INVENIO = frozenset({"zenodo.org", "sandbox.zenodo.org", "data.caltech.edu"})
_DOI = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/[^\s?#%&=@\\]+")
_VERSION = re.compile(r"[0-9]{1,3}")
_FILE_DOI_PARTS = 4


def is_doi(text: str) -> bool:
    """True for ``10.5281/zenodo.123`` and the like."""
    return bool(_DOI.fullmatch(text))


def doi_lookup(doi: str) -> Found:
    """The handle system knows the landing page of every DOI."""
    return Found(f"{DOI_API}/{quoted(doi)}", f"the DOI {doi}", DEFAULT, lookup="doi")


def doi(link: Link) -> Found | None:
    name = unquote(link.path).strip("/")
    if link.site not in {"doi.org", "dx.doi.org"} or not is_doi(name):
        return None
    return doi_lookup(name)


def invenio(link: Link) -> Found | Hop | None:
    """``/records/ID/files/NAME`` on any host; ``/records/ID`` and ``/doi/…`` on known ones."""
    match link.parts:
        case ("record" | "records", identifier, "files" | "preview", name):
            url = link.over(f"records/{identifier}/files/{name}", "download=1")
            return Found(url, "a file of a record on Zenodo, or a server of its kind")
        case ("record" | "records", identifier) if link.site in _INVENIO:
            return _record(link, identifier)
        case ("doi", _, name) if link.site in _INVENIO and ".zenodo." not in name:
            if number := re.fullmatch(r"zenodo\.([0-9]+)", name):
                return _record(link, number[1])
    return None


def _record(link: Link, identifier: str) -> Found:
    url = f"https://{link.site}/api/records/{identifier}"
    return Found(url, "a record on Zenodo, or a server of its kind", DEFAULT, lookup="zenodo")


def figshare(link: Link) -> Found | None:
    """``/articles/TYPE/TITLE/ID[/VERSION]``; ``?file=`` names one of its files."""
    known = link.site == "figshare.com" or link.site.endswith(".figshare.com")
    if not known or "articles" not in link.parts or link.host == "api.figshare.com":
        return None
    file = link.params.get("file", "")
    if file.isdecimal():
        url = f"https://figshare.com/ndownloader/files/{file}"
        return Found(url, "a file on Figshare", DEFAULT)
    match link.parts[-2:]:
        case (article, version) if article.isdecimal() and _VERSION.fullmatch(version):
            place = f"{article}/versions/{version}"
        case (_, article) if article.isdecimal():
            place = article
        case _:
            return None
    return Found(f"{FIGSHARE_API}/{place}", "an article on Figshare", DEFAULT, lookup="figshare")


def dataverse(link: Link) -> Found | None:
    """``file.xhtml?fileId=`` or ``?persistentId=``; ``dataset.xhtml``, ``citation``: datasets.

    By the shape of the paths, on any host and under any prefix.
    """
    if not link.parts or link.parts[-1] not in {"file.xhtml", "dataset.xhtml", "citation"}:
        return None
    page = link.parts[-1]
    base = link.over("".join(f"{part}/" for part in link.parts[:-1])) + "api"
    file = link.params.get("fileId", "")
    if page == "file.xhtml" and file.isdecimal():
        url = f"{base}/access/datafile/{file}?format=original"
        return Found(url, "a file on Dataverse", DEFAULT)
    name = link.params.get("persistentId", "")
    if not re.fullmatch(r"(doi|hdl|perma):\S+", name):
        return None
    persistent = f"persistentId={quote(name, safe=':/')}"
    if page == "file.xhtml" or (page == "citation" and name.count("/") + 1 >= _FILE_DOI_PARTS):
        url = f"{base}/access/datafile/:persistentId?{persistent}&format=original"
        return Found(url, "a file on Dataverse", DEFAULT)
    url = f"{base}/datasets/:persistentId/?{persistent}"
    return Found(url, "a dataset on Dataverse", DEFAULT, lookup="dataverse")
