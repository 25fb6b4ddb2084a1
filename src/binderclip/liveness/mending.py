"""What can be done about what is gone."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from binderclip.liveness.model import Sign
from binderclip.spec.model import Binder

_LOCK = "frozen."


@dataclass(frozen=True, slots=True)
class Remedy:
    """``again`` are parts to freeze anew, by the names that freezing knows; ``without_image``:
    the image goes, for something to build remains. ``hopeless`` is what neither mends.
    """

    again: frozenset[str]
    without_image: bool
    hopeless: tuple[Sign, ...]

    @property
    def empty(self) -> bool:
        return not self.again and not self.without_image


def remedy(binder: Binder, signs: Sequence[Sign]) -> Remedy:
    """For what is gone alone: what has moved on is right as it is frozen."""
    gone = [sign for sign in signs if sign.state == "gone"]
    lost = [sign for sign in gone if sign.now is None and not sign.part.startswith(_LOCK)]
    again = frozenset(_named(sign) for sign in gone if sign not in lost)
    builds = binder.build is not None or bool(binder.files)
    remains = builds and not any(sign.part == "build" for sign in lost)
    hopeless = tuple(sign for sign in lost if sign.part != "image" or not remains)
    return Remedy(again, len(hopeless) < len(lost), hopeless)


def _named(sign: Sign) -> str:
    """As freezing names the part: a file by its own name, in whatever folder it lies."""
    return posixpath.basename(sign.part.removeprefix(_LOCK))
