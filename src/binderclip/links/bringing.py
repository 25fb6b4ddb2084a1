"""The links that bring a notebook by its repository, or not at all: a maker for each kind."""

from __future__ import annotations

from collections.abc import Iterator

from binderclip.errors import Refused
from binderclip.links import doubts
from binderclip.links.model import Asked, Link, Place
from binderclip.links.pages import folder, folder_page, git_pull, opening, page, user_redirect
from binderclip.links.parts import lying, name, names_environment, thawed, to_build
from binderclip.links.remotes import same
from binderclip.spec.launch_link import write_link
from binderclip.spec.model import Binder, Reference
from binderclip.spec.providers import GIT_PROVIDERS, provider_of

_SHORT = 12


def binder(asked: Asked) -> Iterator[Link]:
    """The environment's repository, in which the notebook lies."""
    build, place = to_build(asked), lying(asked)
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
        url = write_link(host, build, opening(asked.shown_in, place.path))
        yield Link("binder", url, host, f"{name(host)}: the notebook in its repository", notes)


def binder_pull(asked: Asked) -> Iterator[Link]:
    """The environment's repository; another one is pulled into it."""
    build = to_build(asked)
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
        what = f"{name(host)}: the environment, and {name(content.url)} pulled into it"
        yield Link("binder-pull", url, host, what, told)


def hub_pull(asked: Asked) -> Iterator[Link]:
    """A JupyterHub, into which the notebook's repository is pulled."""
    _some_hub(asked)
    content, goes_on, notes = _pulled(asked)
    told = ("the hub has to have nbgitpuller", *doubts.on_a_jupyterhub(asked), *notes)
    for hub in asked.hubs:
        url = user_redirect(hub, git_pull(content, goes_on))
        what = f"{name(hub)}: {name(content.url)} pulled into your server there"
        yield Link("hub-pull", url, hub, what, told)


def hub_file(asked: Asked) -> Iterator[Link]:
    """A JupyterHub, where the person has the notebook already."""
    _some_hub(asked)
    notes = (
        "the notebook has to be there: upload it first",
        *doubts.on_a_jupyterhub(asked),
        *doubts.left_out(asked),
    )
    for hub in asked.hubs:
        url = user_redirect(hub, page(asked.shown_in, asked.name))
        yield Link("hub-file", url, hub, f"{name(hub)}: {asked.name} in your home there", notes)


def binder_content(asked: Asked) -> Iterator[Link]:
    """The notebook's repository as its own environment."""
    place = lying(asked)
    repository = thawed(place.repository, asked)
    other = "this is not the environment that the notebook names"
    notes = (
        *place.notes,
        "the repository itself has to say what to install",
        *((other,) if names_environment(asked) else ()),
        *doubts.left_out(asked),
        *doubts.unquoted_twice(place.path),
    )
    for host in asked.hosts:
        url = write_link(host, repository, opening(asked.shown_in, place.path))
        what = f"{name(host)}: the notebook's repository, as it is"
        yield Link("binder-content", url, host, what, notes)


def binder_empty(asked: Asked) -> Iterator[Link]:
    """The environment without the notebook."""
    build = to_build(asked)
    notes = (
        "the notebook is not in it: upload it there",
        *doubts.not_opened(asked),
        *doubts.on_a_binderhub(asked),
        *doubts.left_out(asked),
    )
    for host in asked.hosts:
        what = f"{name(host)}: the environment alone"
        yield Link("binder-empty", write_link(host, build, {}), host, what, notes)


def _pulled(asked: Asked) -> tuple[Reference, str, list[str]]:
    """What nbgitpuller brings: the repository, the page to go on to, and notes.

    It is the one of ``content`` where the notebook lies in the environment's own, or nowhere.
    """
    stated = asked.binder or Binder()
    content, place = stated.content, asked.place
    at_home = isinstance(place, Place) and stated.build and same(stated.build, place.repository)
    if isinstance(place, Place) and not (content and at_home):
        repository = thawed(place.repository, asked)
        notes = [*place.notes, *_pullable(repository), *doubts.left_out(asked)]
        return repository, page(asked.shown_in, f"{folder(repository)}/{place.path}"), notes
    if content is None:
        lying(asked)
        raise Refused("the metadata names no content to pull")
    repository = thawed(content, asked)
    notes = [*_pullable(repository), *doubts.left_out(asked, pulled=content)]
    if content.copy:
        notes.append(f"the whole of {name(content.url)} comes, into {folder(repository)}/")
    if isinstance(place, Place):
        return repository, page(asked.shown_in, place.path), [*place.notes, *notes]
    notes.append("the notebook is not opened; say with --repo and --path where it is")
    return repository, folder_page(asked.shown_in, folder(repository)), notes


def _pullable(repository: Reference) -> Iterator[str]:
    """Notes on pulling it. Raises Refused for what is no git repository."""
    if provider_of(repository)[0] not in GIT_PROVIDERS:
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
