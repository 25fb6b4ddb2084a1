"""What a notebook says, whether it is right, and the links that launch it. Nothing of it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import PurePosixPath

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from binderclip import notebook as notebooks
from binderclip.errors import RateLimited, Refused, TimedOut
from binderclip.gateway.answers import answered
from binderclip.gateway.api.requests import LinksAsked, ResolveAsked, ValidateAsked
from binderclip.gateway.api.resource import body_of, passed_over, told, unknown_query
from binderclip.gateway.asked import source_of
from binderclip.gateway.context import Gateway, gateway_of
from binderclip.gateway.launches.choosing import place_for, refusal
from binderclip.gateway.launches.model import Look
from binderclip.gateway.linking import asked_for, hubs_of
from binderclip.gateway.settings.model import Settings
from binderclip.gateway.visitors.who import visitor
from binderclip.links import Asked, Nowhere
from binderclip.links.answer import links_as_json
from binderclip.links.pages import gateway_page
from binderclip.links.webaddress import fetchable, secret
from binderclip.notebook import MISSING, Missing
from binderclip.portrait import environment_as_json
from binderclip.rest import linking
from binderclip.rest.faults import BadRequest
from binderclip.rest.verdict import verdict
from binderclip.spec import read, write
from binderclip.spec.model import JSON, Binder
from binderclip.spec.places import MYBINDER

NOTEBOOK_BYTES = 16 << 20
"""The largest body of ``validate``: a notebook without its outputs is enough."""
QUERY_URL, QUERY_PLACE = 2000, 200
"""Characters; percent-encoded there are up to twelve times as many, and servers take few."""
_LONGEST_S = 120.0
_RESOLVE = ("url", "place")


async def resolve_get(request: Request) -> Response:
    unknown_query(request, _RESOLVE)
    url = request.query_params.get("url")
    if not url:
        raise BadRequest(
            "the address: found no notebook's address, expected one behind url=",
            hint="percent-encode it: ?url=https%3A%2F%2Fexample.org%2Fx.ipynb",
        )
    place = request.query_params.get("place")
    for key, text, most in (("url", url, QUERY_URL), ("place", place or "", QUERY_PLACE)):
        if len(text) > most:
            raise BadRequest(
                f"the address: found {len(text)} characters behind {key}=, expected at most {most}",
                hint="send it as JSON with POST, which takes longer ones",
            )
    return await _resolved(request, ResolveAsked(url=url, place=place))


async def resolve_post(request: Request) -> Response:
    return await _resolved(request, await body_of(request, ResolveAsked))


async def _resolved(request: Request, asked: ResolveAsked) -> Response:
    gateway = gateway_of(request)
    look = await looked_at(request, asked.url)
    place, refused, remarks = _where(gateway, look, asked.place)
    return await told(_resolution, look, gateway.settings, (place, refused, remarks))


async def looked_at(request: Request, address: str, *, counted: bool = False) -> Look:
    """Counted for whoever asks, unless it is already. Raises Refused, RateLimited, SourceError and
    its kin, NotebookError, SpecError.
    """
    source, gateway = source_of(address), gateway_of(request)
    client = (await visitor(request)).client
    if not counted:
        gateway.counter.take("looks", client)
    job = gateway.looker.begin(client, source, client=client)
    await gateway.looker.settled(job, _LONGEST_S)
    if job.failure is not None:
        raise job.failure
    if job.result is None:
        raise TimedOut(f"the notebook was not there after {_LONGEST_S:g} s", hint="try again")
    return job.result


def _where(
    gateway: Gateway, look: Look, stated: str | None
) -> tuple[str | None, str | None, tuple[str, ...]]:
    """The place's name, why it cannot take the notebook, and remarks. Raises Refused where
    ``stated`` names no place.
    """
    try:
        place, remarks = place_for(gateway.settings, look, stated)
    except Refused as error:
        if stated is not None:
            raise
        return None, error.message, ()
    return place.name, refusal(gateway.settings, place, look.opened.environment), tuple(remarks)


def _resolution(
    look: Look, settings: Settings, where: tuple[str | None, str | None, tuple[str, ...]]
) -> dict[str, object]:
    opened, source = look.opened, look.source
    place, refused, remarks = where
    binder = opened.binder
    return {
        "source": {"address": source.shown, "name": source.name, "how": source.how},
        "title": look.excerpt.title,
        "digest": look.digest,
        "binder": write(binder) if binder else None,
        "environment": environment_as_json(binder or Binder()),
        "lent": look.lent,
        "words": [{"what": what, "says": says} for what, says in look.rows],
        "remarks": [*look.remarks, *remarks],
        "place": place,
        "refusal": refused,
        "page": _page(look, settings),
    }


def _page(look: Look, settings: Settings) -> str | None:
    """The launch page's address, unless it would show a secret to everybody who gets it."""
    url = fetchable(look.source.address)
    return None if secret(url) else gateway_page(settings.public_url, url)


async def validate(request: Request) -> Response:
    async with _sent(request) as gateway:
        asked = await body_of(request, ValidateAsked, max_bytes=NOTEBOOK_BYTES)
        async with gateway.sent.turn():
            return await told(_verdict, asked)


@asynccontextmanager
async def _sent(request: Request) -> AsyncIterator[Gateway]:
    """While the body of a request is read, which counts as a look. Raises RateLimited, Busy."""
    gateway, client = gateway_of(request), (await visitor(request)).client
    with ExitStack() as held:
        try:
            gateway.counter.take("looks", client)
            held.enter_context(gateway.sent.held(client, request.headers.get("content-length")))
        except RateLimited:
            await passed_over(request)
            raise
        yield gateway


def _verdict(asked: ValidateAsked) -> dict[str, object]:
    """Raises NotebookError for what is sent as a notebook and is none."""
    value: JSON | Missing = asked.value
    if asked.notebook is not UNSET:
        value = notebooks.parse(bytes(asked.notebook), "notebook.ipynb").get("binder")
    return verdict(value)[0]


async def links(request: Request) -> Response:
    async with _sent(request) as gateway:
        asked = await body_of(request, LinksAsked)
        if asked.url is UNSET:
            async with gateway.sent.turn():
                return await told(_links, asked, gateway.settings, None)
    look = await looked_at(request, asked.url, counted=True)
    return await told(_links, asked, gateway.settings, look)


def _links(asked: LinksAsked, settings: Settings, look: Look | None) -> dict[str, object]:
    """Raises SpecError, Refused."""
    question = _stated(asked, settings) if look is None else asked_for(look, settings)
    hosts = linking.addresses("hosts", asked.hosts)
    hubs = linking.addresses("hubs", asked.hubs)
    question = replace(
        question,
        hosts=hosts or question.hosts,
        hubs=hubs or question.hubs,
        ui=None if asked.ui is UNSET else asked.ui,
        latest=asked.latest,
    )
    return links_as_json(question, linking.linked(question, asked.kinds), badge=asked.badge)


def _stated(asked: LinksAsked, settings: Settings) -> Asked:
    binder = None if asked.value is MISSING else read(asked.value).binder
    place = linking.stated(asked.place) if asked.place else Nowhere("was not said to lie anywhere")
    path = "notebook.ipynb" if isinstance(place, Nowhere) else place.path
    return Asked(
        binder=binder,
        place=place,
        name=PurePosixPath(path).name,
        hosts=(binder.host if binder else ()) or (MYBINDER,),
        hubs=hubs_of(settings),
        gateways=(settings.public_url,),
    )


async def places(request: Request) -> Response:
    settings = gateway_of(request).settings
    body = {
        "default": settings.default,
        "places": [
            {
                "name": one.name,
                "title": one.title,
                "kind": one.kind,
                "url": one.public_url or one.url,
                "ask": one.ask,
                "login": one.login,
            }
            for one in settings.places.values()
        ],
    }
    return answered(body)
