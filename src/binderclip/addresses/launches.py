"""Launch links: Binder's ``/v2/PROVIDER/SPEC?urlpath=…`` and nbgitpuller's ``git-pull?repo=…``.

They name a notebook in a repository. That becomes an address on the repository's own host,
which then goes through the rules like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from binderclip.addresses.answers import Hop, repository
from binderclip.addresses.link import Link, encoded_path, parse, quoted
from binderclip.addresses.masking import identity, masked
from binderclip.addresses.naming import last_segment, notebook_like
from binderclip.errors import SourceError

_OPENERS = re.compile(
    r"(?:(?:lab(?:/workspaces/[^/]+)?|doc|retro|nbclassic)/)?(?:tree|notebooks|edit|files)/"
    r"|voila/render/"
)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pulled:
    """A file (``path`` encoded) of a repository that nbgitpuller brings."""

    repository: str
    branch: str
    path: str


def binder(link: Link) -> Hop | None:
    """A launch link, of mybinder.org or of any other BinderHub under any prefix."""
    for at, part in enumerate(link.parts[:-1]):
        if part == "v2" and link.parts[at + 1] in PROVIDERS:
            return _launched(link, link.parts[at + 1], link.parts[at + 2 :])
    return None


def nbgitpuller(link: Link) -> Hop | None:
    """``https://HUB/hub/user-redirect/git-pull?repo=…&urlpath=…``."""
    if link.parts[-1:] != ("git-pull",) or "repo" not in link.params:
        return None
    pulled = _pulled(link.params, link.url)
    url = in_repository(pulled.repository, pulled.branch, pulled.path)
    return Hop(url, "an nbgitpuller link")


def _launched(link: Link, provider: str, spec: tuple[str, ...]) -> Hop:
    launch = identity(link.url)
    opened = opened_path(link.params, link.url)
    how = f"a launch link ({provider})"
    if isinstance(opened, Pulled):
        url = in_repository(opened.repository, opened.branch, opened.path)
        return Hop(url, f"{how} with nbgitpuller", launch=launch)
    try:
        url, pick = PROVIDERS[provider](spec, opened)
    except (ValueError, IndexError):
        raise SourceError(
            f"{masked(link.url)}: found no repository and ref after /v2/{provider}/",
            hint="a launch link reads https://mybinder.org/v2/gh/OWNER/NAME/REF?labpath=PATH.ipynb",
        ) from None
    return Hop(url, how, launch=launch, pick=pick)


def opened_path(params: dict[str, str], shown: str) -> str | Pulled:
    """The notebook that a launch link opens, percent-encoded, relative to the repository.

    ``labpath`` and ``filepath`` are plain paths; ``urlpath`` is a path of Jupyter's own URLs.
    """
    for name in ("labpath", "filepath", "notebookpath"):
        if path := params.get(name, "").strip("/"):
            return _relative(quoted(path), shown)
    path, _, query = params.get("urlpath", "").lstrip("/").partition("?")
    if path.rstrip("/").split("/")[-1] == "git-pull":
        return _pulled(dict(parse_qsl(query)), shown)
    opener = _OPENERS.match(path)
    if opener is None:
        raise SourceError(
            f"{masked(shown)} names an environment, and no notebook to open in it",
            hint="add ?labpath=PATH/TO/NOTEBOOK.ipynb, or give the notebook's own address",
        )
    return _relative(path[opener.end() :], shown)


def _relative(path: str, shown: str) -> str:
    # Jupyter's shared drives stand before the path, as in RTC:x.ipynb.
    path = encoded_path("/" + re.sub(r"^(RTC|drive):", "", path, flags=re.IGNORECASE))[1:]
    if not notebook_like(last_segment(path)):
        raise SourceError(
            f"{masked(shown)} opens {masked(unquote(path))!r}, expected a notebook such as x.ipynb"
        )
    return path


def _pulled(params: dict[str, str], shown: str) -> Pulled:
    """It clones into a folder of the repository's name, which begins the path."""
    repo = params.get("repo", "")
    if inside := params.get("subPath", "").strip("/"):
        path = _relative(quoted(inside), shown)
    else:
        opened = opened_path({"urlpath": params.get("urlpath", "")}, shown)
        if isinstance(opened, Pulled):
            raise SourceError(f"{masked(shown)}: one git-pull inside another")
        target = params.get("targetpath") or params.get("targetPath") or ""
        name = repo.rstrip("/").rpartition("/")[2].removesuffix(".git")
        path = opened.removeprefix(f"{quoted(target.strip('/') or name)}/")
    return Pulled(repo, params.get("branch") or "HEAD", path)


def in_repository(address: str, ref: str, path: str) -> str:
    """The web address of one file of a git repository. ``path`` is encoded, ``ref`` is not.

    Raises SourceError for hosts whose addresses for single files are not known.
    """
    address = re.sub(r"^(?:ssh://)?git@([^:/]+)[:/]", r"https://\1/", address)
    link = parse(re.sub(r"^(git\+)?(?=https?://)", "", address))
    place = link.path.strip("/").removesuffix(".git")
    host, ref = link.site, quoted(ref)
    if place.count("/") < 1:
        raise repository(link.url)
    if host == "gist.github.com":
        commit = f"/{ref}" if _COMMIT.fullmatch(ref) else ""
        return link.over(f"{place}{commit}/{path}")
    if host == "github.com" or host.startswith("github."):
        return link.over(f"{place}/blob/{ref}/{path}")
    if "gitlab" in host:
        return link.over(f"{place}/-/blob/{ref}/{path}")
    if host == "bitbucket.org":
        return link.over(f"{place}/src/{ref}/{path}")
    if host in {"huggingface.co", "hf.co"}:
        return link.over(f"{place}/blob/{'main' if ref == 'HEAD' else ref}/{path}")
    if host == "codeberg.org" or re.match("gitea|forgejo|codeberg", host):
        kind = "commit" if _COMMIT.fullmatch(ref) else "branch"
        return link.over(f"{place}/src/{kind}/{ref}/{path}")
    raise SourceError(
        f"the notebook is in a repository on {host}, whose addresses for single files are unknown",
        hint="open the notebook there and give the address of the raw file",
    )


def _github(spec: tuple[str, ...], path: str) -> tuple[str, str | None]:
    owner, name, *ref = spec
    return in_repository(f"https://github.com/{owner}/{name}", _ref(ref), path), None


def _gitlab(spec: tuple[str, ...], path: str) -> tuple[str, str | None]:
    """The namespace and name are one quoted part."""
    project, *ref = spec
    return in_repository(f"https://gitlab.com/{unquote(project)}", _ref(ref), path), None


def _git(spec: tuple[str, ...], path: str) -> tuple[str, str | None]:
    address, *ref = spec
    return in_repository(unquote(address), _ref(ref), path), None


def _gist(spec: tuple[str, ...], path: str) -> tuple[str, str | None]:
    owner, identifier, *ref = spec
    commit = f"/{ref[0]}" if ref and _COMMIT.fullmatch(ref[0]) else ""
    return f"https://gist.github.com/{owner}/{identifier}{commit}", unquote(path)


def _doi(spec: tuple[str, ...], path: str) -> tuple[str, str | None]:
    return f"https://doi.org/{spec[0]}/{'/'.join(spec[1:])}".rstrip("/"), unquote(path)


def _hydroshare(spec: tuple[str, ...], path: str) -> tuple[str, str | None]:
    identifier = re.sub(r"^.*hs\.", "", unquote("/".join(spec)))
    return f"https://www.hydroshare.org/resource/{quoted(identifier)}/data/contents/{path}", None


def _ckan(spec: tuple[str, ...], path: str) -> tuple[str, str | None]:
    raise SourceError(
        f"{masked(unquote(spec[0]))} is a dataset on CKAN: where its file {unquote(path)!r} is "
        "cannot be told from the launch link",
        hint="open the dataset and give the address of the file itself",
    )


def _ref(ref: list[str]) -> str:
    """Refs may come quoted or with bare slashes; a missing one is the default branch."""
    return unquote("/".join(ref)) or "HEAD"


PROVIDERS: dict[str, Callable[[tuple[str, ...], str], tuple[str, str | None]]] = {
    "gh": _github,
    "gl": _gitlab,
    "git": _git,
    "gist": _gist,
    "zenodo": _doi,
    "figshare": _doi,
    "dataverse": _doi,
    "hydroshare": _hydroshare,
    "ckan": _ckan,
}
