"""Public BinderHubs that are believed when they say who they are.

``BINDER_LAUNCH_HOST`` is made of the ``Host`` header of whoever launched, unless a hub sets
``badge_base_url``; so it is compared with names that are known. Every member of the federation
behind mybinder.org sets that to https://mybinder.org, which sends people on to any of them: that
is what goes into notebooks. One that has left the federation must not be believed any more.

The members: https://github.com/jupyterhub/mybinder.org-deploy, the hosts of binderhub's ingress
and of federationRedirect in config/*.yaml, as of August 2026 (commit 95860db).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from binderclip.filling.words import host
from binderclip.spec.places import MYBINDER

_MEMBERS = (
    MYBINDER,
    "https://2i2c.mybinder.org",
    "https://bids.mybinder.org",
    "https://gesis.mybinder.org",
    "https://gke.mybinder.org",
    "https://gke2.mybinder.org",
)
PUBLIC: Mapping[str, str] = MappingProxyType(dict.fromkeys(_MEMBERS, MYBINDER))
"""Each public hub, and what is written for it."""


def believed(word: str, known: Iterable[str]) -> str | None:
    """What is written for the hub that ``word`` names: the spelling in ``known``, hosts of an
    operator's, or that in our own list; None where it is in neither.

    Raises SpecError where ``word`` names no hub at all.
    """
    names = {_place(public): written for public, written in PUBLIC.items()}
    names |= {_place(one): one for one in known}
    return names.get(_place(host(word)))


def _place(host: str) -> str:
    """Behind a proxy a hub may think that it is asked over http: the scheme tells nothing."""
    return host.partition("://")[2]
