"""The end of a server that was started for a session."""

from __future__ import annotations

from datetime import timedelta

from binderclip.addresses.masking import masked
from binderclip.fetch.faults import within
from binderclip.hubs.faults import home_page
from binderclip.hubs.jupyterhub import HubServerState, JupyterHub
from binderclip.hubs.models import moment
from binderclip.session import HubServer
from binderclip.web import Web

# For questions before and after, and a hub that is slow to answer.
_SPARE_S = 30
# The hub notes the start right when it is asked; a record may have only the second of asking.
_TOLERANCE = timedelta(minutes=2)


async def ended(web: Web, server: HubServer, token: str, stop_s: float) -> None:
    """Stop it, and make the hub forget it if it was made for us, and its token. Raises the failure
    of ``web``.
    """
    late = web.failure(
        f"{masked(server.api)}: the server could not be stopped within {stop_s + _SPARE_S:g} s",
        hint=f"look at {masked(home_page(server.api))}",
    )
    async with within(stop_s + _SPARE_S, late):
        hub = JupyterHub(web, server.api, token)
        state = await hub.server(server.user, server.name)
        if state is not None and not _anothers(server, state):
            await hub.stop_server(server.user, server.name, remove=server.made, within_s=stop_s)
        await left(web, server, token)


async def left(web: Web, server: HubServer, token: str) -> None:
    """The session is over, whether the server is or not."""
    if server.token_id:
        await JupyterHub(web, server.api, token).revoke_token(server.user, server.token_id)


def _anothers(server: HubServer, state: HubServerState) -> bool:
    """It was stopped, and somebody has started it since: the person, in a browser."""
    ours = moment(server.started)
    if ours is None or state.started is None or not state.active:
        return False
    return abs(state.started - ours) > _TOLERANCE
