"""The links that have binderclip fetch the notebook from its address: its service, or its extension
on a server.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from binderclip.errors import Refused
from binderclip.links import doubts
from binderclip.links.model import Asked, Link, Nowhere
from binderclip.links.pages import gateway_page, open_page, user_redirect
from binderclip.links.parts import name, thawed, to_build
from binderclip.links.webaddress import file_page, secret
from binderclip.spec.launch_link import write_link


def gateway(asked: Asked) -> Iterator[Link]:
    """The service that launches notebooks by their address, whatever environment they name."""
    if not asked.gateways:
        raise Refused("no gateway was given", hint="the front page of one makes links to it")
    url, notes = _fetched(asked)
    for there in asked.gateways:
        what = f"{name(there)}: the notebook, in its environment"
        yield Link("gateway", gateway_page(there, url), there, what, tuple(notes))


def binder_open(asked: Asked) -> Iterator[Link]:
    """The environment's repository, where the notebook is fetched."""
    build = to_build(asked)
    url, notes = _fetched(asked)
    notes += [*doubts.on_a_binderhub(asked), *doubts.fetched(asked)]
    notes += doubts.address_unquoted_twice(url)
    for host in asked.hosts:
        link = write_link(host, build, {"urlpath": open_page(url, ui=asked.ui)})
        what = f"{name(host)}: the environment, and the notebook fetched into it"
        needed = _needed(asked, host, "the environment has to contain")
        yield Link("binder-open", link, host, what, (*needed, *notes))


def hub_open(asked: Asked) -> Iterator[Link]:
    """A JupyterHub or a single server, where the notebook is fetched."""
    if not asked.hubs and not asked.servers:
        raise Refused("no JupyterHub was given", hint="name one with --hub")
    url, notes = _fetched(asked)
    notes += doubts.fetched(asked)
    page = open_page(url, ui=asked.ui)
    for hub in asked.hubs:
        needed = _needed(asked, hub, "the hub's servers have to have")
        told = (*needed, *doubts.on_a_jupyterhub(asked), *notes)
        what = f"{name(hub)}: the notebook fetched into your server there"
        yield Link("hub-open", user_redirect(hub, page), hub, what, told)
    for server in asked.servers:
        needed = _needed(asked, server, "the server has to have")
        told = (*needed, *doubts.on_a_jupyterhub(asked, what="server"), *notes)
        what = f"{name(server)}: the notebook fetched into that server"
        yield Link("hub-open", f"{server.rstrip('/')}/{page}", server, what, told)


def _needed(asked: Asked, where: str, words: str) -> Iterator[str]:
    if where not in asked.opening:
        yield f"{words} binderclip's extension"


def _fetched(asked: Asked) -> tuple[str, list[str]]:
    """The notebook's web address, which everybody who has the link will see, and notes.

    Raises Refused where there is none, or one that is nobody else's business.
    """
    hidden = not asked.shared and secret(asked.url)
    if asked.url and not hidden:
        return asked.url, [*doubts.published(asked.url)]
    if isinstance(asked.place, Nowhere):
        if hidden:
            raise Refused(
                "the notebook's address holds what looks like a secret, and a link shows it to "
                "everybody",
                hint="repeat the address with --url if others may have it",
            )
        raise Refused(
            f"the notebook {asked.place.why}",
            hint="put it on the web and say with --url where it can be fetched",
        )
    place = replace(asked.place, repository=thawed(asked.place.repository, asked))
    url = file_page(place)
    notes = [*place.notes, *doubts.published(url)]
    if hidden:
        notes.append(
            "the secret in the notebook's address is left out: without it the server may not get it"
        )
    return url, notes
