"""From what was asked of ``publish-env`` to the pushed commit; and what is told of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from binderclip.addresses.link import parse
from binderclip.cache import Cache
from binderclip.cli.linkplaces import places
from binderclip.cli.paint import count, flat, print_json, size
from binderclip.cli.progress import Reporter
from binderclip.cli.reading import Seen, read
from binderclip.environment import Environment
from binderclip.envrepo import (
    NetworkSources,
    Packed,
    Prefer,
    Pushed,
    Remote,
    default_branch,
    needs_none,
    pack,
    part,
    push,
)
from binderclip.errors import Refused
from binderclip.guard import OpenGuard
from binderclip.registries.images import on_loopback
from binderclip.spec.launch_link import write_link

if TYPE_CHECKING:
    from binderclip.spec.model import Reference

State: TypeAlias = Literal["pushed", "there", "not pushed", "not needed"]

_SHOWN_FILES = 20
_BY_HAND = "the notebook is not in it: upload it to the server that comes up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options as they were typed."""

    to: str | None
    branch: str | None
    prefer: Prefer
    platform: str
    hosts: tuple[str, ...]
    trust: bool
    dry_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """``packed`` is None where nothing is needed; ``links`` are (host, link)."""

    address: str
    state: State
    packed: Packed | None = None
    remote: Remote | None = None
    branch: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def run(address: str, wishes: Wishes, *, as_json: bool) -> None:
    """All that ``publish-env`` does. Raises every BinderclipError of its parts."""
    remote = Remote.parse(wishes.to) if wishes.to else None
    seen = read(address)
    binder = seen.reading.binder if seen.reading else None
    if seen.value is False:
        raise Refused(f"{seen.address}: the notebook opts out of environments")
    wanted = part(
        Environment.of(binder) if binder else Environment(),
        prefer=wishes.prefer,
        platform=wishes.platform,
    )
    hosts = places(wishes.hosts, (), binder.host if binder else ()).hosts
    reporter = Reporter(quiet=as_json)
    try:
        if wanted.build and needs_none(wanted):
            answer = _not_needed(seen, wanted.build, hosts)
        else:
            answer = asyncio.run(_published(seen, wishes, remote, reporter, hosts))
    finally:
        reporter.clear()
    if as_json:
        _print(answer)
    else:
        _tell(answer)


async def _published(
    seen: Seen, wishes: Wishes, remote: Remote | None, reporter: Reporter, hosts: tuple[str, ...]
) -> _Answer:
    binder = seen.reading.binder if seen.reading else None
    env = Environment.of(binder) if binder else Environment()
    async with NetworkSources(Cache(), OpenGuard(), anonymous=not wishes.trust) as sources:
        packed = await pack(
            env,
            sources,
            prefer=wishes.prefer,
            platform=wishes.platform,
            observe=reporter.flash,
        )
    pushed: Pushed | None = None
    if remote and not wishes.dry_run:
        reporter.flash(f"pushing to {remote.shown}")
        pushed = await push(packed, remote, wishes.branch)
    state: State = "not pushed" if pushed is None else "pushed" if pushed.new else "there"
    links, notes = _links(remote, packed, hosts) if remote else ((), ())
    if links and pushed is None:
        notes = (*notes, "nothing was pushed: the links work once it is")
    return _Answer(
        address=seen.address,
        state=state,
        packed=packed,
        remote=remote,
        branch=pushed.branch if pushed else wishes.branch or default_branch(packed),
        links=links,
        notes=(*packed.remarks, *notes),
    )


def _not_needed(seen: Seen, build: Reference, hosts: tuple[str, ...]) -> _Answer:
    links = tuple((host, write_link(host, build, {})) for host in hosts)
    note = "`binderclip link` gives links that open the notebook too"
    return _Answer(address=seen.address, state="not needed", links=links, notes=(note,))


def _links(
    remote: Remote, packed: Packed, hosts: tuple[str, ...]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Those of hubs that can fetch from ``remote``; and notes."""
    if remote.web is None:
        return (), (f"no launch link: {remote.shown} is on no web address that a hub could fetch",)
    reached = [host for host in hosts if not _near(remote.web.host) or _near(host)]
    if not reached:
        return (), (f"no launch link: {remote.shown} is this machine, which no hub elsewhere sees",)
    there = replace(remote.web, ref=None, hash=packed.commit)
    return tuple((host, write_link(host, there, {})) for host in reached), (_BY_HAND,)


def _near(url: str) -> bool:
    return on_loopback(parse(url))


def _tell(answer: _Answer) -> None:
    """What was done and the links on standard output, what to mind on standard error."""
    mark, dot = click.style("✓", fg="green"), click.style("·", dim=True)
    name = click.style(flat(answer.address), bold=True)
    packed = answer.packed
    if packed is None:
        click.echo(f"{dot} {name}: its environment is a repository already: nothing to push")
    else:
        built = f", built by {packed.buildpack}" if packed.buildpack else ""
        click.echo(f"{mark} {name}: commit {packed.commit}{built}")
        for file in packed.files[:_SHOWN_FILES]:
            click.echo(f"    {file.mode} {flat(file.path)}, {size(len(file.content))}")
        if (rest := len(packed.files) - _SHOWN_FILES) > 0:
            click.echo(f"    and {count(rest, 'more file')}")
    where = f"{flat(answer.remote.shown)}, {flat(answer.branch or '')}" if answer.remote else ""
    if answer.state == "pushed":
        click.echo(f"{mark} pushed to {where}")
    elif answer.state == "there":
        click.echo(f"{dot} {where} has it already: nothing to push")
    for _, link in answer.links:
        click.echo(link)
    for note in answer.notes:
        click.echo(f"{click.style('!', fg='yellow')} {flat(note)}", err=True)


def _print(answer: _Answer) -> None:
    """For machines; see docs/command-line.md."""
    packed = answer.packed
    files = packed.files if packed else ()
    print_json(
        {
            "address": answer.address,
            "state": answer.state,
            "key": packed.key if packed else None,
            "commit": packed.commit if packed else None,
            "buildpack": packed.buildpack if packed else None,
            "files": [
                {"path": file.path, "mode": file.mode, "size_bytes": len(file.content)}
                for file in files
            ],
            "remote": answer.remote.shown if answer.remote else None,
            "branch": answer.branch,
            "links": [{"host": host, "url": url} for host, url in answer.links],
            "notes": answer.notes,
        }
    )
