"""What a notebook says of its environment, in words and as JSON."""

from __future__ import annotations

import click

from binderclip.cli.paint import count, flat, print_facts, print_rows, size
from binderclip.cli.reading import Seen
from binderclip.environment import Environment
from binderclip.freeze.parts import loose
from binderclip.notebook import MISSING
from binderclip.spec import Reading, write
from binderclip.spec.model import Binder, Fetch, Reference, Text, joined
from binderclip.spec.places import DEFAULT_REFS


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
        "environment": _environment(binder) if binder else None,
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
    print_facts([*_facts(reading.binder), *_form(seen, reading, reading.binder)])
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


def _facts(binder: Binder) -> list[tuple[str, list[str]]]:
    files = [
        f"{name}  ({size(len(joined(text).encode()))}, {count(_lines(text), 'line')})"
        for name, text in binder.files.items()
    ]
    return [
        ("image", _reference(binder.image, "latest")),
        ("build", _reference(binder.build, "HEAD")),
        ("files", files),
        ("config", _fetch(binder.config)),
        ("content", _fetch(binder.content)),
        ("hosts" if len(binder.host) > 1 else "host", list(binder.host)),
        ("frozen", _frozen(binder)),
    ]


def _form(seen: Seen, reading: Reading, binder: Binder) -> list[tuple[str, list[str]]]:
    environment = Environment.of(binder)
    lines = [f"{reading.dialect}" + (", of a newer version" if reading.newer else "")]
    if seen.linked:
        lines = ["the launch link that led here; the notebook itself names none"]
    if binder.auto:
        lines.append("written by a save hook, which may rewrite it")
    bare = ["none: a plain Python with a kernel"] if environment.bare else []
    return [("builds", bare), ("form", lines), ("key", [environment.key])]


def _reference(reference: Reference | None, default_ref: str) -> list[str]:
    if reference is None:
        return []
    ref = reference.ref or ("" if reference.hash else default_ref)
    lines = [f"{reference.url} at {ref}" if ref else reference.url]
    return [*lines, f"frozen to {reference.hash}" if reference.hash else "not frozen"]


def _fetch(fetch: Fetch | None) -> list[str]:
    copies = (fetch.copy or {}).items() if fetch else ()
    return _reference(fetch, "HEAD") + [f"{glob} → {folder}" for glob, folder in copies]


def _frozen(binder: Binder) -> list[str]:
    frozen = binder.frozen
    if frozen is None:
        return []
    when = f"at {frozen.at}" if frozen.at else "at an unknown time"
    if not frozen.files:
        hashed = any((one := getattr(binder, key)) and one.hash for key in DEFAULT_REFS)
        return [when if hashed else f"{when}, and nothing is any more"]
    where = f"for {frozen.platform}" if frozen.platform else "for any platform"
    return [f"{when}, {where}", *(f"{name} is pinned" for name in frozen.files)]


def _environment(binder: Binder) -> dict[str, object]:
    """``frozen``: every reference has its hash, and every file that can be pinned a pinned form."""
    environment = Environment.of(binder)
    frozen = not environment.bare and not loose(binder)
    return {"key": environment.key, "bare": environment.bare, "frozen": frozen}


def _file(name: str, text: Text) -> dict[str, object]:
    return {"name": name, "size_bytes": len(joined(text).encode()), "lines": _lines(text)}


def _lines(text: Text) -> int:
    whole = joined(text)
    return whole.count("\n") + (not whole.endswith("\n") and bool(whole))


def _print_file(name: str, text: str) -> None:
    click.echo()
    click.echo(f"  {click.style(flat(name), bold=True)}")
    for row in text.splitlines():
        click.echo(f"  {click.style('│', dim=True)} {flat(row)}")
