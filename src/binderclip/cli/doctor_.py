"""``binderclip doctor``: what can run here, and how to get the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from binderclip.cli.paint import print_facts, print_json, print_rows
from binderclip.cli.state import json_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from binderclip.diagnosis import Check
    from binderclip.filling import Facts, Part

EPILOG = """\b
Examples:
  binderclip doctor
  binderclip doctor --json
"""


@click.command(name="doctor", epilog=EPILOG)
@json_option
def command(*, as_json: bool) -> None:
    """Tell what can run here, and how to get the rest.

    Also what a Jupyter Server started here would write into notebooks, by variables, files and
    git. Its settings c.Binderclip.* come first; these are not read here.

    The exit code is 1 where something is missing that every notebook needs.
    """
    from dataclasses import asdict
    from pathlib import Path

    from binderclip.diagnosis import diagnose
    from binderclip.filling import facts_as_json
    from binderclip.filling.configured import configured

    checks, facts = diagnose(), _facts()
    unread = [str(path) for path in configured(Path())]
    usable = all(check.ok for check in checks if check.essential)
    if as_json:
        found = [asdict(check) for check in checks]
        saves = facts_as_json(facts)
        print_json({"ok": usable, "checks": found, "saves": saves, "unread": unread})
    else:
        for check in checks:
            _tell(check)
        click.echo()
        _tell_saves(facts, unread)
        click.echo()
        click.echo(_verdict(checks, usable=usable))
    click.get_current_context().exit(0 if usable else 1)


def _tell(check: Check) -> None:
    mark, hue = ("✓ found  ", "green") if check.ok else ("✗ missing", "yellow")
    if check.essential and not check.ok:
        hue = "red"
    lines = [check.found]
    if not check.ok:
        lines.append(f"which {check.purpose}")
    if check.remedy:
        lines.append(f"get it: {check.remedy}")
    name = f"{click.style(mark, fg=hue)} {click.style(check.name.ljust(14), bold=True)}"
    print_rows(name, lines, indent=24)


def _facts() -> Facts:
    """Of a server in this folder, so far as nobody configured it."""
    import os
    from pathlib import Path

    from binderclip.filling import Stated
    from binderclip.filling.gather import gather

    return gather(Stated(), os.environ, folder=Path())


def _tell_saves(facts: Facts, unread: Sequence[str]) -> None:
    carries = facts.value is not None and facts.policy != "never"
    what = ":" if carries else " nothing."
    click.echo(f"By variables, files and git, saves in Jupyter here would carry{what}")
    if carries:
        print_facts(
            [
                ("image", _lines(facts, "image")),
                ("build", _lines(facts, "build")),
                ("host", _lines(facts, "host")),
            ]
        )
    elif facts.policy == "never":
        print_rows("  ", ["The policy is never."], indent=2)
    else:
        print_rows("  ", ["Nothing says from which image or repository this is made."], indent=2)
    mark = click.style("!", fg="yellow")
    for remark in facts.remarks:
        print_rows(f"  {mark} ", [remark], indent=4)
    if not unread:
        print_rows(
            "  ", ["c.Binderclip.* is not read here; no file was seen that sets it."], indent=2
        )
    for path in unread:
        said = "names c.Binderclip, which is not read here and comes before all this"
        print_rows(f"  {mark} ", [f"{path} {said}"], indent=4)


def _lines(facts: Facts, part: Part) -> list[str]:
    """Each thing that is known of it, and where from."""
    if part == "host":
        lines = list(facts.host)
    elif reference := facts.image if part == "image" else facts.build:
        ref = f" at {reference.ref}" if reference.ref else ""
        lines = [f"{reference.url}{ref}", *filter(None, [reference.hash])]
    else:
        return []
    return [*lines, f"(from {facts.sources[part]})"] if lines else []


def _verdict(checks: tuple[Check, ...], *, usable: bool) -> str:
    missing = ", ".join(check.name for check in checks if not check.ok)
    if not usable:
        return f"Notebooks cannot run here yet. Missing: {missing}."
    if missing:
        return f"Notebooks can run here. Not to be had: {missing}."
    return "Notebooks can run here, and nothing is missing."
