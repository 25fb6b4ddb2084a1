"""Environments over git's smart HTTP, to be read and no more: one commit a repository.

Source of the protocol: https://git-scm.com/docs/gitprotocol-http. Version 0, which clients of
version 2 take as well. There is no list of what there is, no other way of reading, and no writing.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from binderclip.errors import TooLarge
from binderclip.gateway.bodies import kind_of, whole
from binderclip.gateway.context import gateway_of
from binderclip.gateway.envs import pkt
from binderclip.gateway.envs.named import Named
from binderclip.gateway.envs.sending import Bounds, Pack, Traffic
from binderclip.gateway.envs.store import KEY, Stored
from binderclip.rest.faults import TooSlow

if TYPE_CHECKING:
    from binderclip.gateway.envs.store import EnvStore

_UPLOAD_PACK = "git-upload-pack"
_ADVERTISED = f"application/x-{_UPLOAD_PACK}-advertisement"
_REQUEST = f"application/x-{_UPLOAD_PACK}-request"
_RESULT = f"application/x-{_UPLOAD_PACK}-result"
_ABILITIES = "shallow allow-tip-sha1-in-want no-progress object-format=sha1 agent=binderclip"
_BRANCH = "refs/heads/main"
_GZIP_BITS = 31
_PLAIN = frozenset({"", "identity"})
_GZIP = frozenset({"gzip", "x-gzip"})
_GONE = "there is no such environment here, or there is no more: launch its notebook once more"
_HEADERS = {"Cache-Control": "no-cache, max-age=0, must-revalidate"}


class _Refusal(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


def routes(bounds: Bounds | None = None) -> list[BaseRoute]:
    serving, named = _Serving(Traffic(bounds or Bounds())), Named()
    return [
        Route("/env/{key}.git/info/refs", serving.refs, methods=["GET"]),
        Route(f"/env/{{key}}.git/{_UPLOAD_PACK}", serving.upload_pack, methods=["POST"]),
        Route("/env/{key}.git/git-receive-pack", _no_pushes, methods=["GET", "POST"]),
        Route("/env/notebook/{rest:path}", named.answer, methods=["GET"]),
        Route("/env/of/{rest:path}", named.answer, methods=["GET"]),
    ]


class _Serving:
    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic

    async def refs(self, request: Request) -> Response:
        """What the repository has: git's first question."""
        service = request.query_params.get("service")
        if service != _UPLOAD_PACK:
            return refused(403, _no_service(service))
        stored = await asyncio.to_thread(_stored, gateway_of(request).envs, request)
        return advertised(stored.commit) if stored else refused(404, _GONE)

    async def upload_pack(self, request: Request) -> Response:
        """The one commit, for whoever wants it."""
        stored = await asyncio.to_thread(_stored, gateway_of(request).envs, request)
        if stored is None:
            return refused(404, _GONE)
        return await answered(request, {stored.commit: stored}, self._traffic)


def advertised(commit: str) -> Response:
    """The refs of a repository that has this commit alone."""
    body = [
        pkt.line(f"# service={_UPLOAD_PACK}"),
        pkt.FLUSH,
        pkt.line(f"{commit} HEAD\0{_ABILITIES} symref=HEAD:{_BRANCH}"),
        pkt.line(f"{commit} {_BRANCH}"),
        pkt.FLUSH,
    ]
    return Response(b"".join(body), media_type=_ADVERTISED, headers=_HEADERS)


async def answered(request: Request, commits: Mapping[str, Stored], traffic: Traffic) -> Response:
    """What git is sent: of ``commits``, the one that it wants."""
    try:
        asked = pkt.asked(await _body(request, traffic.bounds))
        return await _answer(asked, commits, traffic)
    except _Refusal as refusal:
        return refused(refusal.status, refusal.text)
    except pkt.Malformed as malformed:
        return refused(400, f"{malformed}, expected what git sends to fetch")
    except ClientDisconnect:
        return refused(400, "the request broke off")


async def _answer(asked: pkt.Asked, commits: Mapping[str, Stored], traffic: Traffic) -> Response:
    if unknown := next((want for want in asked.wants if want not in commits), None):
        return _result(pkt.line(f"ERR upload-pack: not our ref {unknown}"))
    # What is cut off where comes before all else. Nothing is: the commit has no parents.
    start = (pkt.FLUSH if asked.deepens else b"") + pkt.NAK * asked.rounds
    if not asked.done:
        return _result(start)
    if len(asked.wants) > 1:
        raise _Refusal(400, "found several commits wanted, expected one")
    stored = commits[asked.wants[0]]
    try:
        descriptor = await asyncio.to_thread(os.open, stored.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as exc:
        raise _Refusal(404, _GONE) from exc
    headers = {**_HEADERS, "Content-Type": _RESULT}
    return Pack(start + pkt.NAK, descriptor, stored.size_bytes, headers, traffic)


def refused(status: int, text: str) -> Response:
    """Plain text: git shows it to whoever runs it."""
    headers = {"Retry-After": "10"} if status == 503 else {}  # noqa: PLR2004 - unavailable
    return Response(f"{text}\n", status, headers | _HEADERS, media_type="text/plain")


def _stored(envs: EnvStore, request: Request) -> Stored | None:
    key = request.path_params["key"]
    return envs.get(key) if KEY.fullmatch(key) else None


async def _no_pushes(_request: Request) -> Response:
    return refused(403, "this repository can be read, and nothing can be pushed to it")


def _no_service(service: str | None) -> str:
    if service is None:
        return "expected a git that speaks smart HTTP (version 1.6.6 or later)"
    return "this repository can be read by git-upload-pack, and nothing else"


def _result(body: bytes) -> Response:
    return Response(body, media_type=_RESULT, headers=_HEADERS)


async def _body(request: Request, bounds: Bounds) -> bytes:
    if kind_of(request) != _REQUEST:
        raise _Refusal(415, f"expected a body of the type {_REQUEST}")
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in _PLAIN | _GZIP:
        raise _Refusal(415, "expected a body that is plain or compressed by gzip")
    try:
        body = await whole(request, bounds.body_bytes, bounds.body_s)
    except TooLarge as error:
        raise _too_large(bounds.body_bytes) from error
    except TooSlow as error:
        raise _Refusal(error.http_status, error.message) from error
    return _unzipped(body, bounds.body_bytes) if encoding in _GZIP else body


def _unzipped(body: bytes, most: int) -> bytes:
    stream = zlib.decompressobj(_GZIP_BITS)
    try:
        plain = stream.decompress(body, most + 1)
    except zlib.error as exc:
        raise _Refusal(400, "found a body that is not compressed as it says") from exc
    if len(plain) > most:
        raise _too_large(most)
    if not stream.eof or stream.unused_data:
        raise _Refusal(400, "found a body that is not compressed as it says")
    return plain


def _too_large(most: int) -> _Refusal:
    return _Refusal(
        413,
        f"expected a request of at most {most} bytes; clone afresh rather than fetch into "
        "a repository with a history of its own",
    )
