"""What a person may have meant by a pattern that names nothing."""

from __future__ import annotations

import difflib
from pathlib import Path

from binderclip.addresses.masking import printable
from binderclip.companions.globs import is_magic
from binderclip.companions.names import is_hidden
from binderclip.errors import Refused

_MOST_SHOWN = 5
_MOST_COMPARED = 2000


def no_match(folder: Path, pattern: str, parts: tuple[str, ...], left_out: list[Path]) -> Refused:
    shown = printable(pattern)
    if left_out:
        name = printable(str(left_out[0].relative_to(folder)))
        return Refused(
            f"found nothing to send for {shown!r} in {folder} but what is hidden or looks like a"
            f" secret, as {name!r}",
            hint="name such a file itself, without a pattern, to send it all the same",
        )
    base, at = folder, 0
    while at < len(parts) - 1 and not is_magic(parts[at]) and (base / parts[at]).is_dir():
        base, at = base / parts[at], at + 1
    names = _names(base)
    before = "".join(f"{part}/" for part in parts[:at])
    wanted = parts[at] if parts else ""
    near = difflib.get_close_matches(wanted.lower(), [name.lower() for name in names], 1, 0.6)
    if wanted in names or not wanted:
        hint = "that folder has no files"
    elif near:
        meant = next(name for name in names if name.lower() == near[0])
        hint = f"did you mean {printable(before + meant)!r}?"
    elif names:
        some = ", ".join(printable(name, 60) for name in names[:_MOST_SHOWN])
        rest = f" and {len(names) - _MOST_SHOWN:,} more" if len(names) > _MOST_SHOWN else ""
        hint = f"{'in ' + printable(before) if before else 'there'} are {some}{rest}"
    else:
        hint = f"{printable(before) or 'the folder'} is empty"
    return Refused(f"found no file for {shown!r} in {folder}", hint=hint)


def _names(folder: Path) -> list[str]:
    try:
        names = sorted(path.name for path in folder.iterdir() if not is_hidden(path.name))
    except OSError:
        return []
    return names[:_MOST_COMPARED]
