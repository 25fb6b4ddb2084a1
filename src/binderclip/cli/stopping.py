"""Ending sessions that this or another process started, each where it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import click

from binderclip.addresses.link import parse
from binderclip.addresses.masking import masked
from binderclip.cli.failure import as_json as error_as_json
from binderclip.cli.listed import LIST, as_dict
from binderclip.cli.outcomes import exit_code, tell_refusal
from binderclip.cli.paint import count, flat, print_json
from binderclip.cli.place import finish
from binderclip.cli.progress import Reporter
from binderclip.errors import BinderclipError, Refused, SessionError
from binderclip.guard import Guard, OpenGuard
from binderclip.records import Record, Records
from binderclip.session import HubServer, Session
from binderclip.tokens import FoundTokens, Tokens

End: TypeAlias = Literal["stopped", "gone"]
Stopper: TypeAlias = Callable[[Session, Guard, Tokens], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a session; ``gone``: it had ended before."""

    record: Record
    end: End | BinderclipError


def stop_and_tell(
    records: Records,
    chosen: Sequence[Record],
    *,
    unknown: Mapping[str, str],
    by_name: bool,
    as_json: bool,
) -> int:
    """Stop what was ``chosen``, tell what became of each and of the ``unknown`` IDs, and return
    the exit code. ``by_name``: a person named these very sessions.
    """
    reporter = Reporter(quiet=as_json)
    tokens = _tokens(chosen if by_name else (), reporter)
    outcomes: list[Outcome] = []

    async def work() -> None:
        async def one(record: Record) -> None:
            outcome = Outcome(record, await _end(record, tokens, records))
            outcomes.append(outcome)
            if not as_json:
                reporter.clear()
                _tell(outcome)

        reporter.flash(f"stopping {count(len(chosen), 'session')}")
        await asyncio.gather(*map(one, chosen))

    finish(work())
    errors = {
        **{word: SessionError(why, hint=LIST) for word, why in unknown.items()},
        **{o.record.session.id: o.end for o in outcomes if isinstance(o.end, BinderclipError)},
    }
    if as_json:
        _answer(outcomes, errors)
    else:
        for word in unknown:
            tell_refusal(word, errors[word])
        if not chosen and not unknown:
            click.echo("Nothing to stop.")
    return exit_code(list(errors.values()))


async def stop(record: Record, guard: Guard, tokens: Tokens) -> End:
    """End a session of any target. One that its hub ends needs the person's token for the hub,
    which a record does not have. Raises the tree of errors.
    """
    session = record.session
    stopper = STOPPERS.get(session.target)
    if stopper is None:
        raise SessionError(
            f"found a session of {session.target!r}, expected one of {', '.join(STOPPERS)}",
            hint="a newer binderclip may have started it; stop it with that one",
        )
    if session.hub is not None:
        session = replace(session, token=_hub_token(record, session.hub, tokens))
    if await _gone(session, guard):
        return "gone"
    await stopper(session, guard, tokens)
    return "stopped"


def _hub_token(record: Record, hub: HubServer, tokens: Tokens) -> str:
    """Kept for the JupyterHub, or for a BinderHub before it on the same origin. Raises Refused."""
    base = _base(record.session)
    token = tokens.of(base)
    before = f"{hub.api.partition('://')[0]}://{record.place}"
    if token is None and parse(before).origin == parse(hub.api).origin:
        token = tokens.of(before)
    if token is None:
        raise Refused(
            f"{masked(base)}: the hub ends this session, and no token for it was found",
            hint=f"`binderclip token add {masked(base)}` keeps one; BINDERCLIP_TOKEN counts where "
            "you stop a session by its ID",
        )
    return token


async def _on_binderhub(session: Session, guard: Guard, tokens: Tokens) -> None:
    from binderclip.targets.binderhub import BinderHubTarget

    await BinderHubTarget([], guard=guard, tokens=tokens).stop(session)


async def _on_jupyterhub(session: Session, guard: Guard, _tokens: Tokens) -> None:
    from binderclip.targets.jupyterhub import JupyterHubTarget

    await JupyterHubTarget(_base(session), session.token or "", guard=guard).stop(session)


async def _on_server(session: Session, guard: Guard, _tokens: Tokens) -> None:
    from binderclip.targets.server import ServerTarget

    await ServerTarget(session.url or "", session.token, guard=guard).stop(session)


async def _on_gateway(session: Session, guard: Guard, tokens: Tokens) -> None:
    from binderclip.targets.gateway import GatewayTarget

    base = _base(session)
    await GatewayTarget(base, tokens.of(base), guard=guard).stop(session)


STOPPERS: dict[str, Stopper] = {
    "binderhub": _on_binderhub,
    "jupyterhub": _on_jupyterhub,
    "server": _on_server,
    "gateway": _on_gateway,
}
_ANSWER_S = 10.0
# What hubs and proxies say of a server that there is not; others may pass (503), or be about us.
_GONE = frozenset({404, 410, 424})


async def _end(record: Record, tokens: Tokens, records: Records) -> End | BinderclipError:
    try:
        end = await stop(record, OpenGuard(), tokens)
        records.drop(record.session.id)
    except BinderclipError as error:
        return error
    return end


async def _gone(session: Session, guard: Guard) -> bool:
    """Whether it ended before. Where that cannot be told it did not: stopping will tell."""
    from binderclip.hubs.jupyterhub import JupyterHub
    from binderclip.web import Web

    with suppress(BinderclipError):
        async with Web(guard, failure=SessionError, timeout_s=_ANSWER_S) as web:
            if (hub := session.hub) is not None:
                jupyterhub = JupyterHub(web, hub.api, session.token or "")
                state = await jupyterhub.server(hub.user, hub.name)
                # One that was made for us is still to be forgotten.
                return state is None or not (state.active or hub.made)
            if session.url is not None:
                answer = await web.ask("GET", f"{session.url}api/status", token=session.token)
                return answer.status in _GONE
    return False


def _base(session: Session) -> str:
    """The hub or gateway that has the session, or nothing."""
    if session.launch is not None:
        from binderclip.hubs.gateway import base_of

        return base_of(session.launch)
    return session.hub.api.removesuffix("hub/api/") if session.hub else ""


def _tokens(named: Sequence[Record], reporter: Reporter) -> FoundTokens:
    """``BINDERCLIP_TOKEN`` counts where all that a person named is on one hub: it is for one."""
    from binderclip import config

    bases = {base for record in named if (base := _base(record.session))}
    return FoundTokens(
        config.load(),
        named=bases.pop() if len(bases) == 1 else None,
        remark=reporter.warn,
    )


def _tell(outcome: Outcome) -> None:
    name = flat(outcome.record.session.id)
    if isinstance(outcome.end, BinderclipError):
        tell_refusal(name, outcome.end)
    else:
        what = "stopped" if outcome.end == "stopped" else "had ended before"
        place = flat(outcome.record.place)
        click.echo(
            f"{click.style('✓', fg='green')} {click.style(name, bold=True)}: {what}, {place}"
        )


def _answer(outcomes: Sequence[Outcome], errors: Mapping[str, BinderclipError]) -> None:
    ends: tuple[End, ...] = ("stopped", "gone")
    print_json(
        {
            **{end: [as_dict(o.record) for o in outcomes if o.end == end] for end in ends},
            "refused": [{"id": name, **error_as_json(error)} for name, error in errors.items()],
        }
    )
