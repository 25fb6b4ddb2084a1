"""``binderclip resolve``: what an address becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from binderclip import notebook
from binderclip.cli.paint import flat, print_facts, print_json, size
from binderclip.cli.state import json_option

if TYPE_CHECKING:
    from binderclip.sources import Fetched, Source

EPILOG = """\b
Examples:
  binderclip resolve https://github.com/o/r/blob/main/analysis.ipynb
  binderclip resolve "https://mybinder.org/v2/gh/o/r/HEAD?labpath=a.ipynb"
  binderclip resolve https://example.org/analysis.ipynb --fetch
"""


@click.command(name="resolve", epilog=EPILOG)
@click.argument("address", type=click.Path(readable=False))
@click.option("--fetch", is_flag=True, help="Fetch it too, and say what came.")
@json_option
def command(address: str, *, fetch: bool, as_json: bool) -> None:
    """Show what ADDRESS becomes: which rule applies, and the request that it leads to.

    Without --fetch nothing is asked over the network. Secrets in the address are not shown.
    """
    from binderclip import sources
    from binderclip.cli.reading import fetch as fetch_now

    source = sources.resolve(address)
    fetched = fetch_now(source) if fetch else None
    if as_json:
        print_json(_describe(source) | ({"fetched": _came(fetched)} if fetched else {}))
    else:
        _print(source, fetched)


def _describe(source: Source) -> dict[str, object]:
    from binderclip.addresses.masking import masked

    return {
        "address": source.shown,
        "kind": source.kind,
        "rule": source.how,
        "path": None if source.path is None else str(source.path),
        "request": masked(source.url) if source.url else None,
        "lookup": source.lookup,
        "name": source.name,
        "origin": source.origin,
        "launch": masked(source.launch) if source.launch else None,
    }


def _came(fetched: Fetched) -> dict[str, object]:
    found = notebook.parse(fetched.data, fetched.source.name)
    return {
        "name": fetched.source.name,
        "origin": fetched.source.origin,
        "size_bytes": len(fetched.data),
        "nbformat": f"{found.nbformat}.{found.nbformat_minor}",
        "names_environment": found.get() is not notebook.MISSING and found.get() is not False,
    }


def _print(source: Source, fetched: Fetched | None) -> None:
    facts = _describe(source)
    click.echo(click.style(flat(str(facts.pop("address"))), bold=True))
    labels = [(name, [str(value)]) for name, value in facts.items() if value is not None]
    if fetched:
        came = _came(fetched)
        names = "names an environment" if came["names_environment"] else "names no environment"
        told = f"{came['name']}, {size(len(fetched.data))}, nbformat {came['nbformat']}, {names}"
        labels.append(("came", [told]))
    print_facts(labels)
