"""The command line: a table of verbs, each imported when it is used."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

import click

from binderclip.cli.paint import colour
from binderclip.cli.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

# The one line of help stands here, so that `--help` and completion import no verb.
VERBS = {
    "run": "run a notebook in the environment that it names, here or elsewhere",
    "open": "open a notebook in the browser, in the environment that it names",
    "env": "launch the environment that a notebook names, for other tools",
    "show": "show what a notebook says of its environment",
    "set": "write a notebook's environment into it",
    "strip": "take the environment out of notebooks",
    "check": "check what notebooks say of their environment",
    "freeze": "pin the environment to commits, digests and locks",
    "thaw": "take out what was pinned",
    "embed": "carry environment files in a notebook",
    "extract": "write a notebook's environment files into a folder",
    "buildpack": "tell how repo2docker would build an environment",
    "import": "take over what another tool says of the environment",
    "export": "write the environment for another tool",
    "guess": "guess the packages that a notebook needs from its imports",
    "upgrade": "write the environment in another form",
    "resolve": "show what an address becomes",
    "link": "print the links that launch a notebook",
    "publish-env": "push the environment as a repository that any BinderHub builds",
    "badge": "write a badge for such a link",
    "share": "have a gateway keep a notebook for a while, under an address",
    "schema": "print the JSON Schema of the metadata",
    "serve": "serve the pages that launch notebooks by their addresses",
    "sessions": "list and stop what runs on hubs",
    "token": "keep tokens of hubs and servers",
    "trust": "list and revoke what may run without asking",
    "cache": "list and remove built environments",
    "doctor": "tell what can run here, and how to get the rest",
    "completion": "print the shell's completion script",
}

EPILOG = """\b
Examples:
  binderclip set analysis.ipynb --file requirements.txt
  binderclip run analysis.ipynb
  binderclip run analysis.ipynb --on https://mybinder.org
  binderclip show https://github.com/o/r/blob/main/analysis.ipynb
  binderclip COMMAND --help
"""


def home(verb: str) -> str:
    """The module that a verb is in."""
    return f"binderclip.cli.{verb.replace('-', '_')}_"


class Verbs(click.Group):
    """Looks a verb up by name in ``binderclip.cli.<verb>_``; nothing else is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        from importlib import import_module

        command: click.Command = import_module(home(cmd_name)).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in VERBS:
            from binderclip.cli.unknown import explain

            ctx.fail(explain(args[0], tuple(VERBS)))
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        verbs = [
            CompletionItem(name, help=line)
            for name, line in VERBS.items()
            if name.startswith(incomplete)
        ]
        # Not Group's own, which would import every verb to see whether it is hidden.
        return verbs + click.Command.shell_complete(self, ctx, incomplete)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        extra.setdefault("color", colour())
        return super().make_context(*args, **extra)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click calls it
    if wanted and not ctx.resilient_parsing:
        from binderclip._version import __version__

        click.echo(f"binderclip {__version__}")
        ctx.exit()


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
)
@click.option("--debug", is_flag=True, envvar="BINDERCLIP_DEBUG", help="Show tracebacks.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version.",
)
@click.pass_obj
def cli(state: State, *, debug: bool) -> None:
    """A notebook that carries its own Binder.

    One .ipynb, wherever it lies, says which environment runs it; binderclip writes that, checks
    it, and runs the notebook in it.
    """
    state.debug = debug


def _spare_the_encoding() -> None:
    """What a terminal's encoding lacks, such as ✓ in Latin-1, is shown as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 wrong usage, else the error's own code."""
    # Until the verb's own option is parsed: a usage error may come before that.
    _spare_the_encoding()
    state = State(json="--json" in (sys.argv[1:] if arguments is None else arguments))
    try:
        code = cli.main(arguments, prog_name="binderclip", standalone_mode=False, obj=state)
    except Exception as error:  # noqa: BLE001 - the outermost shell: everything ends here
        from binderclip.cli.failure import report

        code = report(error, state)
    except KeyboardInterrupt:
        if state.json:
            from binderclip.cli.failure import as_json
            from binderclip.cli.paint import print_json
            from binderclip.errors import Interrupted

            print_json(as_json(Interrupted("interrupted")))
        else:
            click.echo("\nInterrupted.", err=True)
        code = 130
    sys.exit(code if isinstance(code, int) else 0)
