"""``binderclip share``: give a notebook an address on the web, for a while."""

from __future__ import annotations

import click

from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip share analysis.ipynb --on https://gateway.example.org
  binderclip share analysis.ipynb --days 7 --strip-outputs
  binderclip share --list
  binderclip share --delete https://gateway.example.org/shared/….ipynb
"""


@click.command(name="share", epilog=EPILOG)
@click.argument("notebook", required=False, type=click.Path(readable=False))
@click.option(
    "--on",
    metavar="GATEWAY",
    help="The gateway that keeps it: an address, or a name of your configuration.",
)
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True),
    help="How long it stays there [default: as long as the gateway lets it].",
)
@click.option("--strip-outputs", is_flag=True, help="Leave out what running it gave.")
@click.option("-y", "--yes", is_flag=True, help="Share it without asking.")
@click.option("--list", "listed", is_flag=True, help="List what you share.")
@click.option("--delete", metavar="ADDRESS", help="Take back what you shared there.")
@json_option
def command(
    notebook: str | None,
    *,
    on: str | None,
    days: float | None,
    strip_outputs: bool,
    yes: bool,
    listed: bool,
    delete: str | None,
    as_json: bool,
) -> None:
    """Have a gateway keep NOTEBOOK for a while, and print its address.

    NOTEBOOK is a file, `-` for standard input, or any address that leads to a notebook. Everybody
    who has the new address can read it, its outputs too, and launch it. You are asked first. The
    token that takes it back is kept for --delete.
    """
    from binderclip.cli import sharing

    if (notebook is not None) + listed + (delete is not None) != 1:
        raise click.UsageError("say what to share: a notebook; or --list, or --delete ADDRESS")
    if listed:
        sharing.show(as_json=as_json)
    elif delete is not None:
        sharing.take_back(delete, as_json=as_json)
    elif notebook is not None:
        wish = sharing.Wish(notebook, on, days, strip_outputs, yes)
        sharing.share(wish, as_json=as_json)
