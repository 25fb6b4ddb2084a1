"""Nothing that came from an address runs before its person has seen it and said yes."""

from __future__ import annotations

import sys

import click

from binderclip import codecells
from binderclip.cli import person
from binderclip.cli.paint import clean, colour, count, flat
from binderclip.errors import NotTrusted
from binderclip.flow import Opened
from binderclip.targets.local import Plan
from binderclip.trust import TrustStore

PREVIEW = 12
"""Lines shown of each file before the person asks for everything."""

WIDTH = 160
"""Characters shown of each line till then: blanks must not push something out of sight."""


class Consent:
    """The ``approve`` of a local launch: asks, remembers, refuses.

    ``key`` is that of the environment it was asked about, refs resolved.
    """

    key = ""

    def __init__(self, opened: Opened, store: TrustStore, *, trusted: bool) -> None:
        self._opened = opened
        self._store = store
        self._trusted = trusted

    def __call__(self, plan: Plan) -> None:
        """Return when ``plan`` may run; raise NotTrusted otherwise."""
        self.key = plan.key
        origin = self._opened.source.origin
        if self._trusted or not self._foreign(plan) or self._store.trusts(plan.key, origin):
            return
        summary = self._summary(plan, preview=PREVIEW)
        click.echo(summary, err=True, color=colour())
        if not (person.listening() and sys.stderr.isatty()):
            raise NotTrusted(
                "nobody said yes to running this, and there is no terminal to ask on",
                hint="read it with `binderclip show`, then pass --trust; or run it in a terminal",
            )
        with person.interruptible():
            yes = self._asked(plan)
        if not yes:
            raise NotTrusted("you said no; nothing of it was installed or run")
        self._store.grant(plan.key, origin)

    def _foreign(self, plan: Plan) -> bool:
        """Did the notebook or its environment's repository come over a network?"""
        build = plan.environment.build
        return self._opened.distant or (build is not None and not build.host.startswith("file:"))

    def _asked(self, plan: Plan) -> bool:
        while True:
            click.echo(
                "It can do whatever you can do on this machine.\n"
                "Run it? [y]es, [N]o, [v]iew everything: ",
                nl=False,
                err=True,
            )
            line = sys.stdin.readline()
            if not line.endswith("\n"):  # Ctrl-D leaves the cursor behind the question
                click.echo(err=True)
            answer = line.strip().lower()
            if answer in {"y", "yes"}:
                return True
            if answer in {"", "n", "no"}:
                return False
            if answer in {"v", "view"}:
                click.echo_via_pager(self._summary(plan, preview=None), color=colour())

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
        installs = [c for c in plan.commands if c.startswith("uv pip install ")]
        lines += [f"  installs     {flat(c.removeprefix('uv pip install '))}" for c in installs]
        for name, text in plan.texts.items():
            label = "runs" if name in plan.scripts else "reads"
            lines += [f"  {label:12} {flat(name)}", *_indented(text, preview)]
        cells = codecells.sources(self._opened.notebook)
        lines.append(f"  executes     {count(len(cells), 'code cell')}")
        if preview is None:
            for number, source in enumerate(cells, 1):
                lines += [f"  cell {number}", *_indented(source, None)]
        return "\n".join(lines)


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
