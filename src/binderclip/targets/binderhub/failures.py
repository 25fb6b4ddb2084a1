"""How BinderHub says no: failed events and statuses, as errors of ours.

Nearly every failure is HTTP 200 with an event ``failed``, and few of those have a status: what
went wrong is told by the words alone (``binderhub/builder.py``, ``launcher.py``, ``quota.py``,
``repoproviders.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from binderclip.addresses.masking import masked
from binderclip.errors import (
    BinderclipError,
    BuildFailed,
    LaunchError,
    RateLimited,
    Refused,
    ResolveError,
    TimedOut,
    Unreachable,
)
from binderclip.targets.binderhub.said import Clean
from binderclip.targets.binderhub.told import Told
from binderclip.web import Answer
from binderclip.web.waits import sane_wait, stated_wait

_UNITS = {"second": 1, "minute": 60, "hour": 3600}
_LONGEST_LINE = 200
# Whatever else is told comes from a builder.
_OF_THE_HUB = frozenset({"", "waiting", "pushing", "built", "launching"})
_LOST_SIGHT = "Unhandled error watching"
_OTHER_HUB = "name another hub with --on, or run it with --on local"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """``place`` is the hub as people write it, ``url`` its address; ``spec`` is what was to be
    launched there, ``phase`` the last one before it failed, ``tail`` the end of the log; ``known``:
    a token of the person's was sent.
    """

    place: str
    url: str
    spec: str
    phase: str
    tail: Sequence[str]
    known: bool
    clean: Clean


def failed(told: Told, around: Circumstances) -> BinderclipError:
    """The error for an event ``failed``."""
    said = around.clean.said(told.message)
    builds = around.phase not in _OF_THE_HUB
    if not builds:  # a builder's words are about anything
        for pattern, rule in _BY_WORDS:
            if re.search(pattern, said, re.IGNORECASE):
                return rule(said, around)
    if told.status is not None:
        rule = _BY_STATUS.get(told.status, _hub_failed)
        return rule(said or f"status {told.status}", around)
    if (builds or around.phase == "waiting") and not re.match(_LOST_SIGHT, said):
        return _build_failed(said, around)
    return _hub_failed(said, around)


def answered(answer: Answer, around: Circumstances) -> BinderclipError:
    """The error for an answer that is no event stream."""
    said = around.clean.said(answer.said)
    status = answer.status
    if status == 429:  # noqa: PLR2004 - HTTP's "too many requests"
        return _rate_limited(said, around, wait_s=stated_wait(answer.headers))
    if status in {401, 403}:
        return _forbidden(said, around)
    if status in {502, 503, 504}:
        return Unreachable(
            f"{around.place} answered {status}{_colon(said)}: its hub does not run just now",
            hint=f"try again in some minutes, {_OTHER_HUB}",
        )
    if status == 404:  # noqa: PLR2004 - HTTP's "not found"
        return LaunchError(
            f"{around.place} answered 404 where a BinderHub launches{_colon(said)}",
            hint="is this the address of the hub itself, its path included?",
        )
    kind = around.clean.said(answer.headers.get("content-type", "").partition(";")[0]) or "nothing"
    return LaunchError(
        f"{around.place} answered {status} with {kind}{_colon(said)}, expected an event stream",
        hint="is this the address of the hub itself, or does it show a login page?",
    )


def combined(failures: Mapping[str, BinderclipError]) -> BinderclipError:
    """One error for several hosts that failed. Its class is theirs where it is one; hosts that did
    not even answer tell least; RateLimited stands only where waiting is all that helps.
    """
    if len(failures) == 1:
        return next(iter(failures.values()))
    message = "no hub could launch it\n" + "\n".join(
        f"  {place}: {error.message.removeprefix(f'{place} ')}" for place, error in failures.items()
    )
    kinds = {type(error) for error in failures.values()}
    hint = f"try again later, {_OTHER_HUB}"
    telling = kinds - {Unreachable} or kinds
    if kinds == {RateLimited}:
        waits = [getattr(error, "retry_after_s", None) for error in failures.values()]
        wait_s = min((wait for wait in waits if wait is not None), default=None)
        return RateLimited(message, hint=_try_again(wait_s), retry_after_s=wait_s)
    alike = len(telling) == 1 and telling != {RateLimited}
    kind = telling.pop() if alike else LaunchError
    return kind(message, hint=hint)


def _rate_limited(said: str, around: Circumstances, wait_s: float | None = None) -> RateLimited:
    wait_s = wait_s if wait_s is not None else _said_wait(said)
    return RateLimited(
        f"{around.place} takes no more launches from here for now{_colon(said)}",
        hint=_try_again(wait_s),
        retry_after_s=wait_s,
    )


def _forbidden(said: str, around: Circumstances) -> BinderclipError:
    if re.match(r"requests from ", said, re.IGNORECASE):
        return Refused(f"{around.place} takes no launches from here: {said}", hint=_OTHER_HUB)
    if around.known:
        return Refused(
            f"{around.place} does not take your token{_colon(said)}",
            hint=f"make a new one on the hub's page /hub/token, and {_keep(around)}",
        )
    return Refused(
        f"{around.place} wants to know who launches{_colon(said)}",
        hint=f"make a token on the hub's page /hub/token, and {_keep(around)}",
    )


def _keep(around: Circumstances) -> str:
    return f"give it with 'binderclip token add {masked(around.url)}'"


def _banned(said: str, around: Circumstances) -> Refused:
    return Refused(f"{around.place} does not launch this repository: {said}", hint=_OTHER_HUB)


def _unknown_provider(said: str, around: Circumstances) -> Refused:
    return Refused(
        f"{around.place} cannot fetch from where this repository is: {said}", hint=_OTHER_HUB
    )


def _unresolved(said: str, around: Circumstances) -> ResolveError:
    return ResolveError(
        f"{around.place} did not find {around.spec}: {said}",
        hint="check the repository and the ref; hubs see public repositories alone",
    )


def _running(said: str, around: Circumstances) -> LaunchError:
    return LaunchError(
        f"{around.place} starts no second server for you{_colon(said)}",
        hint="stop one: on the hub's page /hub/home, or with 'binderclip sessions stop'; "
        "'binderclip sessions' lists those that were started here",
    )


def _full(said: str, around: Circumstances) -> LaunchError:
    return LaunchError(
        f"{around.place} is full: {said}", hint=f"try again in some minutes, {_OTHER_HUB}"
    )


def _too_slow(said: str, around: Circumstances) -> TimedOut:
    return TimedOut(
        f"{around.place} built it, and its server did not start in time: {said}",
        hint=f"try again, {_OTHER_HUB}",
    )


def _bad_request(said: str, around: Circumstances) -> LaunchError:
    return LaunchError(
        f"{around.place} does not understand the request{_colon(said)}",
        hint="is it a BinderHub of another kind, or is there a proxy before it?",
    )


def _hub_failed(said: str, around: Circumstances) -> LaunchError:
    where = f" while {around.phase}" if around.phase in {"building", *_OF_THE_HUB - {""}} else ""
    return LaunchError(
        f"{around.place} failed{where}{_colon(said)}", hint=f"try again, {_OTHER_HUB}"
    )


def _build_failed(said: str, around: Circumstances) -> BuildFailed:
    tail = [line[:_LONGEST_LINE] for line in around.tail if around.clean.said(line) != said]
    lines = "".join(f"\n  {line}" for line in tail)
    return BuildFailed(
        f"{around.place} could not build {around.spec}{_colon(said)}{lines}",
        hint="the log says why; 'jupyter-repo2docker' builds the same on a machine of yours",
    )


_Rule = Callable[[str, Circumstances], BinderclipError]
_BY_WORDS: tuple[tuple[str, _Rule], ...] = (
    (r"rate limit|too many requests", _rate_limited),
    (r"too many users|quota|maintenance", _full),
    (r"no provider found|^unsupported git url|protocol .* not in", _unknown_provider),
    (r"^sorry, .* is not allowed to launch|\bbanned\b", _banned),
    (r"could not resolve ref|^error resolving ref", _unresolved),
    (r"already has (a running server|the maximum)", _running),
    (r"took too long to launch", _too_slow),
    (r"failed to launch|failed to create temporary user", _hub_failed),
)
"""In this order: a ref that could not be resolved for a rate limit is a rate limit."""
_BY_STATUS: Mapping[int, _Rule] = {
    400: _bad_request,
    401: _forbidden,
    403: _forbidden,
    404: _unresolved,
    409: _running,
    429: _rate_limited,
}


def _said_wait(said: str) -> float | None:
    found = re.search(r"\bin (?:about )?([0-9]{1,6}) ?(second|minute|hour)s?\b", said)
    if found is None:
        found = re.search(r"\bin ([0-9]{1,6}) ?(s)\b", said)
    return sane_wait(int(found[1]) * _UNITS.get(found[2], 1)) if found else None


def _try_again(wait_s: float | None) -> str:
    if wait_s is None:
        return f"try again in an hour, {_OTHER_HUB}"
    minutes = max(1, -int(-wait_s // 60))
    return f"try again in {minutes} minute{'' if minutes == 1 else 's'}, {_OTHER_HUB}"


def _colon(said: str) -> str:
    return f": {said}" if said else ""
