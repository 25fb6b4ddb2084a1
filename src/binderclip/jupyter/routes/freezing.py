"""Freezing for a front end: as ``binderclip freeze`` does it, under the server's guard, with
nobody's logins, and never with a package built.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from binderclip import edit
from binderclip.addresses.masking import printable
from binderclip.cache import Cache
from binderclip.errors import AddressForbidden, FreezeFailed, TooLarge
from binderclip.freeze.freezer import Freezer
from binderclip.freeze.options import Options
from binderclip.freeze.sources import NetworkSources
from binderclip.guard import Guard
from binderclip.jupyter.routes.jobs import Outcome, Work
from binderclip.notebook import MISSING, Missing
from binderclip.rest.faults import hidden, own_folders
from binderclip.spec.model import JSON

_MAX_BYTES = 4 << 20
"""Of an outcome, which is kept until the job is forgotten."""
_ALLOWED = "whoever runs this server can let it, with c.Binderclip.allowed_networks"


def check(value: JSON | Missing) -> None:
    """Raises SpecError for what cannot be frozen, as the job would."""
    edit.readable(value)


def work(value: JSON | Missing, options: Options, guard: Guard) -> Work:
    """A job that ends with the new value and what changed. Raises as ``Freezer.freeze``, and
    TooLarge and CacheError.
    """
    folders = own_folders()

    async def freeze(observe: Callable[[str], None]) -> Outcome:
        async with (
            NetworkSources(Cache(), guard) as sources,
            Freezer(
                sources, options, observe=lambda line: observe(printable(hidden(line, folders)))
            ) as freezer,
        ):
            try:
                edited = await freezer.freeze(value)
            except FreezeFailed as error:
                for failure in error.failures:
                    if isinstance(failure.error, AddressForbidden):
                        failure.error.hint = _ALLOWED
                raise FreezeFailed(error.failures) from error
        outcome: Outcome = {
            "changed": bool(edited.changes),
            "changes": list(edited.changes),
            "notes": [hidden(note, folders) for note in edited.notes],
        }
        return _bounded(outcome if edited.value is MISSING else {**outcome, "binder": edited.value})

    return freeze


def _bounded(outcome: Outcome) -> Outcome:
    try:
        size = len(msgspec.json.encode(outcome))
    except UnicodeEncodeError:  # halves of surrogate pairs, which no lock has
        return outcome
    if size > _MAX_BYTES:
        raise TooLarge(
            f"its frozen form has {size >> 20} MiB, expected at most {_MAX_BYTES >> 20}",
            hint="freeze fewer parts, with `only`",
        )
    return outcome
