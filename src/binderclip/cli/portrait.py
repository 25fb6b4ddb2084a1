"""What `show` says of a notebook, in words and as JSON."""

from __future__ import annotations

import click

from binderclip.cli.paint import flat, print_facts, print_rows
from binderclip.cli.reading import Seen
from binderclip.environment import Environment
from binderclip.notebook import MISSING
from binderclip.portrait import Row, environment_as_json, line_count, rows
from binderclip.spec import Reading, write
from binderclip.spec.model import Binder, Text, joined


def describe(seen: Seen) -> dict[str, object]:
    """The whole of it, for machines; see docs/command-line.md."""
    reading = seen.reading
    binder = reading.binder if reading else None
    return {
        "address": seen.address,
        "kind": seen.kind,
        "origin": seen.origin,
        "nbformat": f"{seen.notebook.nbformat}.{seen.notebook.nbformat_minor}",
        "metadata": None if seen.value is MISSING else seen.value,
        "from_launch_link": seen.linked,
        "opt_out": reading is not None and binder is None,
        "dialect": reading.dialect if reading else None,
        "newer": bool(reading and reading.newer),
        "binder": write(binder) if binder else None,
        "environment": environment_as_json(binder) if binder else None,
        "files": [_file(name, text) for name, text in (binder.files if binder else {}).items()],
        "auto": bool(binder and binder.auto),
        "warnings": [str(warning) for warning in (reading.warnings if reading else ())],
    }


def print_portrait(seen: Seen, *, full: bool) -> None:
    click.echo(click.style(flat(seen.address), bold=True))
    reading = seen.reading
    if reading is None:
        _print_nothing(seen)
        return
    if reading.binder is None:
        print_rows("  ", ["It opts out: no tool is to write an environment into it."], indent=2)
        return
    print_facts([*rows(reading.binder), *_form(seen, reading, reading.binder)])
    for warning in reading.warnings:
        print_rows(f"  {click.style('!', fg='yellow')} ", [str(warning)], indent=4)
    if full:
        for name, text in reading.binder.files.items():
            _print_file(name, joined(text))


def _print_nothing(seen: Seen) -> None:
    from shlex import quote

    named = quote(seen.address) if seen.kind == "path" else "NOTEBOOK"
    print_rows("  ", ["It names no environment. To name one:"], indent=2)
    click.echo(f"    binderclip set {flat(named)} --file requirements.txt")
    click.echo(f"    binderclip set {flat(named)} --build https://github.com/OWNER/NAME")


def _form(seen: Seen, reading: Reading, binder: Binder) -> list[Row]:
    line = f"{reading.dialect}" + (", of a newer version" if reading.newer else "")
    if seen.linked:
        line = "the launch link that led here; the notebook itself names none"
    return [("form", [line]), ("key", [Environment.of(binder).key])]


def _file(name: str, text: Text) -> dict[str, object]:
    return {"name": name, "size_bytes": len(joined(text).encode()), "lines": line_count(text)}


def _print_file(name: str, text: str) -> None:
    click.echo()
    click.echo(f"  {click.style(flat(name), bold=True)}")
    for row in text.splitlines():
        click.echo(f"  {click.style('│', dim=True)} {flat(row)}")
