"""``binderclip schema``: the JSON Schema of the metadata."""

from __future__ import annotations

import click

EPILOG = """\b
Examples:
  binderclip schema > binder.schema.json
  binderclip schema --indent 0
"""


@click.command(name="schema", epilog=EPILOG)
@click.option(
    "--indent",
    type=click.IntRange(0, 8),
    metavar="N",
    help="Indent by N spaces; 0 prints one line [default: as published].",
)
def command(*, indent: int | None) -> None:
    """Print the JSON Schema (2020-12) of `metadata.binder`, version 1."""
    from binderclip.spec import schema_text

    text = schema_text()
    if indent is not None:
        import msgspec

        text = msgspec.json.format(text, indent=indent)
    click.echo(text.rstrip("\n"))
