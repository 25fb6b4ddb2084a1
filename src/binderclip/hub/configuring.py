"""The one line of an operator: its keywords, checked when the hub starts."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping, Sequence

from binderclip.errors import ConfigError
from binderclip.hub.checking import Checks
from binderclip.hub.spawners import join
from binderclip.hub.variables import Told

_HUB_S_LOG = "JupyterHub"
"""As traitlets name the log of an application: by its class."""


def configure(
    *,
    build: str = "",
    builds: Mapping[str, str] | None = None,
    image: str = "",
    hosts: Sequence[str] = (),
    hub: str = "",
    policy: str = "",
    known_hosts: Sequence[str] = (),
    **unknown: object,
) -> None:
    """Tell every server that this JupyterHub starts, with whatever spawner, what its notebooks are
    to say of their environment. Stands anywhere in ``jupyterhub_config.py``; a second call takes
    the place of the first, and the hub's log says so. What an operator's own ``environment`` says
    comes before it.

    ``build``: the repository that the environment is built from, with ``@REF`` behind it. Where
    servers run images: that of the image which the configuration names, and of no other.
    ``builds``: the repository by image, for images that users choose among.
    ``image``: the image that servers run in, for spawners that have none of their own.
    ``hosts``: BinderHubs that launch this environment, in order of preference.
    ``hub``: the public address of this JupyterHub [default: ``c.JupyterHub.public_url``].
    ``policy``: ``missing``, ``managed`` or ``never`` [default: ``missing``].
    ``known_hosts``: BinderHubs whose servers may say where they were launched.

    Raises ConfigError, which stops the hub, with a line for each keyword that is wrong.
    """
    checks = Checks()
    checks.unknown(unknown, _KEYWORDS)
    told = Told(
        build=checks.repository("build", build),
        builds=checks.builds("builds", builds or {}),
        image=checks.image("image", image),
        hosts=checks.hosts("hosts", hosts),
        hub=checks.hub("hub", hub),
        policy=checks.policy("policy", policy),
        known_hosts=checks.hosts("known_hosts", known_hosts),
    )
    checks.done()
    try:
        # By its name: this module is read where JupyterHub is not installed, too.
        spawner_class = importlib.import_module("jupyterhub.spawner").Spawner
    except ImportError as error:
        raise ConfigError(
            "binderclip.hub.configure: found no JupyterHub in this Python",
            hint="it belongs in jupyterhub_config.py",
        ) from error
    doubts = checks.doubts
    if join(spawner_class, told):
        doubts.append("binderclip.hub.configure: called again: what the call before said is gone")
    for doubt in doubts:
        logging.getLogger(_HUB_S_LOG).warning("%s", doubt)


_KEYWORDS = tuple(configure.__kwdefaults__ or {})
