"""The body of ``binderclip run``: the pipeline, told and ended properly."""

from __future__ import annotations

from binderclip import execute, flow, parameters
from binderclip.cache import Cache
from binderclip.cli import output as outputs
from binderclip.cli.cells import CellReporter
from binderclip.cli.consent import Consent
from binderclip.cli.paint import print_json
from binderclip.cli.progress import Reporter
from binderclip.cli.run_ import Wishes
from binderclip.folders import state_folder
from binderclip.sources import OpenGuard
from binderclip.targets.local import LocalTarget
from binderclip.trust import TrustStore


async def run(wished: Wishes, *, as_json: bool) -> None:
    """Open, launch, execute, stop. Raises the tree of errors."""
    reporter = Reporter(verbose=wished.verbose, quiet=wished.quiet)
    options = execute.RunOptions(
        parameters=parameters.parse(wished.pairs),
        timeout_s=wished.timeout_s,
        allow_errors=wished.allow_errors,
        kernel=wished.kernel,
    )
    opened = await flow.open_address(
        wished.address, guard=OpenGuard(), observe=reporter.say, latest=wished.latest
    )
    target_file = outputs.choose(opened, stated=wished.output, in_place=wished.in_place)
    if opened.note:
        reporter.say(opened.note, mark="!", hue="yellow")
    consent = Consent(opened, TrustStore(state_folder()), trusted=wished.trust)
    target = LocalTarget(
        Cache(),
        consent,
        own_home=opened.distant,
        offline=wished.offline,
        python=wished.python,
    )
    async with flow.launched(target, opened.environment, reporter.launch) as session:
        result = await execute.run(
            opened.notebook,
            session,
            cwd=flow.working_folder(opened, session),
            output=target_file,
            options=options,
            observe=CellReporter(reporter),
            # In place, nobody else's change since we read it may be lost.
            replaces=opened.notebook.data if wished.in_place else None,
        )
    if as_json:
        print_json(_answer(result, key=consent.key))
    else:
        reporter.say(f"{result.output}  ({reporter.elapsed()} in all)", mark="→", hue="green")


def _answer(result: execute.RunResult, *, key: str) -> dict[str, object]:
    return {
        "output": str(result.output),
        "environment": key,
        "cells_run": result.cells_run,
        "seconds": round(result.seconds, 3),
        "errors": [
            {"cell": error.cell, "name": error.name, "value": error.value}
            for error in result.errors
        ],
    }
