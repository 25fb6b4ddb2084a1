"""``binderclip check``: is what notebooks say of their environment right?"""

from __future__ import annotations

import click

from binderclip.cli.many import NOTEBOOKS
from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip check analysis.ipynb
  binderclip check notebooks/ --require
  binderclip check notebooks/ --json
As a pre-commit hook, in .pre-commit-config.yaml:
  - repo: https://github.com/binderclip/binderclip
    rev: v0.1.0
    hooks: [{id: binderclip-check}]
"""


@click.command(name="check", epilog=EPILOG)
@NOTEBOOKS
@click.option("--require", is_flag=True, help="A notebook that names no environment is wrong too.")
@click.option("-q", "--quiet", is_flag=True, help="Tell problems only.")
@json_option
def command(notebooks: tuple[str, ...], *, require: bool, quiet: bool, as_json: bool) -> None:
    """Check what notebooks say of their environment, a line for each problem.

    In folders every .ipynb below them is meant. Unknown keys and the like are warnings. The
    exit code is 0 where there is no problem, and 1 where there is one.
    """
    from binderclip.cli.checking import check, print_report, report
    from binderclip.cli.outcomes import Counting

    counting = Counting()
    verdicts = check(notebooks, require=require, observe=counting)
    counting.clear()
    if as_json:
        from binderclip.cli.paint import print_json

        print_json(report(verdicts))
    else:
        print_report(verdicts, quiet=quiet)
    click.get_current_context().exit(1 if any(v.error for v in verdicts) else 0)
