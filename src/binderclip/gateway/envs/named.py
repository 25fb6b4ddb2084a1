"""The environment of a notebook, by the notebook's address: for BinderHubs that take notebooks, and
for whoever builds one by hand.

``/env/notebook/{quoted}`` says in JSON which commit it is now, and ``…/{quoted}/{commit}`` where an
earlier one is. ``…/{quoted}.git`` and ``…/{quoted}/{commit}.git`` lead git to the repository.
``/env/of/…`` is the same by an address in base64url: hubs make names of what they clone, and some
proxies unquote what they pass on.
"""

from __future__ import annotations

import asyncio
import base64
import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from binderclip.errors import BinderclipError, NotTrusted
from binderclip.gateway.answers import answered, refused
from binderclip.gateway.asked import raw_path, source_of, unquoted
from binderclip.gateway.context import Gateway, gateway_of
from binderclip.gateway.envs.remembered import Base, Built
from binderclip.gateway.envs.resolving import Resolved, Resolver, clone_url, described, remembered
from binderclip.gateway.visitors.origins import of_another_site, welcome
from binderclip.gateway.visitors.who import visitor
from binderclip.rest.faults import NotFound, waiting

_NAMED = re.compile(
    rb".*?/env/(?P<how>notebook|of)/"
    rb"(?P<address>.+?)(?:/(?P<commit>[0-9a-f]{40}))?(?P<git>\.git/info/refs)?",
    re.DOTALL,
)
_CODED = re.compile(rb"[A-Za-z0-9_-]+")
_MOST_CODED = 16 * 2**10
_SERVICE = "git-upload-pack"


@dataclass(frozen=True, slots=True)
class _Asked:
    address: str
    commit: str | None
    git: bool


class Named:
    """Answers for both kinds of addresses."""

    def __init__(self) -> None:
        self._resolver: Resolver | None = None

    async def answer(self, request: Request) -> Response:
        asked = None
        try:
            asked = _asked(request)
            _refuse_pages(request)
            if asked.git:
                return await self._lead(request, asked)
            return await self._say(request, asked)
        except BinderclipError as error:
            return _plainly(error) if asked and asked.git else refused(error)

    async def _say(self, request: Request, asked: _Asked) -> Response:
        gateway = gateway_of(request)
        source = source_of(asked.address)
        if asked.commit is not None:
            found = described(gateway, await self._found(request, asked), source.origin)
        else:
            found = await self._resolved(request, asked)
        return answered(_as_json(found))

    async def _lead(self, request: Request, asked: _Asked) -> Response:
        """To the repository, where git goes on. Nobody else is led to an address that a stranger
        put into a notebook.
        """
        if request.query_params.get("service") != _SERVICE:
            return _plain(403, "this repository can be read by git, and nothing else")
        found = await self._found(request, asked)
        url = clone_url(gateway_of(request), found)
        if found.key is None and not request.headers.get("user-agent", "").startswith("git/"):
            return _plain(403, f"the environment is the commit {found.commit} of {url}")
        to = f"{url}/info/refs?service={_SERVICE}"
        return RedirectResponse(to, 302, {"Cache-Control": "no-store"})

    async def _found(self, request: Request, asked: _Asked) -> Built:
        """What was resolved before, as long as it is there; or what it is now. Raises NotFound."""
        gateway = gateway_of(request)
        known = await asyncio.to_thread(_known, gateway, asked)
        if known is not None:
            return known
        await self._resolved(request, asked)
        known = await asyncio.to_thread(_known, gateway, asked)
        if known is None:
            raise NotFound(
                f"found another environment in the notebook by now, and {asked.commit} is kept "
                "here no more",
                hint="launch the notebook as it is now, without a commit",
            )
        return known

    async def _resolved(self, request: Request, asked: _Asked) -> Resolved:
        gateway = gateway_of(request)
        source, who = source_of(asked.address), await visitor(request)
        # It fetches all that a launch would. A hub, by its token, asks for all of its people.
        gateway.counter.take("looks" if who.trusted else "launches", who.client)
        if self._resolver is None:
            self._resolver = Resolver()
        return await self._resolver.resolve(gateway, source, named=asked.address, client=who.client)


def _known(gateway: Gateway, asked: _Asked) -> Built | None:
    found = remembered(gateway).find(asked.address, asked.commit)
    if found is not None and found.key is not None and gateway.envs.get(found.key) is None:
        return None
    return found


def _refuse_pages(request: Request) -> None:
    """What is fetched here is for hubs and for git: no page elsewhere makes a visitor's browser ask
    for it, nor in a frame or a window. Raises NotTrusted.
    """
    settings = gateway_of(request).settings
    site = request.headers.get("sec-fetch-site", "none")
    elsewhere = of_another_site(request, settings) or site not in {"same-origin", "none"}
    if elsewhere and not welcome(request, settings):
        raise NotTrusted(
            "found a request that another web site sent, expected one of a hub, of git, or of a "
            "site that may launch here",
            hint="open the address itself",
        )


def _asked(request: Request) -> _Asked:
    """Raises Refused."""
    named = _NAMED.fullmatch(raw_path(request))
    if named is None:
        raise NotFound("found no address behind /env/notebook/, expected one, percent-encoded")
    commit = named["commit"].decode() if named["commit"] else None
    read = unquoted if named["how"] == b"notebook" else _decoded
    return _Asked(read(named["address"]), commit, named["git"] is not None)


def _decoded(text: bytes) -> str:
    """base64url without the signs at its end: RFC 4648, section 5. Raises NotFound."""
    try:
        if len(text) <= _MOST_CODED and _CODED.fullmatch(text):
            return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)).decode()
    except ValueError:
        pass
    raise NotFound("found no address behind /env/of/, expected one in base64url")


def _as_json(found: Resolved) -> dict[str, Any]:
    return {
        "commit": found.commit,
        "repository": found.url,
        "provider": found.provider,
        "spec": found.spec,
        "own": found.own,
        "origin": found.origin,
        "on": _on(found.on),
        "image": found.on.image if found.on else None,
        "remarks": list(found.remarks),
    }


def _on(base: Base | None) -> dict[str, str | None] | None:
    """The repository that one of ours was made of."""
    if base is None or base.provider is None:
        return None
    return {"provider": base.provider, "spec": base.spec}


def _plainly(error: BinderclipError) -> Response:
    answer = _plain(error.http_status, error.message + (f" ({error.hint})" if error.hint else ""))
    answer.headers.update(waiting(error))
    return answer


def _plain(status: int, text: str) -> Response:
    """As git shows it to whoever runs it."""
    headers = {"Cache-Control": "no-store"}
    return Response(f"{text}\n", status, headers, media_type="text/plain")
