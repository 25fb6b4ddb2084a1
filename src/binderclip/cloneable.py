"""What git can clone, as its person types it: beside the web also ssh, ``file:`` and folders.

Metadata may name web addresses alone, since anybody writes it; on their own command line people
may point anywhere.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote, unquote

from binderclip import references
from binderclip.errors import Problem, SpecError
from binderclip.spec.model import Reference

_SSH = re.compile(r"ssh://(?P<host>[\w.@:-]++)/++(?P<path>[\w./~+%-]+)", re.ASCII)
# The short form of git's: https://git-scm.com/docs/git-clone#_git_urls
_SCP = re.compile(r"(?P<host>[\w.-]+@[\w.-]+):/*+(?P<path>[\w./~+%-]+)", re.ASCII)


def repository(text: str, *, ref: str | None = None) -> Reference:
    """A folder, ``file:`` or ssh address, or whatever ``set --build`` takes, at ``ref``.

    Raises SpecError at ``build``.
    """
    found = _over_ssh(text) or _on_this_machine(text) or references.repository(text)
    return references.at(found, ref) if ref else found


def _over_ssh(text: str) -> Reference | None:
    match = _SSH.fullmatch(text) or _SCP.fullmatch(text)
    if match is None:
        return None
    user, at, _ = match["host"].rpartition("@")
    if match["host"].startswith("-") or (at and ":" in user):
        raise _fault("an address with a password or an option in it", "ssh://USER@HOST/PATH")
    return Reference(f"ssh://{match['host']}", match["path"])


def _on_this_machine(text: str) -> Reference | None:
    stated = text.lower().startswith("file:")
    path = Path(unquote(re.sub(r"^file:(//(localhost)?(?=/))?", "", text, flags=re.IGNORECASE)))
    path = path if stated else Path(os.path.expanduser(text))  # noqa: PTH111 - Path's raises for a user that is unknown
    if not stated and not (text.startswith((".", "/", "~")) and path.is_dir()):
        return None
    path = path.resolve()
    if not ((path / ".git").exists() or (path / "HEAD").is_file()):
        raise _fault(f"{path}, which is no Git repository", "a folder that git can clone")
    # Git decodes what is escaped in a file: address.
    return Reference(f"file://{quote(path.parent.as_posix())}", quote(path.name))


def _fault(found: str, expected: str) -> SpecError:
    return SpecError((Problem("build", found, expected),))
