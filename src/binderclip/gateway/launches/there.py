"""Sessions that are elsewhere: on a hub, or a server that runs already."""

from __future__ import annotations

from binderclip import flow
from binderclip.errors import LaunchError
from binderclip.flow import Candidate
from binderclip.flow.seats import seated, served
from binderclip.gateway.launches.model import Landing
from binderclip.gateway.launches.seating import Seating
from binderclip.gateway.launches.table import Landed
from binderclip.gateway.settings.model import PlaceSettings
from binderclip.guard import Guard
from binderclip.servers import Server
from binderclip.servers.pages import page
from binderclip.session import Session


async def landed(seating: Seating) -> Landed:
    """Launch it, put the notebook there, find its page. It stays when this process ends; where
    something goes wrong on the way it is stopped. Raises the tree of errors.
    """
    place, target = seating.order.place, seating.target
    candidate = Candidate(target, place.title, "")
    async with flow.launched_on_first(
        [candidate], seating.environment, seating.observe, leave=True
    ) as (_, session):
        landing = await on_server(seating, session, seating.guard)

    async def stop() -> None:
        await target.stop(session)

    return Landed(landing, stop)


async def on_server(seating: Seating, session: Session, guard: Guard) -> Landing:
    """The notebook put on the session's server, which ``guard`` lets through, and its page."""
    remarks: list[str] = []
    async with served(session, guard) as server:
        url = await _page(seating, server, session, remarks)
    return _landing(seating.order.place, session, url, tuple(remarks))


async def _page(seating: Seating, server: Server, session: Session, remarks: list[str]) -> str:
    look = seating.order.look
    if look is None:
        return f"{server.url}{seating.urlpath or ''}"

    def remark(line: str) -> None:
        remarks.append(line)
        seating.say(line)

    seating.say("putting the notebook there")
    async with seated(
        look.opened,
        server,
        throwaway=session.throwaway,
        files=(),
        copies=seating.copies,
        observe=seating.observe,
        remark=remark,
        stays=True,
    ) as seat:
        if seating.urlpath is not None:
            return f"{server.url}{seating.urlpath}"
        return await page(server, seat.path, None)


def _landing(place: PlaceSettings, session: Session, url: str, remarks: tuple[str, ...]) -> Landing:
    """As browsers call it: a hub may be another one's neighbour, and have an address inside."""
    server, hub = session.url, session.hub
    if server is None:
        raise LaunchError(f"{place.title}: the launch ended without a server")
    if hub is not None and place.kind == "jupyterhub" and place.public_url:
        base = hub.api.removesuffix("hub/api/")
        server, url = (_moved(one, base, place.public_url) for one in (server, url))
    # A hub's pages ask their person to log in, and a server that stays is somebody's own: what
    # opens either opens more than this launch.
    sends = hub is None and (place.here or session.throwaway)
    # What the hub makes no narrower one of opens all of its person's servers.
    token = session.token if hub is None or hub.token_id else None
    return Landing(url, server, token, sends, session, remarks)


def _moved(url: str, base: str, public: str) -> str:
    return f"{public}{url.removeprefix(base)}" if url.startswith(base) else url
