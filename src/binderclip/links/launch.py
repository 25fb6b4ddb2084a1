"""The launch links of a notebook, each kind by its own maker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from binderclip.environment import Environment
from binderclip.errors import Refused
from binderclip.links import doubts
from binderclip.links.model import KINDS, Asked, Kind, Link, Links, Nowhere, Place
from binderclip.links.pages import folder, folder_page, git_pull, opening, page, user_redirect
from binderclip.links.remotes import same
from binderclip.spec.grammar import fits_utf8
from binderclip.spec.launch_link import write_link
from binderclip.spec.model import Binder, Reference
from binderclip.spec.providers import provider_of

_GIT = frozenset({"gh", "gl", "git", "gist"})
_SHOWN_FILES = 3
_SHORT = 12


def links(asked: Asked, kinds: Collection[Kind] = ()) -> Links:
    """All links of ``kinds``; by default of those that do what the notebook says, and failing
    these the next best. Raises Refused, in words of all that stand in the way, where none can be.
    """
    _check_names(asked)
    made: list[Link] = []
    refused: list[tuple[Kind, Refused]] = []
    for kind in KINDS:
        if kind not in kinds if kinds else not _wanted(kind, asked, made):
            continue
        try:
            made += _MAKERS[kind](asked)
        except Refused as error:
            refused.append((kind, error))
    if made:
        return Links(tuple(made), tuple(refused))
    reasons = dict.fromkeys(error.message for _, error in refused)
    hints = dict.fromkeys(error.hint for _, error in refused if error.hint)
    raise Refused(
        f"no launch link can be made: {'; '.join(reasons) or 'no hub was given'}",
        hint="; or ".join(hints) or None,
    )


def _check_names(asked: Asked) -> None:
    path = asked.place.path if isinstance(asked.place, Place) else ""
    if not fits_utf8(asked.name + path):
        raise Refused(
            f"the notebook's name {asked.name!a} is not UTF-8, and cannot stand in a link",
            hint="rename it",
        )


def _wanted(kind: Kind, asked: Asked, made: list[Link]) -> bool:
    """Unless it is asked for, a kind that does less stands in for a better one only."""
    have = {link.kind for link in made}
    match kind:
        case "hub-pull":
            return bool(asked.hubs)
        case "hub-file":
            return bool(asked.hubs) and "hub-pull" not in have
        case "binder-content":
            return not _names_environment(asked)
        case "binder-empty":
            return not any(name.startswith("binder") for name in have)
        case _:
            return True


def _binder(asked: Asked) -> Iterator[Link]:
    """The environment's repository, in which the notebook lies."""
    build, place = _build(asked), _place(asked)
    if not same(build, place.repository):
        raise Refused("the notebook does not lie in the repository that its environment is in")
    notes = (
        *place.notes,
        *doubts.on_a_binderhub(asked),
        *doubts.other_version(build, place.repository),
        *doubts.left_out(asked),
        *doubts.unquoted_twice(place.path),
    )
    for host in asked.hosts:
        url = write_link(host, build, opening(asked.ui, place.path))
        yield Link("binder", url, host, f"{_name(host)}: the notebook in its repository", notes)


def _binder_pull(asked: Asked) -> Iterator[Link]:
    """The environment's repository; another one is pulled into it."""
    build = _build(asked)
    content, goes_on, notes = _pulled(asked)
    if same(build, content):
        raise Refused("the repository to pull is the environment's own")
    path = asked.place.path if isinstance(asked.place, Place) else ""
    told = (
        "the environment has to contain nbgitpuller",
        *notes,
        *doubts.on_a_binderhub(asked),
        *doubts.unquoted_twice(path, pulled=content),
    )
    for host in asked.hosts:
        url = write_link(host, build, {"urlpath": git_pull(content, goes_on)})
        what = f"{_name(host)}: the environment, and {_name(content.url)} pulled into it"
        yield Link("binder-pull", url, host, what, told)


def _hub_pull(asked: Asked) -> Iterator[Link]:
    """A JupyterHub, into which the notebook's repository is pulled."""
    _some_hub(asked)
    content, goes_on, notes = _pulled(asked)
    told = ("the hub has to have nbgitpuller", *doubts.on_a_jupyterhub(asked), *notes)
    for hub in asked.hubs:
        url = user_redirect(hub, git_pull(content, goes_on))
        what = f"{_name(hub)}: {_name(content.url)} pulled into your server there"
        yield Link("hub-pull", url, hub, what, told)


def _hub_file(asked: Asked) -> Iterator[Link]:
    """A JupyterHub, where the person has the notebook already."""
    _some_hub(asked)
    notes = (
        "the notebook has to be there: upload it first",
        *doubts.on_a_jupyterhub(asked),
        *doubts.left_out(asked),
    )
    for hub in asked.hubs:
        url = user_redirect(hub, page(asked.ui, asked.name))
        yield Link("hub-file", url, hub, f"{_name(hub)}: {asked.name} in your home there", notes)


def _binder_content(asked: Asked) -> Iterator[Link]:
    """The notebook's repository as its own environment."""
    place = _place(asked)
    repository = _thawed(place.repository, asked)
    other = "this is not the environment that the notebook names"
    notes = (
        *place.notes,
        "the repository itself has to say what to install",
        *((other,) if _names_environment(asked) else ()),
        *doubts.left_out(asked),
        *doubts.unquoted_twice(place.path),
    )
    for host in asked.hosts:
        url = write_link(host, repository, opening(asked.ui, place.path))
        what = f"{_name(host)}: the notebook's repository, as it is"
        yield Link("binder-content", url, host, what, notes)


def _binder_empty(asked: Asked) -> Iterator[Link]:
    """The environment without the notebook."""
    build = _build(asked)
    notes = (
        "the notebook is not in it: upload it there",
        *doubts.on_a_binderhub(asked),
        *doubts.left_out(asked),
    )
    for host in asked.hosts:
        what = f"{_name(host)}: the environment alone"
        yield Link("binder-empty", write_link(host, build, {}), host, what, notes)


_MAKERS: dict[Kind, Callable[[Asked], Iterator[Link]]] = {
    "binder": _binder,
    "binder-pull": _binder_pull,
    "hub-pull": _hub_pull,
    "hub-file": _hub_file,
    "binder-content": _binder_content,
    "binder-empty": _binder_empty,
}


def _names_environment(asked: Asked) -> bool:
    return asked.binder is not None and not Environment.of(asked.binder).bare


def _build(asked: Asked) -> Reference:
    """The repository that a BinderHub is to build. Raises Refused where a link cannot say it."""
    binder = asked.binder or Binder()
    if binder.files:
        names = ", ".join([*binder.files][:_SHOWN_FILES])
        more = ", …" if len(binder.files) > _SHOWN_FILES else ""
        raise Refused(
            f"the notebook carries files of its environment itself ({names}{more}), and a link can "
            "name a repository alone",
            hint="put the files into a repository and name that with `binderclip set --build`; "
            "`binderclip run` takes the notebook as it is",
        )
    if binder.build:
        return _thawed(binder.build, asked)
    if binder.image:
        raise Refused(
            "the notebook names an image alone, and a BinderHub builds repositories",
            hint="put a Dockerfile that begins with FROM and the image into a repository, and name "
            "that with `binderclip set --build`",
        )
    raise Refused(
        "the notebook names no environment",
        hint="name a repository with `binderclip set --build`",
    )


def _thawed(reference: Reference, asked: Asked) -> Reference:
    return replace(reference, hash=None) if asked.latest and reference.hash else reference


def _place(asked: Asked) -> Place:
    if isinstance(asked.place, Nowhere):
        raise Refused(
            f"the notebook {asked.place.why}",
            hint="push it to a repository, or say with --repo and --path where it is",
        )
    return asked.place


def _pulled(asked: Asked) -> tuple[Reference, str, list[str]]:
    """What nbgitpuller brings: the repository, the page to go on to, and notes.

    It is the one of ``content`` where the notebook lies in the environment's own, or nowhere.
    """
    binder = asked.binder or Binder()
    content, place = binder.content, asked.place
    at_home = isinstance(place, Place) and binder.build and same(binder.build, place.repository)
    if isinstance(place, Place) and not (content and at_home):
        repository = _thawed(place.repository, asked)
        notes = [*place.notes, *_pullable(repository), *doubts.left_out(asked)]
        return repository, page(asked.ui, f"{folder(repository)}/{place.path}"), notes
    if content is None:
        _place(asked)
        raise Refused("the metadata names no content to pull")
    repository = _thawed(content, asked)
    notes = [*_pullable(repository), *doubts.left_out(asked, pulled=content)]
    if content.copy:
        notes.append(f"the whole of {_name(content.url)} comes, into {folder(repository)}/")
    if isinstance(place, Place):
        return repository, page(asked.ui, place.path), [*place.notes, *notes]
    notes.append("the notebook is not opened; say with --repo and --path where it is")
    return repository, folder_page(asked.ui, folder(repository)), notes


def _pullable(repository: Reference) -> Iterator[str]:
    """Notes on pulling it. Raises Refused for what is no git repository."""
    if provider_of(repository)[0] not in _GIT:
        raise Refused(
            f"nbgitpuller pulls git repositories, and {repository.url} is a dataset",
            hint="put the notebook into a repository",
        )
    if repository.hash:
        branch = repository.ref or "the default branch"
        yield f"nbgitpuller takes no commits: {branch} comes, not {repository.hash[:_SHORT]}"


def _some_hub(asked: Asked) -> None:
    if not asked.hubs:
        raise Refused("no JupyterHub was given", hint="name one with --hub")


def _name(url: str) -> str:
    return url.partition("://")[2].rstrip("/")
