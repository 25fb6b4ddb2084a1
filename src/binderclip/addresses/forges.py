"""GitLab, Bitbucket, Gitea and Forgejo, Hugging Face: known by their paths on any host."""

from __future__ import annotations

from binderclip.addresses.answers import Found, repository
from binderclip.addresses.link import Link
from binderclip.addresses.naming import last_segment, notebook_like

_VIEWS = frozenset({"blob", "raw", "blame", "edit"})


def gitlab(link: Link) -> Found | None:
    """``…/-/blob/REF/P`` → ``…/-/raw/REF/P``; ``ref_type`` tells a branch from a tag, so it stays.

    Old links on gitlab.com lack the ``-``.
    """
    project, rest = _gitlab_parts(link)
    match rest:
        case ("tree", *_) if not notebook_like(last_segment(rest[-1])):
            raise repository(link.over("/".join(project)))
        case (view, _, _, *_) if view in _VIEWS or view == "tree":
            kind = link.params.get("ref_type", "")
            query = f"ref_type={kind}" if kind in {"heads", "tags"} else ""
            query = link.query if view == "raw" else query
            url = link.over("/".join((*project, "-", "raw", *rest[1:])), query)
            return Found(url, "a file on GitLab")
    return None


def _gitlab_parts(link: Link) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The project, and what follows it; nothing for what is no GitLab address."""
    parts = link.parts
    for at, part in enumerate(parts):
        if part == "-" and at > 0:
            return parts[:at], parts[at + 1 :]
        if part in _VIEWS and at > 1 and link.site == "gitlab.com":
            return parts[:at], parts[at:]
    return parts, ()


def bitbucket(link: Link) -> Found | None:
    """``bitbucket.org/W/R/src/REF/P`` → ``/raw/``; on a server ``/browse/P?at=REF`` → ``/raw/``."""
    match link.parts:
        case (owner, name, "src" | "raw", _, _, *_) if link.site == "bitbucket.org":
            place = "/".join((owner, name, "raw", *link.parts[3:]))
            return Found(f"https://bitbucket.org/{place}", "a file on Bitbucket")
        case ("projects" | "users", _, "repos", _, "browse", _, *_):
            place = "/".join((*link.parts[:4], "raw", *link.parts[5:]))
            return Found(link.over(place, link.query), "a file on a Bitbucket server")
    return None


def gitea(link: Link) -> Found | None:
    """``/O/R/src/(branch|tag|commit)/REF/P`` → ``/O/R/raw/…``, on Forgejo and Codeberg too."""
    match link.parts:
        case (owner, name, "src", "branch" | "tag" | "commit", _, _, *_):
            place = "/".join((owner, name, "raw", *link.parts[3:]))
            return Found(link.over(place), "a file on Gitea or Forgejo")
    return None


def hugging_face(link: Link) -> Found | None:
    """``[datasets/|spaces/]O/R/blob/REF/P`` → ``/resolve/``."""
    if link.site not in {"huggingface.co", "hf.co"} or "blob" not in link.parts:
        return None
    at = link.parts.index("blob")
    if at == 0 or len(link.parts) < at + 3:
        return None
    place = "/".join((*link.parts[:at], "resolve", *link.parts[at + 1 :]))
    return Found(f"https://huggingface.co/{place}", "a file on Hugging Face")
