"""The REST API of a gateway, ``binderclip serve``: launches, and notebooks that are shared.

What it answers is another machine's word: parsed, bounded, and its errors put into our tree.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from binderclip.addresses.link import parse
from binderclip.addresses.masking import masked, printable
from binderclip.errors import (
    AddressForbidden,
    BinderclipError,
    BuildFailed,
    LaunchError,
    NotTrusted,
    RateLimited,
    Refused,
    ResolveError,
    SourceError,
    TimedOut,
    TooLarge,
    Unreachable,
)
from binderclip.events import Log, Phase, Progress
from binderclip.spec.model import JSON
from binderclip.web import Answer, Web
from binderclip.web.waits import stated_wait

T = TypeVar("T")
Name: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,200}$")]

_KNOWN: tuple[type[BinderclipError], ...] = (
    *(AddressForbidden, BuildFailed, LaunchError, NotTrusted, Refused, ResolveError, SourceError),
    *(TimedOut, TooLarge, Unreachable),
)
_BY_CODE = {kind.code: kind for kind in _KNOWN} | {"spec": Refused, "closing": Unreachable}
_PHASES: dict[str, Phase] = {
    "resolving": "resolving",
    "fetching": "fetching",
    "waiting": "waiting",
    "building": "building",
    "launching": "launching",
    "ready": "launching",
}
_LONGEST = 2000
_MOST_REMARKS = 20
# A sound one takes a moment; behind it the service may be asking for a token's user.
_ANSWER_S = 60.0
_LAUNCHES = "api/v1/launches/"
_NOTEBOOK = "application/x-ipynb+json"


class Started(msgspec.Struct, frozen=True):
    """A launch as it began."""

    id: Name
    kind: str = ""


class Up(msgspec.Struct, frozen=True):
    """``server`` is the address of a Jupyter Server, as the gateway says it."""

    server: str
    token: str | None = None
    remarks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Up({masked(self.server)!r})"


class Gone(BinderclipError):
    """The gateway knows of no such launch, or shared notebook; or of none that is ours."""

    code = "not-found"
    http_status = 404


class _Said(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""
    hint: str | None = None


class _Error(msgspec.Struct, frozen=True):
    error: _Said


class _Step(msgspec.Struct, frozen=True):
    phase: str = ""
    message: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True)
class Shared:
    """A notebook that a gateway keeps: ``launch`` leads to it running, ``expires`` is RFC 3339, and
    ``deletion`` is the token that deletes it.
    """

    url: str
    launch: str
    expires: str
    deletion: str = field(repr=False)


class Bounds(msgspec.Struct, frozen=True):
    """What a gateway says of notebooks that are shared: ``days`` is the most, and the usual."""

    days: float | None = None


class Left(msgspec.Struct, frozen=True):
    """Whether a notebook that was taken back is ``there`` all the same, since others share it."""

    there: bool = False
    until: str = ""


class _Kept(msgspec.Struct, frozen=True):
    url: str
    delete: Annotated[str, msgspec.Meta(pattern="^[!-~]{8,500}$")]
    expires: str = ""
    launch: str = ""


class Gateway:
    """``url`` ends in ``/``. Without a ``token`` of the person's, launches are of whoever has the
    cookies of ``web``. Errors of a connection are the failure of ``web``.
    """

    def __init__(self, web: Web, url: str, token: str | None) -> None:
        self._web, self.url, self._token = web, url, token

    def launch(self, launch_id: str) -> str:
        """The address of a launch."""
        return f"{self.url}{_LAUNCHES}{quote(launch_id, safe='')}"

    async def start(self, binder: JSON, place: str = "") -> Started:
        """Begin the launch of an environment: a value of ``metadata.binder``. Raises Refused,
        NotTrusted, RateLimited, Unreachable, LaunchError.
        """
        body = {"binder": binder, **({"place": place} if place else {})}
        url = f"{self.url}{_LAUNCHES.rstrip('/')}"
        answer = await self._web.ask("POST", url, token=self._token, json=body, timeout_s=_ANSWER_S)
        if not answer.ok:
            raise self._refused(answer)
        return self._parsed(answer.data, Started)

    @asynccontextmanager
    async def following(
        self, launch_id: str, after: str, silence_s: float
    ) -> AsyncIterator[AsyncGenerator[tuple[str, Progress | Log | Up], None]]:
        """What a launch tells, each with its id, after that of ``after``; a stream that ends
        without ``Up`` was cut. The generator raises what a launch failed with, and Gone.
        """
        url = f"{self.launch(launch_id)}/events"
        async with self._web.stream(url, token=self._token, silence_s=silence_s, after=after) as (
            answer,
            events,
        ):

            async def told() -> AsyncGenerator[tuple[str, Progress | Log | Up], None]:
                if not answer.ok:
                    raise self._refused(answer)
                async for event in events:
                    data = event.data.encode("utf-8", "replace")
                    if event.event == "failed":
                        raise self._error(self._parsed(data, _Error).error, None)
                    if event.event == "ready":
                        yield event.id, self._parsed(data, Up)
                    elif event.event in {"phase", "log"}:
                        yield event.id, _step(self._parsed(data, _Step), event.event)

            yield told()

    async def end(self, url: str, *, timeout_s: float) -> None:
        """Stop the launch at ``url``, and its session; it is stopped on return. Raises Gone,
        NotTrusted, and the failure of ``web``.
        """
        answer = await self._web.ask("DELETE", url, token=self._token, timeout_s=timeout_s)
        if not answer.ok:
            raise self._refused(answer)

    async def share(self, data: bytes, days: float | None) -> Shared:
        """Have the gateway keep a notebook's bytes, for all to read who know its address. Raises
        Gone where it keeps none, NotTrusted, TooLarge, RateLimited, LaunchError.
        """
        query = "" if days is None else f"?{urlencode({'days': f'{days:g}'})}"
        answer = await self._web.ask(
            "POST", f"{self.url}share{query}", token=self._token, data=(data, _NOTEBOOK)
        )
        if not answer.ok:
            raise self._refused(answer)
        kept = self._parsed(answer.data, _Kept)
        if not re.fullmatch(r"https?://[!-~]+/shared/[0-9a-f]{64}\.ipynb", kept.url):
            raise self._nonsense()
        return Shared(kept.url, kept.launch, kept.expires, kept.delete)

    async def bounds(self) -> Bounds:
        """Empty of a gateway that does not tell. Raises Gone where it keeps no notebooks."""
        answer = await self._web.ask("GET", f"{self.url}share", token=self._token)
        if answer.ok:
            return self._parsed(answer.data, Bounds)
        error = self._refused(answer)
        if isinstance(error, Gone):
            raise error
        return Bounds()

    async def unshare(self, url: str, deletion: str) -> Left:
        """Take it back. Raises Gone, NotTrusted."""
        answer = await self._web.ask("DELETE", url, token=deletion)
        if not answer.ok:
            raise self._refused(answer)
        return self._parsed(answer.data or b"{}", Left)

    def _refused(self, answer: Answer) -> BinderclipError:
        try:
            said = msgspec.json.decode(answer.data, type=_Error).error
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            kind = answer.headers.get("content-type", "").partition(";")[0] or "nothing"
            return self._web.failure(
                f"{masked(self.url)} answered {answer.status} with {printable(kind, 60)}",
                hint="is this the address of a gateway, its path included?",
            )
        if answer.status == 401 and said.code not in _BY_CODE:  # noqa: PLR2004 - HTTP
            said = _Said(NotTrusted.code, said.message, said.hint)
        return self._error(said, stated_wait(answer.headers))

    def _error(self, said: _Said, wait_s: float | None) -> BinderclipError:
        """In our tree, by its code."""
        message = f"{masked(self.url)}: {printable(said.message, _LONGEST) or said.code[:60]}"
        hint = _lines(said.hint) if said.hint else None
        if said.code == RateLimited.code:
            return RateLimited(message, hint=hint, retry_after_s=wait_s)
        if said.code == Gone.code:
            return Gone(message, hint=hint)
        return _BY_CODE.get(said.code, LaunchError)(message, hint=hint)

    def _parsed(self, data: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._nonsense() from error

    def _nonsense(self) -> BinderclipError:
        return self._web.failure(
            f"{masked(self.url)}: found an answer of another form than a gateway's",
            hint="is it a gateway of another version, or is there something between?",
        )


def base_of(launch: str) -> str:
    """The gateway that has a launch, by the launch's address."""
    link = parse(launch)
    before, found, _ = link.path.rpartition(_LAUNCHES)
    return f"{link.origin}{before if found else '/'}"


def remarks(up: Up) -> tuple[str, ...]:
    """Fit to be shown."""
    return tuple(printable(line, _LONGEST) for line in up.remarks[:_MOST_REMARKS])


def _lines(text: str) -> str:
    """Each fit to be shown: what a builder said last comes in several."""
    return "\n".join(printable(line) for line in text[:_LONGEST].splitlines())


def _step(step: _Step, name: str) -> Progress | Log:
    if name == "log":
        return Log(step.log[:_LONGEST].replace("\n", " "))
    phase = _PHASES.get(step.phase, "launching")
    return Progress(phase, printable(" ".join(step.message.split()), _LONGEST))
