"""``binderclip trust``: what a person has said yes to."""

from __future__ import annotations

from dataclasses import asdict

import click

from binderclip.cli.paint import count, flat, print_facts, print_json
from binderclip.cli.state import json_option
from binderclip.trust import Grant

EPILOG = """\b
Examples:
  binderclip trust list
  binderclip trust revoke 3f2a9c41
  binderclip trust revoke https://example.org/analysis.ipynb
  binderclip trust clear
"""


@click.group(name="trust", epilog=EPILOG)
def command() -> None:
    """List and revoke what may run without asking.

    A grant is a pair: the key of an environment and the origin that it came from.
    """


@command.command(name="list", epilog="\b\nExample:\n  binderclip trust list --json")
@json_option
def list_(*, as_json: bool) -> None:
    """List what you have said yes to, oldest first."""
    from binderclip.folders import state_folder
    from binderclip.trust import TrustStore

    grants = TrustStore(state_folder()).grants()
    if as_json:
        print_json({"grants": [asdict(grant) for grant in grants]})
        return
    if not grants:
        click.echo("Nothing: you are asked about everything that comes from an address.")
    for grant in grants:
        _tell(grant)


@command.command(
    epilog="\b\nExamples:\n  binderclip trust revoke 3f2a9c41\n"
    "  binderclip trust revoke https://example.org/analysis.ipynb"
)
@click.argument("words", nargs=-1, required=True, metavar="KEY|ORIGIN...")
@json_option
def revoke(words: tuple[str, ...], *, as_json: bool) -> None:
    """Take a yes back, so that you are asked again.

    KEY is an environment's key or its first 8 digits or more; ORIGIN is an address as `trust
    list` shows it. The exit code is 1 where nothing matches one of them.
    """
    from binderclip.folders import state_folder
    from binderclip.trust import TrustStore

    store = TrustStore(state_folder())
    gone: list[Grant] = []
    unknown = []
    for word in words:
        found = store.revoke(word)
        gone += found
        if not found:
            unknown.append(word)
    if as_json:
        print_json({"revoked": [asdict(grant) for grant in gone], "unknown": unknown})
    else:
        for grant in gone:
            _tell(grant)
        click.echo(f"{count(len(gone), 'grant')} revoked.")
        for word in unknown:
            click.echo(f"{flat(word)}: no grant has this key or origin", err=True)
    click.get_current_context().exit(1 if unknown else 0)


@command.command(epilog="\b\nExample:\n  binderclip trust clear")
@json_option
def clear(*, as_json: bool) -> None:
    """Take every yes back."""
    from binderclip.folders import state_folder
    from binderclip.trust import TrustStore

    gone = TrustStore(state_folder()).clear()
    if as_json:
        print_json({"revoked": [asdict(grant) for grant in gone]})
    else:
        click.echo(f"{count(len(gone), 'grant')} revoked.")


def _tell(grant: Grant) -> None:
    click.echo(click.style(flat(grant.origin), bold=True))
    print_facts([("key", [grant.key]), ("since", [grant.at])])
