"""What a server is asked for: ``user_options``, as the hub's page of options would send them.

Since JupyterHub 2.0 that page is for browsers alone: it takes no tokens (jupyterhub/handlers/
base.py, ``_accept_token_auth``), and before, a look at it started the server where there were no
options. So a client cannot ask what a hub offers. It is told by the hub's refusal: DockerSpawner
and KubeSpawner list what they have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from binderclip.addresses.masking import printable
from binderclip.environment import Environment
from binderclip.spec.model import JSON, NOTHING, Reference

PLACEHOLDER = "{image}"
_UNLISTED = "--unlisted-choice"
_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """``options`` is None where nothing is asked for: the hub takes ``last`` then, those that the
    server was started with last, even if it refused them. ``image`` is the environment's, where it
    is asked for. ``tentative``: if the hub refuses, there is another wish.
    """

    options: Mapping[str, JSON] | None
    image: str | None = None
    tentative: bool = False
    last: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)

    @property
    def effect(self) -> Mapping[str, JSON]:
        """What the server would start with."""
        return self.last if self.options is None else self.options

    @property
    def shown(self) -> str:
        return shown(self.effect)


def wishes(
    stated: Mapping[str, JSON], env: Environment, last: Mapping[str, JSON]
) -> tuple[Wish, ...]:
    """What to ask for, the best first. ``stated`` are the person's options; ``last`` those that
    the server was started with last.
    """
    image = image_name(env.image) if env.image else None
    if filled := _filled(stated, image):
        return (Wish(filled, image if takes_image(stated) else None),)
    if not last:
        return (Wish(None),)
    if image and (chosen := _as_last_time(last, image)):
        # Refused options are the last ones from then on: these are to be said.
        return Wish(chosen, image, tentative=True), Wish(dict(last), tentative=True), Wish({})
    return Wish(None, tentative=True, last=last), Wish({})


def foreign(wish: Wish, effect: Mapping[str, JSON], stated: Mapping[str, JSON]) -> bool:
    """The image is one that neither the operator's lists nor the person chose: the notebook's, or
    that of another notebook before, which the hub remembers.
    """
    keys = _image_keys(effect)
    return bool(wish.image) or any(_bare(effect[k]) != _bare(stated.get(k)) for k in keys)


def takes_image(value: JSON | Mapping[str, JSON]) -> bool:
    """The person said where the environment's image goes."""
    if isinstance(value, str):
        return PLACEHOLDER in value
    if isinstance(value, Mapping):
        return any(map(takes_image, value.values()))
    return isinstance(value, list) and any(map(takes_image, value))


def image_name(image: Reference) -> str:
    """As registries and hubs spell it: ``quay.io/o/image@sha256:…``, or ``:tag``."""
    name = f"{image.host.partition('://')[2].rstrip('/')}/{image.path}"
    return f"{name}@{image.hash}" if image.hash else f"{name}:{image.ref or 'latest'}"


def agree(wish: Wish, running: Mapping[str, JSON]) -> bool:
    """A running server has what is asked for."""
    return all(running.get(key) in (value, [value]) for key, value in (wish.options or {}).items())


def about(wish: Wish, said: str) -> bool:
    """What a hub said is about what it was asked for, and not about a machine that is full."""
    options = wish.effect
    words = [*(key.removesuffix(_UNLISTED) for key in options), *map(str, options.values())]
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said) for word in words if word)


def shown(options: Mapping[str, JSON]) -> str:
    """``profile=gpu, size=2``"""
    pairs = (f"{key}={_bare(value)}" for key, value in options.items())
    return printable(", ".join(pairs), _LONGEST_SHOWN)


def _bare(value: JSON | None) -> JSON | None:
    """Forms send lists of one."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _filled(stated: Mapping[str, JSON], image: str | None) -> dict[str, JSON]:
    """Without an image, what would have held it is left out."""
    kept = {key: value for key, value in stated.items() if image or not takes_image(value)}
    return {key: _with(value, image or "") for key, value in kept.items()}


def _with(value: JSON, image: str) -> JSON:
    if isinstance(value, str):
        return value.replace(PLACEHOLDER, image)
    if isinstance(value, dict):
        return {key: _with(one, image) for key, one in value.items()}
    return [_with(one, image) for one in value] if isinstance(value, list) else value


def _image_keys(options: Mapping[str, JSON]) -> list[str]:
    """The options that hold an image by its name."""
    if "profile" in options:
        return [key for key in options if key.endswith(_UNLISTED) and "image" in key]
    return ["image"] if options.get("image") else []


def _as_last_time(last: Mapping[str, JSON], image: str) -> dict[str, JSON] | None:
    """What was chosen last, with another image: KubeSpawner's field for images that no list has,
    or DockerSpawner's ``image``. In a profile of KubeSpawner ``image`` is a choice of its own.
    """
    keys = _image_keys(last)
    if not keys:
        return None
    listed = isinstance(last[keys[0]], list)
    return {**last, keys[0]: [image] if listed else image}
