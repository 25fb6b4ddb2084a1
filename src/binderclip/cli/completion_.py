"""``binderclip completion``: the script that teaches a shell to complete our commands."""

from __future__ import annotations

import os
import sys
from pathlib import PurePath

import click

SHELLS = ("bash", "zsh", "fish")

EPILOG = """\b
Examples:
  eval "$(binderclip completion bash)"                  in ~/.bashrc
  eval "$(binderclip completion zsh)"                   in ~/.zshrc
  binderclip completion fish > ~/.config/fish/completions/binderclip.fish
"""


@click.command(name="completion", epilog=EPILOG)
@click.argument("shell", type=click.Choice(SHELLS), required=False)
def command(shell: str | None) -> None:
    """Print the completion script of SHELL [default: the one in $SHELL]."""
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    from binderclip.cli import cli

    shell = shell or PurePath(os.environ.get("SHELL", "")).name
    if shell not in SHELLS:
        raise click.UsageError(
            f"there is no completion for {shell!r}: name one of {', '.join(SHELLS)}"
            if shell
            else f"$SHELL names no shell: name one of {', '.join(SHELLS)}"
        )
    known = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    source = known[shell](cli, {}, "binderclip", "_BINDERCLIP_COMPLETE").source()
    if sys.stdout.isatty():
        click.echo("# To use it, see the examples of `binderclip completion --help`.", err=True)
    click.echo(source)
