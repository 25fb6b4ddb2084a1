"""Forms of our own pages: that they are ours, and this visitor's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import parse_qsl

from starlette.requests import Request

from binderclip.errors import NotTrusted, Refused, TimedOut, TooLarge
from binderclip.gateway.context import gateway_of
from binderclip.gateway.visitors.origins import of_another_site
from binderclip.gateway.visitors.signing import same
from binderclip.gateway.visitors.who import visitor

FIELD = "csrf"
"""The name of the hidden field with the token."""
MAX_BYTES = 64 * 1024
_KIND = "form"
_AGE_S = 12 * 3600.0
_MAX_FIELDS = 100
_WITHIN_S = 15.0
_AGAIN = "open the page again and confirm there; cookies have to be allowed for this site"


async def csrf(request: Request) -> str:
    """The token for this visitor's forms: bound to their cookie, which ``remembered`` has to set on
    the page with the form.
    """
    signer, asking = gateway_of(request).signer, await visitor(request)
    return signer.sign(_KIND, {"owner": signer.name(_KIND, asking.owner)})


async def checked_form(request: Request) -> Mapping[str, str]:
    """The fields of a form of ours, each once. Raises NotTrusted where it came from elsewhere or is
    not this visitor's, TooLarge, TimedOut, and Refused for what is no form.
    """
    gateway = gateway_of(request)
    if of_another_site(request, gateway.settings):
        raise NotTrusted(
            "found a form that another web site sent, expected one of our own pages", hint=_AGAIN
        )
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refused(
            "found a body of another type, expected application/x-www-form-urlencoded",
            hint="for programs there is the API below api/v1/",
        )
    fields = _fields(await body(request, MAX_BYTES))
    signed = gateway.signer.read(_KIND, fields.get(FIELD, ""), _AGE_S)
    owner = gateway.signer.name(_KIND, (await visitor(request)).owner)
    if not same(str(signed.get("owner", "")), owner):
        raise NotTrusted("found a form of somebody else, expected one of yours", hint=_AGAIN)
    return fields


async def body(request: Request, most: int, within_s: float = _WITHIN_S) -> bytes:
    """All of it. Raises TooLarge for more than ``most`` bytes, whatever the header says, and
    TimedOut for one that does not come within ``within_s``.
    """
    told = request.headers.get("content-length", "")
    if told.isdigit() and (len(told) > 18 or int(told) > most):  # noqa: PLR2004 - 64 bits
        raise _too_large(most)
    found = bytearray()
    try:
        async with asyncio.timeout(within_s):
            async for chunk in request.stream():
                found += chunk
                if len(found) > most:
                    raise _too_large(most)
    except TimeoutError as error:
        raise TimedOut(
            f"found a request whose body did not come within {within_s:.0f} seconds",
            hint="send it again over a better connection",
        ) from error
    return bytes(found)


def _fields(data: bytes) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(
            data.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:
        raise Refused("found a body that is no form", hint=_AGAIN) from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused("found a field twice, expected each once", hint=_AGAIN)
    return MappingProxyType(fields)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"found a body of more than {most} bytes, expected at most so many")
