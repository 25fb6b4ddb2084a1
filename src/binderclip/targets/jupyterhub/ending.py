"""The end of a server that was started for a session."""

from __future__ import annotations

from datetime import timedelta

from binderclip.hubs.jupyterhub import HubServerState, JupyterHub
from binderclip.hubs.models import moment
from binderclip.session import HubServer
from binderclip.web import Web

# The hub notes the start right when it is asked; a record may have only the second of asking.
_TOLERANCE = timedelta(minutes=2)


async def ended(web: Web, server: HubServer, token: str, stop_s: float) -> None:
    """Stop it, and make the hub forget it if it was made for us. Raises the failure of ``web``."""
    hub = JupyterHub(web, server.api, token)
    state = await hub.server(server.user, server.name)
    if state is not None and not _anothers(server, state):
        await hub.stop_server(server.user, server.name, remove=server.made, within_s=stop_s)


def _anothers(server: HubServer, state: HubServerState) -> bool:
    """It was stopped, and somebody has started it since: the person, in a browser."""
    ours = moment(server.started)
    if ours is None or state.started is None or not state.active:
        return False
    return abs(state.started - ours) > _TOLERANCE
