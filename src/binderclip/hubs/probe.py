"""What runs at an address: a gateway, a BinderHub, a JupyterHub, a Jupyter Server, and whether it
is well.

BinderHub, and a gateway of ours: ``/versions`` and ``/health`` (``binderhub/base.py``,
``binderhub/health.py``).
JupyterHub: ``/hub/api/``; Jupyter Server: ``/api``. Hubs answer paths that they do not know with
pages and status 200, so that only JSON of the right form counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from binderclip.addresses.masking import masked, printable
from binderclip.errors import BinderclipError, SourceError
from binderclip.hubs.bases import hub_bases, server_base
from binderclip.web import Answer, Web

if TYPE_CHECKING:
    from binderclip.tokens import Tokens

Kind: TypeAlias = Literal["binderhub", "gateway", "jupyterhub", "server"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TITLES: dict[Kind, str] = {
    "binderhub": "BinderHub",
    "gateway": "gateway",
    "jupyterhub": "JupyterHub",
    "server": "Jupyter Server",
}
_ASKED: dict[Kind, tuple[str, str]] = {
    "binderhub": ("versions", "binderhub"),
    "gateway": ("versions", "binderclip_gateway"),
    "jupyterhub": ("hub/api/", "version"),
    "server": ("api", "version"),
}
"""The path below the base that tells, and the key that its JSON has."""
_LONGEST_VERSION = 40
_SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True)
class Probe:
    """``url`` is the base, after redirects, and ends in ``/``; ``why`` is one line for people.

    ``kind`` is None where nothing of the kind answers. ``healthy`` is False, too, for a hub that
    says so itself or whose quota is full.
    """

    url: str
    kind: Kind | None
    healthy: bool
    version: str | None
    why: str


async def probe(
    web: Web,
    url: str,
    *,
    kind: Kind | None = None,
    tokens: Tokens | None = None,
    timeout_s: float = 10,
) -> Probe:
    """Ask what is at ``url``, an address as people paste it. With ``kind`` only that is looked for;
    a BinderHub or a gateway is told before a JupyterHub, and that before a server. Never raises
    for a host that does not answer or may not be asked: ``why`` says it.

    ``tokens`` are the person's: each address that is asked gets the one that was given for it.
    Raises ConfigError of theirs.
    """
    try:
        places = _places(url, kind)
    except SourceError as error:
        return Probe(masked(url), None, False, None, error.message)
    first = places[0][1]
    found = Probe(first, None, False, None, f"did not answer within {timeout_s:g} s")
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            found = await _found(web, places, tokens)
            if found.kind in {"gateway", "binderhub"}:
                silent = f"does not tell its health within {timeout_s:g} s"
                found, known = replace(found, healthy=False, why=silent), found
                found = await _with_health(web, known, tokens)
    return found


async def probes(
    web: Web, urls: Sequence[str], *, kind: Kind | None = None, timeout_s: float = 10
) -> AsyncGenerator[tuple[str, Probe], None]:
    """Each of ``urls`` with its probe, in their order; they are all asked at once. Close the
    iterator to leave the rest.
    """
    tasks = [asyncio.create_task(probe(web, url, kind=kind, timeout_s=timeout_s)) for url in urls]
    try:
        for url, task in zip(urls, tasks, strict=True):
            yield url, await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _places(url: str, kind: Kind | None) -> list[tuple[Kind, str]]:
    """What may be where, the most telling first. Raises SourceError."""
    found: list[tuple[Kind, str]] = []
    for one in (kind,) if kind else KINDS:
        bases = (server_base(url),) if one == "server" else hub_bases(url)
        found += [(one, base) for base in bases]
    return found


async def _found(web: Web, places: list[tuple[Kind, str]], tokens: Tokens | None) -> Probe:
    urls = dict.fromkeys(f"{base}{_ASKED[kind][0]}" for kind, base in places)
    answers = await asyncio.gather(*(_asked(web, url, tokens) for url in urls))
    known = dict(zip(urls, answers, strict=True))
    looks = [_look(kind, base, known[f"{base}{_ASKED[kind][0]}"]) for kind, base in places]
    if hit := next((look for look in looks if look.kind), None):
        return hit
    # An answer of another kind tells more than none.
    return next((look for look in looks if look.version == ""), looks[0])


async def _asked(web: Web, url: str, tokens: Tokens | None) -> Answer | BinderclipError:
    token = _token(tokens, url)
    try:
        return await web.ask("GET", url, token=token)
    except BinderclipError as error:
        return error


def _look(kind: Kind, base: str, answer: Answer | BinderclipError) -> Probe:
    """``version`` is empty where something else answers."""
    path, key = _ASKED[kind]
    other = Probe(base, None, False, "", f"answers, and is no {TITLES[kind]}")
    if isinstance(answer, BinderclipError):
        return replace(other, version=None, why=answer.message)
    value = _object(answer)
    place = _base_of(answer.url, path)
    if not answer.ok or key not in value or place is None:
        return other
    if kind == "server" and place.endswith("/hub/"):
        return other
    version = printable(str(value[key]), _LONGEST_VERSION)
    return Probe(place, kind, True, version, f"{TITLES[kind]} {version}")


def _token(tokens: Tokens | None, url: str) -> str | None:
    return tokens.of(url) if tokens else None


async def _with_health(web: Web, hub: Probe, tokens: Tokens | None) -> Probe:
    url = f"{hub.url}health"
    token = _token(tokens, url)
    try:
        answer = await web.ask("GET", url, token=token)
    except BinderclipError as error:
        return replace(hub, healthy=False, why=error.message)
    told = _object(answer)
    if "ok" not in told and answer.status < _SERVER_ERRORS:
        return hub  # an older one, or a proxy that does not let it through: the launch will tell
    if "ok" not in told:
        why = f"answers {answer.status} when asked for its health"
        return replace(hub, healthy=False, why=why)
    checks = told.get("checks")
    checks = [one for one in checks if isinstance(one, dict)] if isinstance(checks, list) else []
    if quota := next((one for one in checks if one.get("quota") is not None), None):
        hub = _with_quota(hub, quota)
    if told["ok"] is True or not hub.healthy:
        return hub
    ill = [_name(one) for one in checks if one.get("ok") is False and "quota" not in one]
    return replace(
        hub, healthy=False, why=f"says that it is not well ({', '.join(ill) or 'no reason'})"
    )


def _with_quota(hub: Probe, check: dict[str, Any]) -> Probe:
    """A full one does not count as unhealthy there, but launches fail then."""
    quota, used = check.get("quota"), check.get("user_pods", check.get("total_pods"))
    if not isinstance(quota, int) or not isinstance(used, int):
        return hub
    if used >= quota:
        return replace(hub, healthy=False, why=f"its quota is full: {used} of {quota} in use")
    return replace(hub, why=f"{hub.why}, {used} of {quota} in use")


def _name(check: dict[str, Any]) -> str:
    return printable(str(check.get("service") or "a check"), 60)


def _object(answer: Answer) -> dict[str, Any]:
    try:
        value = answer.json()
    except BinderclipError:
        return {}
    return value if isinstance(value, dict) else {}


def _base_of(url: str, path: str) -> str | None:
    """Where the base is, once the redirects from ``base + path`` led to ``url``."""
    place, tail = url.partition("?")[0].rstrip("/"), path.rstrip("/")
    return f"{place.removesuffix(tail)}" if place.endswith(f"/{tail}") else None
