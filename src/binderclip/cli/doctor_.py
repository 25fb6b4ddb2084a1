"""``binderclip doctor``: what can run here, and how to get the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from binderclip.cli.paint import print_json, print_rows
from binderclip.cli.state import json_option

if TYPE_CHECKING:
    from binderclip.diagnosis import Check

EPILOG = """\b
Examples:
  binderclip doctor
  binderclip doctor --json
"""


@click.command(name="doctor", epilog=EPILOG)
@json_option
def command(*, as_json: bool) -> None:
    """Tell what can run here, and how to get the rest.

    The exit code is 1 where something is missing that every notebook needs.
    """
    from dataclasses import asdict

    from binderclip.diagnosis import diagnose

    checks = diagnose()
    usable = all(check.ok for check in checks if check.essential)
    if as_json:
        print_json({"ok": usable, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            _tell(check)
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


def _verdict(checks: tuple[Check, ...], *, usable: bool) -> str:
    missing = ", ".join(check.name for check in checks if not check.ok)
    if not usable:
        return f"Notebooks cannot run here yet. Missing: {missing}."
    if missing:
        return f"Notebooks can run here. Not to be had: {missing}."
    return "Notebooks can run here, and nothing is missing."
