"""``binderclip buildpack``: tell how repo2docker would build an environment."""

from __future__ import annotations

import click

from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip buildpack analysis.ipynb
  binderclip buildpack .
  binderclip buildpack analysis.ipynb --fetch
  binderclip buildpack https://github.com/binder-examples/conda --json
"""


@click.command(name="buildpack", epilog=EPILOG)
@click.argument("subject", metavar="NOTEBOOK|FOLDER", type=click.Path(readable=False))
@click.option(
    "--fetch",
    is_flag=True,
    help="Fetch the repository that the notebook is built from, and look into it.",
)
@json_option
def command(subject: str, *, fetch: bool, as_json: bool) -> None:
    """Tell which build repo2docker, and so a BinderHub, would choose; which Python it takes; which
    files it uses and ignores, and what may surprise you.

    The subject is a notebook, with its pinned files in their places; a folder; or a repository's
    address (https://github.com/OWNER/NAME, gh:OWNER/NAME@REF, …). Nothing of it is run. The exit
    code is 1 where the build would fail.
    """
    from binderclip.cli.building import look, print_verdict, verdict_as_json

    verdict = look(subject, fetch=fetch)
    if as_json:
        from binderclip.cli.paint import print_json

        print_json(verdict_as_json(verdict))
    else:
        print_verdict(verdict)
    click.get_current_context().exit(1 if verdict.report and verdict.report.fails else 0)
