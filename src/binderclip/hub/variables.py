"""What a hub tells a server, as variables: read by ``binderclip.filling``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from binderclip import references
from binderclip.errors import SpecError

Image: TypeAlias = tuple[str, ...]
"""Two spellings of one image are equal as such."""

_NO_BUILDS: Mapping[Image, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Empty is what the operator does not say. ``build`` and ``image`` are as people write them."""

    build: str = ""
    builds: Mapping[Image, str] = field(default_factory=lambda: _NO_BUILDS)
    image: str = ""
    hosts: tuple[str, ...] = ()
    hub: str = ""
    policy: str = ""
    known_hosts: tuple[str, ...] = ()

    def variables(self, *, image: str, usual: str, public: str) -> dict[str, str]:
        """Of one server. ``image`` is the one that the spawner runs, ``usual`` the one of its
        configuration; empty where servers have none. ``public`` is the hub's own address, if it
        knows it.
        """
        found = {
            "BINDERCLIP_FILL": self.policy,
            "BINDERCLIP_FILL_HOSTS": " ".join(self.hosts),
            "BINDERCLIP_FILL_KNOWN_HOSTS": " ".join(self.known_hosts),
            "BINDERCLIP_FILL_BUILD": self._build(image, usual),
            # Spawners with images say theirs in JUPYTER_IMAGE_SPEC.
            "BINDERCLIP_FILL_IMAGE": "" if image else self.image,
            "BINDERCLIP_HUB": self.hub or public,
        }
        return {name: value for name, value in found.items() if value}

    def _build(self, image: str, usual: str) -> str:
        """Nothing for an image that somebody chose and the operator did not name: ``build`` would
        be false there.
        """
        if not image:
            return self.build
        name = name_of(image)
        return self.builds.get(name) or (self.build if name == name_of(usual) else "")


def name_of(image: str) -> Image:
    """``a/b`` is ``docker.io/a/b:latest``. What is no image is itself."""
    try:
        found = references.image(image)
    except SpecError:
        return (image,)
    default = "" if found.hash else "latest"
    return (found.host, found.path, found.ref or default, found.hash or "")
