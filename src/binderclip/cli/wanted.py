"""From what was asked to a notebook that was read and a target that will take it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import click

from binderclip import flow
from binderclip.cache import Cache
from binderclip.cli import person
from binderclip.cli.consent import Consent
from binderclip.cli.place import Place
from binderclip.cli.progress import Reporter
from binderclip.cloneable import repository
from binderclip.flow import Opened
from binderclip.folders import state_folder
from binderclip.sources import OpenGuard
from binderclip.targets.local import LocalTarget
from binderclip.trust import TrustStore


@dataclass(frozen=True, slots=True)
class Here:
    """A notebook that was read, and the target that will take it on this machine."""

    opened: Opened
    target: LocalTarget
    consent: Consent


async def here(place: Place, reporter: Reporter) -> Here:
    """Read the notebook and make the target. Raises SourceError, NotebookError, SpecError."""
    if place.ref and not place.build:
        raise click.UsageError("--ref is that of --build, which is missing")
    typed = person.interruptible() if place.notebook == "-" else nullcontext()
    with typed:
        opened = await flow.open_address(
            place.notebook,
            guard=OpenGuard(),
            observe=reporter.say,
            latest=place.latest,
            build=repository(place.build, ref=place.ref) if place.build else None,
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
