"""Being let into one repository of a registry: nothing, Basic, or a bearer token.

A login goes to the registry that it was kept for and to the token server that this registry names,
encrypted or within this machine; never to another.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from binderclip.addresses.link import Link, parse
from binderclip.addresses.masking import masked
from binderclip.errors import BinderclipError, ResolveError, SourceError, TooLarge
from binderclip.registries.challenges import Challenge, challenges
from binderclip.registries.credentials import Credentials, Login
from binderclip.registries.images import Image, on_loopback
from binderclip.registries.manifests import parsed
from binderclip.registries.refusals import closed, limited, private, strange

if TYPE_CHECKING:
    from binderclip.web import Answer, Web

_MAX_BYTES = 1 << 17
_TOKEN = re.compile(r"[\x21-\x7e]{1,32768}")
_CLIENT = "binderclip"
_ASKING = "www-authenticate"
_LOGIN_REFUSED = "the login that is kept for it was refused"
_NOT_GUARDED = "a login is kept, but is not sent over plain http"
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST})


class Access:
    """``header`` is what opens the repository, once the registry has asked for it, or None."""

    def __init__(self, web: Web, image: Image, origin: str, credentials: Credentials) -> None:
        self._web, self._image, self._credentials = web, image, credentials
        self._registry = parse(origin)
        self._lock = asyncio.Lock()
        self.header: str | None = None
        self.remark: str | None = None

    async def renew(self, answer: Answer, used: str | None) -> str | None:
        """A header for a request that got a 401 with the header ``used``; None where there is no
        other to be had. Askers at the same time share one.
        """
        if parse(answer.url).origin != self._registry.origin:
            return None  # somebody else, whom the registry sent us to, wants to know who we are
        async with self._lock:
            if self.header == used:
                self.header = await self._new(answer, used)
            return self.header

    async def _new(self, answer: Answer, used: str | None) -> str | None:
        wanted = {one.scheme: one for one in challenges(answer.headers.get_list(_ASKING))}
        login = await self._login() if wanted else None
        if bearer := wanted.get("bearer"):
            return f"Bearer {await self._token(bearer, login)}"
        if "basic" in wanted and login and not login.identity_token:
            header = f"Basic {login.basic}"
            return header if header != used else None
        return None

    def used(self, header: str, answer: Answer) -> None:
        """Take note of how a new header fared."""
        if header.startswith("Basic ") and answer.status in _REFUSED:
            self.remark = _LOGIN_REFUSED

    async def _login(self) -> Login | None:
        login = await self._credentials.login(self._image)
        if login and not _guarded(self._registry):
            self.remark = _NOT_GUARDED
            return None
        return login

    async def _token(self, challenge: Challenge, login: Login | None) -> str:
        """With the login, or without where that is of no use."""
        realm = await self._realm(challenge.parameters.get("realm", ""))
        scope = challenge.parameters.get("scope") or f"repository:{self._image.name}:pull"
        asked = {"service": challenge.parameters.get("service", ""), "scope": scope}
        asked = {name: value for name, value in asked.items() if value}
        if login and not _guarded(realm):
            self.remark = _NOT_GUARDED
            login = None
        if login:
            answer = await self._asked(realm, asked, login)
            if answer.status not in _REFUSED:
                return self._given(answer, realm)
            self.remark = _LOGIN_REFUSED
        return self._given(await self._asked(realm, asked, None), realm)

    async def _asked(self, realm: Link, asked: Mapping[str, str], login: Login | None) -> Answer:
        try:
            if login and login.identity_token:
                form = {"grant_type": "refresh_token", "client_id": _CLIENT, **asked}
                form["refresh_token"] = login.identity_token
                return await self._web.ask("POST", realm.url, form=form, max_bytes=_MAX_BYTES)
            query = "&".join(part for part in (realm.query, urlencode(asked)) if part)
            headers = {"Authorization": f"Basic {login.basic}"} if login else {}
            url = f"{realm.origin}{realm.path}?{query}"
            return await self._web.ask("GET", url, headers=headers, max_bytes=_MAX_BYTES)
        except TooLarge as error:
            raise strange(self._image, "a token that is too large") from error

    def _given(self, answer: Answer, realm: Link) -> str:
        """The token of an answer. Raises ResolveError, RateLimited, Unreachable."""
        if answer.status in _REFUSED:
            raise private(self._image, answer.status, self.remark)
        if failure := limited(answer, realm.host) or closed(answer, realm.host):
            raise failure
        value = parsed(answer.data) if answer.ok else {}
        token = value.get("token") or value.get("access_token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise strange(self._image, f"no token from {realm.host} ({answer.status})")
        return token

    async def _realm(self, text: str) -> Link:
        from binderclip.web import leads_inside  # noqa: PLC0415 - imports httpx

        try:
            realm = parse(text)
        except SourceError as error:
            raise self._no_realm(text) from error
        downgraded = self._registry.scheme == "https" and realm.scheme == "http"
        inward = await leads_inside(self._web.guard, self._registry, realm)
        if realm.userinfo is not None or downgraded or inward:
            raise self._no_realm(text)
        return realm

    def _no_realm(self, text: str) -> BinderclipError:
        return ResolveError(
            f"{self._image}: {self._image.host} wants a token from {masked(text)!r}, expected an "
            f"{self._registry.scheme} address"
        )


def _guarded(link: Link) -> bool:
    """May a secret go there?"""
    return link.scheme == "https" or on_loopback(link)
