"""The whole value taken out, or written in another form."""

from __future__ import annotations

from binderclip import spec
from binderclip.edit.model import Edited
from binderclip.edit.writing import refuse_newer
from binderclip.notebook import MISSING, Missing
from binderclip.spec.model import JSON, Dialect


def stripped(value: JSON | Missing, *, force: bool = False) -> Edited:
    """Without ``binder``; an opt-out stays unless ``force``."""
    if value is MISSING:
        return Edited(MISSING)
    if value is False and not force:
        return Edited(value, notes=("the opt-out stays (--force takes it out too)",))
    return Edited(MISSING, ("binder",))


def converted(value: JSON | Missing, dialect: Dialect, *, accept_loss: bool = False) -> Edited:
    """The same in another form. Raises SpecError; LossError unless ``accept_loss``."""
    if value is MISSING or value is False:
        return Edited(value)
    reading = spec.read(value)
    refuse_newer(reading)
    if reading.binder is None or reading.dialect == dialect:
        return Edited(value)
    opens = reading.opens if dialect == "url" or not accept_loss else {}
    written = spec.write(reading.binder, dialect, accept_loss=accept_loss, opens=opens)
    return Edited(written, ("binder",), (f"the form was {reading.dialect}, it is {dialect} now",))
