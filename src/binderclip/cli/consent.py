"""Nothing that came from an address runs before its person has seen it and said yes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

import click

from binderclip import codecells
from binderclip.cli import person
from binderclip.cli.paint import clean, colour, count, flat
from binderclip.errors import NotTrusted
from binderclip.flow import Opened
from binderclip.targets.local import Plan
from binderclip.trust import TrustStore

if TYPE_CHECKING:
    from binderclip.copying import Copies

PREVIEW = 12
"""Lines shown of each file before the person asks for everything."""

RISK = "It can do whatever you can do on this machine."

WIDTH = 160
"""Characters shown of each line till then: blanks must not push something out of sight."""


class Consent:
    """The ``approve`` of a local launch: asks, remembers, refuses.

    ``key`` is that of the environment it was asked about, refs resolved.
    """

    key = ""

    def __init__(
        self, opened: Opened, store: TrustStore, *, trusted: bool, copies: Copies | None = None
    ) -> None:
        self._opened = opened
        self._store = store
        self._trusted = trusted
        self._copies = copies

    def __call__(self, plan: Plan) -> None:
        """Return when ``plan`` may run; raise NotTrusted otherwise."""
        self.key = plan.key
        if self._foreign(plan):
            self._settle(self._granted(plan), lambda preview: self._summary(plan, preview=preview))

    def for_server(self, place: str) -> None:
        """Return when the notebook's cells may run at ``place``, which is this machine; raise
        NotTrusted otherwise.
        """
        if self._opened.distant or self._copies is not None:
            self._settle(self._key_of(f"server {place}"), lambda n: self._there(place, n))

    def for_copies(self, place: str) -> None:
        """Return when what the notebook names may be fetched and sent to ``place``, which it names
        too; raise NotTrusted otherwise.
        """
        if self._copies is not None:
            self._settle(
                self._key_of(f"sent to {place}"),
                lambda n: self._there(place, n),
                "What it fetches is sent there, and it alone names both.",
            )

    def _key_of(self, what: str) -> str:
        digest = self._copies.digest if self._copies else ""
        return sha256(f"{what} {digest}".encode()).hexdigest()

    def _settle(self, key: str, summary: Callable[[int | None], str], risk: str = RISK) -> None:
        origin = self._opened.source.origin
        if self._trusted or self._store.trusts(key, origin):
            return
        click.echo(summary(PREVIEW), err=True, color=colour())
        if not (person.listening() and sys.stderr.isatty()):
            raise NotTrusted(
                "nobody said yes to running this, and there is no terminal to ask on",
                hint="read it with `binderclip show`, then pass --trust; or run it in a terminal",
            )
        with person.interruptible():
            yes = self._asked(summary, risk)
        if not yes:
            raise NotTrusted("you said no; nothing of it was installed or run")
        self._store.grant(key, origin)

    def _granted(self, plan: Plan) -> str:
        """What a yes is for: the environment, and the very commits that bring more with it."""
        if self._copies is None:
            return plan.key
        return sha256(f"{plan.key} {self._copies.digest}".encode()).hexdigest()

    def _foreign(self, plan: Plan) -> bool:
        """Did the notebook, its environment's repository or what it brings come over a network?"""
        if self._opened.distant or self._copies is not None:
            return True
        build = plan.environment.build
        return build is not None and not build.host.startswith("file:")

    def _asked(self, summary: Callable[[int | None], str], risk: str) -> bool:
        while True:
            question = f"{risk}\nRun it? [y]es, [N]o, [v]iew everything: "
            click.echo(question, nl=False, err=True)
            line = sys.stdin.readline()
            if not line.endswith("\n"):  # Ctrl-D leaves the cursor behind the question
                click.echo(err=True)
            answer = line.strip().lower()
            if answer in {"y", "yes"}:
                return True
            if answer in {"", "n", "no"}:
                return False
            if answer in {"v", "view"}:
                click.echo_via_pager(summary(None), color=colour())

    def _summary(self, plan: Plan, *, preview: int | None) -> str:
        state = "built before" if plan.cached else "not built yet"
        lines = [
            f"{click.style(flat(self._opened.source.shown), bold=True)} wants to run here:",
            f"  environment  {plan.key[:12]} ({state}), Python {plan.python}",
        ]
        if build := plan.environment.build:
            commit = (build.hash or "")[:12]
            lines.append(
                f"  repository   {flat(build.url)} at {flat(build.ref or 'HEAD')} {commit}"
            )
        # What is made with uv and which scripts run is said below and above.
        for command in plan.commands:
            if command.startswith("conda install "):
                words = command.removeprefix("conda install ")
                lines.append(f"  conda        {_cut(flat(words)) if preview else flat(words)}")
            elif command.startswith("uv pip install "):
                lines.append(f"  installs     {flat(command.removeprefix('uv pip install '))}")
        for name, text in plan.texts.items():
            label = "runs" if name in plan.scripts else "reads"
            lines += [f"  {label:12} {flat(name)}", *_indented(text, preview)]
        return "\n".join([*lines, *self._fetched(), *self._cells(preview)])

    def _there(self, place: str, preview: int | None) -> str:
        shown = click.style(flat(self._opened.source.shown), bold=True)
        lines = [f"{shown} wants to run elsewhere:", f"  place        {flat(place)}"]
        return "\n".join([*lines, *self._fetched(), *self._cells(preview)])

    def _fetched(self) -> list[str]:
        lines = self._copies.described if self._copies else ()
        return [f"  fetches      {flat(line)}" for line in lines]

    def _cells(self, preview: int | None) -> list[str]:
        cells = codecells.sources(self._opened.notebook)
        lines = [f"  executes     {count(len(cells), 'code cell')}"]
        if preview is None:
            for number, source in enumerate(cells, 1):
                lines += [f"  cell {number}", *_indented(source, None)]
        return lines


def _indented(text: str, limit: int | None) -> list[str]:
    lines = clean(text).splitlines()
    if limit is None:
        return [f"      {line}" for line in lines]
    rest = len(lines) - limit
    more = [f"      … and {count(rest, 'more line')}"] if rest > 0 else []
    return [f"      {_cut(line)}" for line in lines[:limit]] + more


def _cut(line: str) -> str:
    rest = len(line) - WIDTH
    return f"{line[:WIDTH]} … and {count(rest, 'more character')}" if rest > 0 else line
