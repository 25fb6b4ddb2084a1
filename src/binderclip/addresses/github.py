"""GitHub, its raw files, its gists, and the same on other hosts."""

from __future__ import annotations

import re
from urllib.parse import unquote

from binderclip.addresses.answers import Found, Hop, repository
from binderclip.addresses.link import Link
from binderclip.addresses.naming import last_segment, notebook_like

RAW = "https://raw.githubusercontent.com"
GISTS = "https://api.github.com/gists"
FILE_VIEWS = frozenset({"blob", "raw", "blame", "edit"})

_GIST = re.compile(r"[0-9a-f]{20,40}|[0-9]{1,12}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def github(link: Link) -> Found | None:
    """``/O/R/blob/REF/P`` → the raw host, which takes ``REF/P`` unsplit: refs may hold slashes."""
    if link.site != "github.com":
        return None
    match link.parts:
        case (_, _) | (_, _, "tree") | (_, _, "tree", _):
            raise repository(link.url)
        case (owner, name, "tree", *rest) if not notebook_like(last_segment(rest[-1])):
            raise repository(f"{link.origin}/{owner}/{name}")
        case (owner, name, view, _, _, *_) if view == "tree" or view in FILE_VIEWS:
            place = "/".join((owner, name.removesuffix(".git"), *link.parts[3:]))
            token = link.params.get("token")
            query = f"?token={token}" if token and token.isalnum() else ""
            return Found(f"{RAW}/{place}{query}", "a file on GitHub")
    return None


def github_raw(link: Link) -> Found | None:
    if link.site not in {"raw.githubusercontent.com", "raw.github.com"}:
        return None
    query = f"?{link.query}" if link.query else ""
    return Found(RAW + link.path + query, "a raw file on GitHub")


def gist(link: Link) -> Found | None:
    """``gist.github.com/[U/]ID[/REV][/NAME]``: the API says which files it has."""
    if link.site != "gist.github.com":
        return None
    if "raw" in link.parts:
        return Found(f"https://gist.github.com{link.path}", "a raw file of a gist")
    parts = list(link.parts)
    if len(parts) > 1 and _GIST.fullmatch(parts[1]) and not _revision(parts):
        parts = parts[1:]
    if not parts or not _GIST.fullmatch(parts[0]):
        return None
    identifier, *rest = parts
    revision = f"/{rest.pop(0)}" if rest and _COMMIT.fullmatch(rest[0]) else ""
    pick = unquote(rest[0]) if rest and notebook_like(unquote(rest[0])) else None
    pick = pick or (link.fragment if link.fragment.startswith("file-") else None)
    url = f"{GISTS}/{identifier}{revision}"
    return Found(url, "a gist on GitHub", f"{identifier}.ipynb", lookup="gist", pick=pick)


def _revision(parts: list[str]) -> bool:
    """True when the second part is a commit of the gist that the first part names."""
    return bool(
        re.fullmatch(r"[0-9a-f]{20}|[0-9a-f]{32}", parts[0]) and _COMMIT.fullmatch(parts[1])
    )


def enterprise_gist(link: Link) -> Found | None:
    """A gist on another host: its first file, which ``/raw`` answers."""
    match link.parts:
        case (_, identifier) if link.host.startswith("gist.") and _GIST.fullmatch(identifier):
            url = f"{link.origin}{link.path.rstrip('/')}/raw"
            return Found(url, "a gist on GitHub Enterprise, its first file")
    return None


def enterprise(link: Link) -> Found | None:
    """``{base}/O/R/blob/REF/P`` on any other host → ``{base}/O/R/raw/REF/P``."""
    match link.parts:
        case (owner, name, "blob", _, _, *_):
            url = link.over("/".join((owner, name, "raw", *link.parts[3:])))
            return Found(url, "a file on GitHub Enterprise, or on a forge with the same paths")
    return None


def mirror(link: Link) -> Hop | None:
    """Hosts that repeat GitHub's paths."""
    if link.site in {"githubtocolab.com", "github.dev"}:
        return Hop(f"https://github.com{link.path}", "a link to a file on GitHub")
    return None
