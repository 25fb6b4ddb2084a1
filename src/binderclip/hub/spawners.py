"""Where the variables join those that JupyterHub gives every server.

``Spawner.get_env`` of the base class is the one place that the servers of all spawners go through:
every spawner has to call it and to extend what it returns
(https://jupyterhub.readthedocs.io/en/stable/reference/api/spawner.html). What a configuration says
(``environment``, ``spawner_class``) is replaced by later lines, by sections of subclasses and by
profiles: see docs/adr/0011.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from binderclip.hub.variables import Told

_PLAIN = "__binderclip_plain__"


def join(spawner_class: Any, told: Told) -> bool:
    """Have ``get_env`` of JupyterHub's ``Spawner`` say what is told; whether it said something
    else before, which is gone.
    """
    found = spawner_class.get_env
    plain = getattr(found, _PLAIN, found)

    @wraps(plain)
    def get_env(spawner: Any) -> dict[str, Any]:
        variables: dict[str, Any] = plain(spawner)
        public = str(variables.get("JUPYTERHUB_PUBLIC_HUB_URL") or "").removesuffix("hub/")
        image = _text(getattr(spawner, "image", ""))
        usual = _usual(spawner) if image else ""
        # The operator's own come last, and win.
        return {**told.variables(image=image, usual=usual, public=public), **variables}

    setattr(get_env, _PLAIN, plain)
    spawner_class.get_env = get_env
    return plain is not found


def _usual(spawner: Any) -> str:
    """The image that the configuration names, whatever was chosen since."""
    for kind in type(spawner).__mro__:
        section = spawner.config.get(kind.__name__, {})
        if found := _text(section.get("image")):
            return found
    return _text(spawner.trait_defaults("image")) if spawner.has_trait("image") else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
