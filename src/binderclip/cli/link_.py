"""``binderclip link``: the links that launch a notebook."""

from __future__ import annotations

from typing import Any

import click

from binderclip.cli.state import State, json_option
from binderclip.links import FORMS, KINDS, UIS

EPILOG = """\b
Examples:
  binderclip link analysis.ipynb
  binderclip link analysis.ipynb --first --as markdown >> README.md
  binderclip link https://github.com/o/r/blob/main/a.ipynb --ui notebook
  binderclip link analysis.ipynb --hub https://hub.example.org --kind hub-pull
  binderclip link analysis.ipynb --hub https://hub.example.org --open
  binderclip link analysis.ipynb --repo o/r --path notebooks/analysis.ipynb
"""


@click.command(name="link", epilog=EPILOG)
@click.argument("notebook", type=click.Path(readable=False))
@click.option(
    "--as",
    "form",
    type=click.Choice([*FORMS, "json"]),
    default="text",
    show_default=True,
    help="Write the links in this form.",
)
@click.option("--first", is_flag=True, help="The best one alone.")
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="URL",
    help="A BinderHub, instead of those that the notebook names; may be repeated.",
)
@click.option(
    "--hub",
    "hubs",
    multiple=True,
    metavar="URL|NAME",
    help="A JupyterHub, or a hub or server of your configuration; may be repeated.",
)
@click.option(
    "--ui",
    type=click.Choice(list(UIS)),
    help="What opens the notebook [default: lab; for links that fetch it, what the server shows].",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(list(KINDS)),
    metavar="KIND",
    help=f"Links of this kind: {', '.join(KINDS)}; may be repeated [default: those that do what "
    "the notebook says].",
)
@click.option(
    "--open",
    "opens",
    is_flag=True,
    help="Links that fetch the notebook from its address: hub-open with --hub, else binder-open.",
)
@click.option("--badge", metavar="URL", help="The picture for badges [default: the BinderHub's].")
@click.option("--repo", metavar="REPOSITORY", help="The repository that the notebook is in.")
@click.option("--ref", metavar="REF", help="Its branch, tag or commit.")
@click.option("--path", metavar="PATH", help="The notebook's path there.")
@click.option("--url", metavar="ADDRESS", help="Where others can fetch the notebook.")
@click.option("--latest", is_flag=True, help="Go by refs; set aside what was frozen.")
@json_option
def command(
    notebook: str, *, form: Any, first: bool, badge: str | None, as_json: bool, **words: Any
) -> None:
    """Print the links that launch NOTEBOOK, one a line, the best first.

    NOTEBOOK is a file, `-` for standard input, or any address that leads to a notebook. Where the
    notebook is, is told by its address, or by the git checkout that the file is in.
    """
    from binderclip.cli.linking import Words, make, print_answer, show
    from binderclip.cli.reading import read

    if form == "json":
        click.get_current_context().ensure_object(State).json = True
    seen = read(notebook)
    question, found = make(seen, Words(**words))
    if as_json or form == "json":
        print_answer(seen, question, found, badge=badge)
    else:
        show(question, found, form, badge=badge, first=first)
