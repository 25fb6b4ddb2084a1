"""Which files of ``content`` may be put into the home folder of this server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from binderclip.copying.model import Copies, File
from binderclip.jupyter.opening.around import places
from binderclip.jupyter.opening.running import refusal
from binderclip.jupyter.opening.standing import Standing


def split(
    copies: Copies, home: Path, withheld: str | None = None
) -> tuple[Copies, tuple[tuple[File, str], ...]]:
    """What may be placed below ``home``, and each file that may not, with the reason. ``withheld``
    is why nothing may.
    """
    if withheld:
        return replace(copies, files=()), tuple((file, withheld) for file in copies.files)
    allowed: list[File] = []
    refused: list[tuple[File, str]] = []
    around, standing = places(home), Standing(home)
    for file in copies.files:
        why = refusal(file.path, around) or standing.refusal(file.path)
        if why is None:
            allowed.append(file)
        else:
            refused.append((file, why))
    return replace(copies, files=tuple(allowed)), tuple(refused)


def withheld(home: Path, root: Path | None, *, may_execute: bool) -> str | None:
    """Why a person who may write contents gets no files into ``home``; None for those that do.
    ``root`` is the folder of the server's contents, None where that is on no disk;
    ``may_execute`` says whether they may run kernels or terminals, and so write anywhere.
    """
    if may_execute or (root is not None and home.resolve().is_relative_to(root.resolve())):
        return None
    return (
        "you may write below this server's root folder, and run nothing: your home folder is not "
        "in it"
    )
