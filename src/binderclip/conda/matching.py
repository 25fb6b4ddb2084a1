"""Does a frozen file answer what is asked for? Nothing is asked of the network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from binderclip.conda import channels, exactly, specs
from binderclip.conda.model import CondaFile, Pinned
from binderclip.conda.rattle import available
from binderclip.errors import Refused

if TYPE_CHECKING:
    from rattler import PackageRecord

_NUMBER = re.compile(r"(?:^|_)(\d{1,9})$")


def unanswered(asked: Sequence[str], file: CondaFile, frozen: CondaFile) -> str | None:
    """The first of ``asked``, match specs of ``file``, that ``frozen`` has no package for, in
    words; None when there is one for each. Raises Refused.
    """
    available()
    pinned = {one.name: one for one in exactly.pins(frozen)}
    if len(pinned) != len(frozen.specs):
        return "not every package in it is stated exactly"
    for spec in asked:
        one = specs.split(spec)
        found = pinned.get(one.name)
        if found is None:
            return f"it has no {channels.shown(spec)}"
        if one.channel and found.channel not in ("", one.channel):
            return f"it has {found.name} from the channel {found.channel}"
        if not specs.parsed(file.where, replace(one, subdir=None).text()).matches(_record(found)):
            return f"it has {found.name} {found.version}, and {channels.shown(spec)} is asked for"
    return None


def _record(one: Pinned) -> PackageRecord:
    import rattler  # noqa: PLC0415 - an extra

    number = _NUMBER.search(one.build)
    try:
        record = rattler.PackageRecord(
            one.name,
            rattler.VersionWithSource(one.version),
            rattler.package.BuildString(one.build),
            int(number[1]) if number else 0,
            "noarch",
            sha256=bytes.fromhex(one.sha256) if one.sha256 else None,
            md5=bytes.fromhex(one.md5) if one.md5 else None,
        )
    except (ValueError, rattler.exceptions.InvalidVersionError) as error:
        raise Refused(f"the frozen {one.name}: found no version or hash of conda's") from error
    return record
