"""``binderclip badge``: a picture for a launch link."""

from __future__ import annotations

from pathlib import Path

import click

from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip badge badge.svg
  binderclip badge run.svg --label run --message "on our hub" --colour teal
  binderclip link a.ipynb --first --as markdown --badge badge.svg
"""


@click.command(name="badge", epilog=EPILOG)
@click.argument("file", metavar="FILE.svg", type=click.Path(readable=False))
@click.option("--label", default="launch", show_default=True, help="The text on the left.")
@click.option("--message", default="binder", show_default=True, help="The text on the right.")
@click.option(
    "--colour",
    "--color",
    default="blue",
    show_default=True,
    metavar="COLOUR",
    help="Behind the message: #rrggbb, or blue, green, grey, orange, purple, red, teal, yellow.",
)
@json_option
def command(file: str, *, label: str, message: str, colour: str, as_json: bool) -> None:
    """Write a badge for a launch link into FILE.svg; `-` prints it.

    A page that shows it asks no other server for it.
    """
    from binderclip.badge import HEIGHT, Badge, write

    badge = Badge(label, message, colour)
    if file == "-":
        if as_json:
            raise click.UsageError("--json needs a file: '-' prints the badge itself")
        click.echo(badge.svg, nl=False)
        return
    write(badge, Path(file))
    if as_json:
        from binderclip.cli.paint import print_json

        size = {"width": badge.width, "height": HEIGHT}
        print_json({"file": file, "title": badge.title, **size})
    else:
        from binderclip.cli.paint import flat

        mark = click.style("✓", fg="green")
        click.echo(f"{mark} {flat(file)}: {flat(badge.title)}, {badge.width} by {HEIGHT} pixels")
