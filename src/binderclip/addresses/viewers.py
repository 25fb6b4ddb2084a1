"""Viewers, which carry another address in theirs: Colab, nbviewer, molab, notebooksharing.space."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote

from binderclip.addresses.answers import Found, Hop
from binderclip.addresses.drives import drive_file
from binderclip.addresses.link import Link
from binderclip.errors import SourceError

_NBVIEWER = frozenset({"nbviewer.org", "nbviewer.jupyter.org", "nbviewer.ipython.org"})
_GIST = re.compile(r"[0-9a-f]{20,40}|[0-9]{1,12}")


def colab(link: Link) -> Found | Hop | None:
    if link.site not in {"colab.research.google.com", "colab.google.com"}:
        return None
    match link.parts:
        case ("github", *rest) if rest:
            return Hop(f"https://github.com/{'/'.join(rest)}", "opened in Colab")
        case ("gist", *rest) if rest:
            return Hop(f"https://gist.github.com/{'/'.join(rest)}", "opened in Colab")
        case ("drive", identifier, *_):
            return drive_file(identifier, link.params.get("resourcekey"))
    file = dict(parse_qsl(link.fragment)).get("fileId", "")
    if file.lower().startswith(("http://", "https://")):
        return Hop(file, "opened in Colab")
    return drive_file(file)


def nbviewer(link: Link) -> Hop | None:
    """``/github/…``, ``/gist/…``, ``/ID`` (a gist), ``/urls/HOST/P`` (https), ``/url/…`` (http)."""
    if link.site not in _NBVIEWER:
        return None
    parts = link.parts[2:] if link.parts[:1] == ("format",) else link.parts
    how = "shown by nbviewer"
    match parts:
        case ("github", *rest) if rest:
            return Hop(f"https://github.com/{'/'.join(rest)}", how)
        case ("gist", *rest) if rest:
            return Hop(f"https://gist.github.com/{'/'.join(rest)}", how)
        case ("url" | "urls" as scheme, host, *rest):
            # A query of the page itself reaches nbviewer quoted, or as its own.
            path, mark, query = "/".join(rest).partition("%3F")
            query = unquote(query) if mark else link.query
            query = re.sub(r"(^|&)flush_cache=[^&]*", "", query).lstrip("&")
            start = "https" if scheme == "urls" else "http"
            url = f"{start}://{unquote(host)}/{path}" + (f"?{query}" if query else "")
            return Hop(url, how)
        case (identifier,) if _GIST.fullmatch(identifier):
            return Hop(f"https://gist.github.com/{identifier}", how)
    return None


def molab(link: Link) -> Hop | None:
    """``molab.marimo.io/github/O/R/blob/REF/P``; a trailing ``/wasm`` says how to run it."""
    if link.site != "molab.marimo.io":
        return None
    match link.parts:
        case ("github", *rest) if rest:
            path = "/".join(rest).removesuffix("/wasm")
            return Hop(f"https://github.com/{path}", "opened in molab")
        case ("notebooks", *_):
            raise SourceError(
                f"{link.url} is a notebook kept by molab, which serves no file of it",
                hint="download it there, or open it from a repository",
            )
    return None


def notebook_sharing_space(link: Link) -> Found | None:
    match link.parts:
        case ("view", identifier, *_) if link.site == "notebooksharing.space":
            url = f"https://notebooksharing.space/api/v1/notebook/{identifier}"
            return Found(url, "a notebook on notebooksharing.space", f"{identifier}.ipynb")
    return None
