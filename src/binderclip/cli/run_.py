"""``binderclip run``: execute a notebook in the environment that it names."""

from __future__ import annotations

from typing import Any

import click

from binderclip.cli.many import jobs_option
from binderclip.cli.place import Place, finish, place_options
from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip run analysis.ipynb                  writes analysis.run.ipynb
  binderclip run analysis.ipynb -o results/      writes results/analysis.ipynb
  binderclip run analysis.ipynb -p year=2026 --in-place
  binderclip run analysis.ipynb --build . --ref main
  binderclip run https://github.com/o/r/blob/main/analysis.ipynb
  binderclip run analysis.ipynb --on https://mybinder.org
  binderclip run analysis.ipynb --on auto --with 'data/*' --get 'figures/*'
  curl -s https://example.org/nb.ipynb | binderclip run - -o out.ipynb
"""


@click.command(name="run", epilog=EPILOG)
@click.argument(
    "notebooks", nargs=-1, required=True, metavar="NOTEBOOK...", type=click.Path(readable=False)
)
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="Where to write the executed notebook: a file, or a folder, which is made where its name "
    "ends in / [default: NAME.run.ipynb].",
)
@click.option("-i", "--in-place", is_flag=True, help="Write the outputs into the notebook itself.")
@click.option(
    "-p",
    "--parameter",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter, by papermill's convention; may be repeated.",
)
@click.option(
    "--timeout-s", type=click.FloatRange(min=0, min_open=True), help="Seconds a cell may take."
)
@click.option("--allow-errors", is_flag=True, help="Go on after a cell that fails.")
@click.option("--kernel", metavar="NAME", help="Another kernel of the environment.")
@click.option(
    "--get",
    "fetched",
    multiple=True,
    metavar="GLOB",
    help="Bring these files back from elsewhere, beside the result; may be repeated.",
)
@jobs_option(4, "How many of several notebooks run at once.")
@place_options
@click.option("-q", "--quiet", is_flag=True, help="Show errors only.")
@json_option
def command(*, as_json: bool, notebooks: tuple[str, ...], jobs: int, **wishes: Any) -> None:
    """Run NOTEBOOK in the environment that it names, on this machine or elsewhere (--on).

    NOTEBOOK is a file, `-` for standard input, or any address that leads to a notebook. Outputs
    are saved as they come. Of several notebooks, those with the same environment share a session
    elsewhere, and one that fails does not stop the others.

    Exit codes: 41 a cell failed, 42 it took too long, 43 the kernel died, 130 interrupted, 22
    nobody said yes to running it, 21 it can't run there, 20 to 26 it did not come up.
    """
    from binderclip import execute, parameters
    from binderclip.cli import running
    from binderclip.cli.progress import Reporter

    reporter = Reporter(verbose=wishes.pop("verbose"), quiet=wishes.pop("quiet") or as_json)
    from binderclip.cli.output import stated

    output = stated(wishes.pop("output"), folder=len(notebooks) > 1)
    result = running.Result(output, wishes.pop("in_place"), wishes.pop("fetched"))
    options = execute.RunOptions(
        parameters=parameters.parse(wishes.pop("pairs")),
        timeout_s=wishes.pop("timeout_s"),
        allow_errors=wishes.pop("allow_errors"),
        kernel=wishes.pop("kernel"),
    )
    places = [Place(notebook=notebook, **wishes) for notebook in notebooks]
    if len(places) == 1:
        finish(running.run(places[0], options, result, reporter, as_json=as_json))
        return
    from binderclip.cli import several

    codes: list[int] = []

    async def all_of_them() -> None:
        code = await several.run_all(
            places, options, result, at_once=jobs, reporter=reporter, as_json=as_json
        )
        codes.append(code)

    finish(all_of_them())
    click.get_current_context().exit(*codes)
