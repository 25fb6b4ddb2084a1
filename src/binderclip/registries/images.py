"""An image's name, apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Self

from binderclip import references
from binderclip.addresses.link import Link, parse
from binderclip.spec.model import Reference

DOCKER_HUB = "https://docker.io"
_HUB_NAMES = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com"})
_HUB_API = "https://registry-1.docker.io"


@dataclass(frozen=True, slots=True)
class Image:
    """``registry`` is an origin ("https://quay.io", "http://127.0.0.1:5000"), Docker Hub's always
    "https://docker.io"; ``name`` is whole ("library/python"). ``tag`` is what a person says,
    ``digest`` ("sha256:…") what it was frozen to. ``str`` gives it as a FROM line has it.
    """

    registry: str
    name: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def of(cls, reference: Reference) -> Self:
        """A notebook's image. A path in the host is the beginning of the name."""
        link = parse(reference.host)
        name = "/".join((*link.parts, reference.path))
        registry = link.origin
        if link.host in _HUB_NAMES:
            registry, name = DOCKER_HUB, name if "/" in name else f"library/{name}"
        return cls(registry, name, reference.ref, reference.hash)

    @classmethod
    def parse(cls, text: str) -> Self:
        """``[REGISTRY/]NAME[:TAG][@sha256:…]``, as people write it. Raises SpecError."""
        return cls.of(references.image(text))

    @property
    def host(self) -> str:
        """The registry as ``docker login`` wants it: ``quay.io``, ``127.0.0.1:5000``."""
        return self.registry.partition("://")[2]

    @property
    def api(self) -> str:
        """The origin that answers for the registry."""
        return _HUB_API if self.registry == DOCKER_HUB else self.registry

    @property
    def shown_tag(self) -> str:
        return self.tag or "latest"

    def pinned(self, digest: str | None) -> Self:
        """The same with another digest, or none."""
        return replace(self, digest=digest)

    def __str__(self) -> str:
        place = self.name
        if self.registry == DOCKER_HUB:
            place = place.removeprefix("library/")
        else:
            place = f"{self.host}/{place}"
        tag = f":{self.tag}" if self.tag else ""
        return f"{place}{tag}" + (f"@{self.digest}" if self.digest else "")


def on_loopback(link: Link) -> bool:
    """True for an address that leads to this machine and no further, by what it says itself."""
    try:
        return link.host == "localhost" or ip_address(link.host).is_loopback
    except ValueError:
        return False
