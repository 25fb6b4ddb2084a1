"""Forms of our own pages: that they are ours, and this visitor's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from urllib.parse import parse_qsl

from starlette.requests import Request

from binderclip.errors import NotTrusted, Refused
from binderclip.gateway.bodies import kind_of, whole
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


async def checked_form(
    request: Request, unproved: Callable[[Mapping[str, str]], Awaitable[None]] | None = None
) -> Mapping[str, str]:
    """The fields of a form of ours, each once; ``unproved`` sees them before it is known that they
    are this visitor's. Raises NotTrusted where it came from elsewhere or is
    not this visitor's, TooLarge, TooSlow, and Refused for what is no form.
    """
    gateway = gateway_of(request)
    if of_another_site(request, gateway.settings):
        raise NotTrusted(
            "found a form that another web site sent, expected one of our own pages", hint=_AGAIN
        )
    if kind_of(request) != "application/x-www-form-urlencoded":
        raise Refused(
            "found a body of another type, expected application/x-www-form-urlencoded",
            hint="for programs there is the API below api/v1/",
        )
    fields = _fields(await whole(request, MAX_BYTES, _WITHIN_S))
    if unproved is not None:
        await unproved(fields)
    signed = gateway.signer.read(_KIND, fields.get(FIELD, ""), _AGE_S)
    owner = gateway.signer.name(_KIND, (await visitor(request)).owner)
    if not same(str(signed.get("owner", "")), owner):
        raise NotTrusted("found a form of somebody else, expected one of yours", hint=_AGAIN)
    return fields


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
