"""The wishes that `run` and `open` share: which notebook, where, under which conditions."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

from binderclip import flow
from binderclip.cache import Cache
from binderclip.cli import person
from binderclip.cli.consent import Consent
from binderclip.cli.progress import Reporter
from binderclip.flow import Opened
from binderclip.folders import state_folder
from binderclip.sources import OpenGuard
from binderclip.targets.local import LocalTarget
from binderclip.trust import TrustStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What was asked on the command line, as it was said."""

    address: str
    trust: bool
    latest: bool
    offline: bool
    python: str | None


@dataclass(frozen=True, slots=True)
class Here:
    """A notebook that was read, and the target that will take it on this machine."""

    opened: Opened
    target: LocalTarget
    consent: Consent


async def here(place: Place, reporter: Reporter) -> Here:
    """Read the notebook and make the target. Raises SourceError, NotebookError, SpecError."""
    typed = person.interruptible() if place.address == "-" else nullcontext()
    with typed:
        opened = await flow.open_address(
            place.address, guard=OpenGuard(), observe=reporter.say, latest=place.latest
        )
    if opened.note:
        reporter.say(opened.note, mark="!", hue="yellow")
    consent = Consent(opened, TrustStore(state_folder()), trusted=place.trust)
    target = LocalTarget(
        Cache(),
        consent,
        own_home=opened.distant,
        offline=place.offline,
        python=place.python,
    )
    return Here(opened, target, consent)
