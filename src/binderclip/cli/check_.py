"""``binderclip check``: is what notebooks say of their environment right?"""

from __future__ import annotations

import click

from binderclip.cli.many import NOTEBOOKS, jobs_option
from binderclip.cli.state import json_option

EPILOG = """\b
Examples:
  binderclip check analysis.ipynb
  binderclip check notebooks/ --require
  binderclip check notebooks/ --json
  binderclip check notebooks/ --online     is it all still there?
  binderclip check notebooks/ --online --fix
As a pre-commit hook, in .pre-commit-config.yaml:
  - repo: https://github.com/binderclip/binderclip
    rev: v0.1.0
    hooks: [{id: binderclip-check}]
"""


@click.command(name="check", epilog=EPILOG)
@NOTEBOOKS
@click.option("--require", is_flag=True, help="A notebook that names no environment is wrong too.")
@click.option(
    "--online",
    is_flag=True,
    help="Ask whether hosts, repositories, images and pinned packages are still there, and what "
    "has moved on.",
)
@click.option(
    "--fix",
    is_flag=True,
    help="With --online: freeze anew what is gone; drop an image that is gone where something to "
    "build remains.",
)
@click.option("--strict", is_flag=True, help="With --online: what has moved on is a problem too.")
@jobs_option(8, "With --online: ask so much at a time.")
@click.option("-q", "--quiet", is_flag=True, help="Tell problems only.")
@json_option
def command(
    notebooks: tuple[str, ...],
    *,
    require: bool,
    online: bool,
    fix: bool,
    strict: bool,
    jobs: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Check what notebooks say of their environment, a line for each problem.

    In folders every .ipynb below them is meant. Unknown keys and the like are warnings. The
    exit code is 0 where there is no problem, 1 where there is one, and with --online 25 where
    the only problem is that somebody did not answer.
    """
    from binderclip.cli.checking import check, print_report, report
    from binderclip.cli.outcomes import Counting

    if (fix or strict) and not online:
        raise click.UsageError("--fix and --strict go with --online")
    counting = Counting()
    verdicts = check(notebooks, require=require, observe=counting)
    counting.clear()
    if online:
        from binderclip.cli import vital

        look = vital.Look(fix=fix, strict=strict, at_once=jobs, quiet=quiet, as_json=as_json)
        click.get_current_context().exit(vital.look_and_tell(verdicts, look))
    if as_json:
        from binderclip.cli.paint import print_json

        print_json(report(verdicts))
    else:
        print_report(verdicts, quiet=quiet)
    click.get_current_context().exit(1 if any(v.error for v in verdicts) else 0)
