"""``binderclip sessions``: what runs on hubs, and how to end it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from binderclip.cli import person
from binderclip.cli.listed import LIST, as_dict, owner
from binderclip.cli.paint import count, cut, duration, flat, print_facts, print_json
from binderclip.cli.state import json_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from binderclip.records import Damaged, Record

EPILOG = """\b
Examples:
  binderclip sessions
  binderclip sessions stop 3f2a9c41
  binderclip sessions stop --left
"""
_SHOWN = 80


@click.group(name="sessions", epilog=EPILOG, invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List and stop what runs on hubs.

    A session is listed from the moment when there is something to stop until it was stopped,
    also when the command that started it was killed.
    """
    if ctx.invoked_subcommand is None:
        _list(as_json=as_json)


@command.command(name="list", epilog="\b\nExample:\n  binderclip sessions list --json")
@json_option
def list_(*, as_json: bool) -> None:
    """List the sessions that you started, oldest first.

    `running`: a command of yours uses it. `kept`: it was left on purpose. `left behind`: the
    command that started it is gone, and did not stop it.
    """
    _list(as_json=as_json)


@command.command(
    epilog="\b\nExamples:\n  binderclip sessions stop 3f2a9c41\n"
    "  binderclip sessions stop --left\n  binderclip sessions stop --all --yes",
    short_help="Stop sessions.",
)
@click.argument("ids", nargs=-1, metavar="[ID...]")
@click.option("--left", is_flag=True, help="Stop what was left behind.")
@click.option("--all", "everything", is_flag=True, help="Stop everything; asks where it is used.")
@click.option("-y", "--yes", is_flag=True, help="With --all: stop what is in use without asking.")
@json_option
def stop(ids: tuple[str, ...], *, left: bool, everything: bool, yes: bool, as_json: bool) -> None:
    """Stop sessions by their IDs, or by letters that only one ID begins with.

    Several are stopped at once. The exit code is not 0 where one could not be stopped; it stays
    listed then.
    """
    if bool(ids) + left + everything != 1:
        raise click.UsageError("say what to stop: IDs, --left or --all")
    from binderclip.cli import stopping
    from binderclip.records import Records

    records = Records()
    found, damaged = records.look()
    if not as_json:
        _tell_damaged(damaged)
    if ids:
        chosen, unknown = _named(ids, found)
    else:
        chosen, unknown = [one for one in found if everything or one.left], {}
        if everything and not yes:
            _ask([one for one in chosen if one.alive])
    code = stopping.stop_and_tell(
        records, chosen, unknown=unknown, by_name=bool(ids), as_json=as_json
    )
    click.get_current_context().exit(code)


@command.command(
    epilog="\b\nExample:\n  binderclip sessions forget 3f2a9c41",
    short_help="Take sessions off the list.",
)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@json_option
def forget(ids: tuple[str, ...], *, as_json: bool) -> None:
    """Take sessions off the list without stopping them: those whose hub is there no more.

    Hubs stop sessions that nobody uses after a while. What is in use stays on the list.
    """
    from binderclip.cli.failure import as_json as error_as_json
    from binderclip.cli.outcomes import exit_code, tell_refusal
    from binderclip.errors import SessionError
    from binderclip.records import Records

    records = Records()
    chosen, unknown = _named(ids, records.all())
    errors = {word: SessionError(why, hint=LIST) for word, why in unknown.items()}
    for one in [one for one in chosen if one.alive]:
        errors[one.session.id] = SessionError("a running command uses it")
        chosen.remove(one)
    for one in chosen:
        records.drop(one.session.id)
    if as_json:
        refused = [{"id": name, **error_as_json(error)} for name, error in errors.items()]
        print_json({"forgotten": [as_dict(one) for one in chosen], "refused": refused})
    else:
        click.echo(f"{count(len(chosen), 'session')} forgotten.")
        for name, error in errors.items():
            tell_refusal(name, error)
    click.get_current_context().exit(exit_code(list(errors.values())))


def _list(*, as_json: bool) -> None:
    from binderclip.records import Records

    found, damaged = Records().look()
    if as_json:
        body = [as_dict(record) for record in found]
        broken = [{"path": str(one.path), "why": one.why} for one in damaged]
        print_json({"sessions": body, "damaged": broken})
        return
    _tell_damaged(damaged)
    if not found:
        click.echo("Nothing runs that you started.")
    for record in found:
        _tell(record)
    if any(record.left for record in found):
        click.echo("`binderclip sessions stop --left` stops what was left behind.")


def _tell(record: Record) -> None:
    from datetime import UTC, datetime

    from binderclip.addresses.masking import masked

    age_s = (datetime.now(UTC) - datetime.fromisoformat(record.since)).total_seconds()
    used = owner(record)
    if used == "running":
        used = f"running, used by process {record.pid} on {record.machine}"
    click.echo(click.style(cut(flat(record.session.id), _SHOWN), bold=True))
    url = masked(record.session.url) if record.session.url else "not up yet"
    print_facts(
        [
            ("on", [f"{record.place} ({record.session.target})"]),
            ("address", [url]),
            ("since", [f"{record.since} ({duration(max(age_s, 0))})"]),
            ("owner", [used]),
        ]
    )


def _tell_damaged(damaged: Sequence[Damaged]) -> None:
    for one in damaged:
        mark = click.style("!", fg="yellow")
        click.echo(
            f"{mark} {flat(str(one.path))}: no record of a session ({flat(one.why)})", err=True
        )


def _named(words: Sequence[str], found: Sequence[Record]) -> tuple[list[Record], dict[str, str]]:
    """The records that ``words`` name, each once, and what is wrong with the other words."""
    chosen: dict[str, Record] = {}
    unknown = {}
    for word in words:
        exact = [one for one in found if one.session.id == word]
        fitting = exact or [one for one in found if word and one.session.id.startswith(word)]
        if len(fitting) == 1:
            chosen[fitting[0].session.id] = fitting[0]
        else:
            unknown[word] = (
                f"{len(fitting)} sessions begin with it" if fitting else "no session has this ID"
            )
    return list(chosen.values()), unknown


def _ask(used: Sequence[Record]) -> None:
    """What a living process uses is not stopped unasked."""
    if not used:
        return
    what = f"{count(len(used), 'session')} in use by a running command"
    if not person.listening():
        raise click.UsageError(f"{what}: say --yes to stop it too, or --left to leave it")
    click.confirm(f"Stop {what} too?", abort=True, err=True)
