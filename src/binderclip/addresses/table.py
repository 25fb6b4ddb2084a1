"""The table of rules, and how an address goes through it."""

from __future__ import annotations

from urllib.parse import quote

from binderclip.addresses import archives, drives, forges, github, launches, viewers
from binderclip.addresses.answers import Found, Hop, Rule, repository
from binderclip.addresses.link import Link, parse
from binderclip.addresses.masking import identity, masked
from binderclip.addresses.naming import DEFAULT, last_segment, safe_name
from binderclip.addresses.source import Source
from binderclip.errors import SourceError

MAX_HOPS = 6
"""An nbviewer link of a Colab link of …: nobody nests deeper in earnest."""

RULES: tuple[Rule, ...] = (
    launches.binder,
    launches.nbgitpuller,
    viewers.colab,
    viewers.nbviewer,
    viewers.molab,
    viewers.notebook_sharing_space,
    github.github,
    github.github_raw,
    github.gist,
    github.mirror,
    github.enterprise_gist,
    forges.hugging_face,
    forges.gitlab,
    forges.bitbucket,
    forges.gitea,
    drives.dropbox,
    drives.google_drive,
    drives.onedrive,
    drives.sharepoint,
    archives.doi,
    archives.invenio,
    archives.figshare,
    archives.dataverse,
    # By path shape alone, on any host: last.
    github.enterprise,
)
_ALWAYS_HTTPS = frozenset({"gist.githubusercontent.com", "media.githubusercontent.com"})


def resolve_url(url: str, address: str | None = None, pick: str | None = None) -> Source:
    """What an http(s) address becomes. ``address`` is what the person gave, where it differs.

    Raises SourceError.
    """
    hows: list[str] = []
    launch = None
    following = url
    for _ in range(MAX_HOPS):
        link = parse(following)
        answer = next((a for rule in RULES if (a := rule(link)) is not None), None)
        if isinstance(answer, Hop):
            hows.append(answer.how)
            following, pick = answer.url, answer.pick or pick
            launch = launch or answer.launch
            continue
        found = answer or as_is(link, own=not hows)
        return _source(address or url, found, hows, launch, pick)
    raise SourceError(
        f"{masked(url)}: found an address in an address more than {MAX_HOPS} deep",
        hint="give the address of the notebook itself",
    )


def as_is(link: Link, *, own: bool) -> Found:
    """Any other address: what it answers is taken. A password in it goes to that host alone, and
    only when the person wrote it there (``own``).
    """
    if link.path.rstrip("/").endswith(".git"):
        raise repository(link.url)
    url = link.url
    if link.host in _ALWAYS_HTTPS:
        url = url.replace("http://", "https://", 1)
    if own and link.userinfo:
        url = url.replace("://", f"://{quote(link.userinfo, safe='%:')}@", 1)
    return Found(url, "taken as it is")


def source_of(address: str, found: Found) -> Source:
    """The source of an address that a rule turned into a request at once."""
    return _source(address, found, [], None, None)


def _source(
    address: str, found: Found, hows: list[str], launch: str | None, pick: str | None
) -> Source:
    link = parse(found.url)
    # Through the parser once more: what is shown for consent is what will be asked for.
    url = link.url.replace("://", f"://{link.userinfo}@", 1) if link.userinfo else link.url
    pick = found.pick or pick
    origin = identity(found.origin or link.url) + (f"#{quote(pick, safe='/')}" if pick else "")
    name = found.name or last_segment(parse(identity(link.url)).path)
    return Source(
        address=address,
        kind="url",
        path=None,
        url=url,
        name=safe_name(name) if name else DEFAULT,
        origin=origin,
        launch=launch,
        how=masked(", ".join([*hows, found.how])),
        lookup=found.lookup,
        pick=pick if found.lookup else None,
    )
