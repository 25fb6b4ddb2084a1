"""How repo2docker would build some files."""

from __future__ import annotations

from binderclip.rees.checks import check, completed
from binderclip.rees.inclusions import inclusions
from binderclip.rees.listings import Listing
from binderclip.rees.model import Report
from binderclip.rees.table import Choice, Unbuildable, choose
from binderclip.rees.traps import traps
from binderclip.rees.usage import ignored, used
from binderclip.rees.version import Taken, taken


def report(listing: Listing) -> Report:
    """As ``rees.report``."""
    try:
        choice = choose(listing)
    except Unbuildable as error:
        return Report(None, "", None, fails=error.message, mend=error.hint)
    python, failure = None, None
    try:
        choice = completed(listing, choice)
        python = taken(listing, choice)
        check(listing, choice)
    except Unbuildable as error:
        failure = error
    return _told(listing, choice, python, failure)


def _told(
    listing: Listing, choice: Choice, python: Taken | None, failure: Unbuildable | None
) -> Report:
    uses = used(listing, choice, python)
    passed_over = tuple(ignored(listing, choice, uses))
    included = inclusions(listing, choice, uses)
    named = [one.path for one in included if one.there and one.path not in uses]
    return Report(
        buildpack=choice.buildpack,
        folder=choice.folder,
        trigger=choice.trigger,
        uses=(*uses, *named),
        ignored=passed_over,
        traps=tuple(traps(listing, choice, python, passed_over, included)),
        python=python.python if python else None,
        fails=failure.message if failure else None,
        mend=failure.hint if failure else None,
    )
