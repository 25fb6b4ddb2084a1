"""Lines of a requirements file out of other tools' lists. What a line could smuggle in (further
lines, options, environment variables, credentials, this machine's files) never gets through.

Formats: https://packaging.python.org/en/latest/specifications/dependency-specifiers/ and
https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from binderclip.importing.model import MAX_ITEMS, Remarks, secret, told
from binderclip.spec.grammar import CONTROLS

_MAX_LINE = 1000
_ODD = re.compile(rf"[{CONTROLS}\\]|\$\{{")
_WEB = re.compile(r"(?:git\+)?https?://[^\s@]+(?:@[^\s@]+)?")
_OPTION = re.compile(r"(--index-url|-i|--extra-index-url|--find-links|-f)(?:\s+|=)(\S+)")
_FLAGS = frozenset({"--pre", "--prefer-binary"})


def plain(text: object) -> str | None:
    """``text`` without white space around it, where it is one line that hides nothing."""
    if not isinstance(text, str) or len(text) > _MAX_LINE or _ODD.search(text):
        return None
    return text.strip() or None


def requirement(text: object, remarks: Remarks) -> str | None:
    """One dependency; None, and a remark, where it is none that can be carried along."""
    line = plain(text)
    if line is None:
        remarks.left_out("the dependency", text, "it is not the name of a package on one line")
        return None
    from packaging.requirements import (  # noqa: PLC0415 - few notebooks have anything to import
        InvalidRequirement,
        Requirement,
    )

    try:
        parsed = Requirement(line)
    except (InvalidRequirement, RecursionError):
        remarks.left_out("the dependency", line, "it is no requirement like 'numpy>=2'")
        return None
    if parsed.url is not None and (fault := _fault(parsed.url)):
        remarks.left_out("the dependency", parsed.name, fault)
        return None
    return line


def requirements(values: object, remarks: Remarks, *, options: bool = False) -> list[str]:
    """A list of dependencies as lines; with ``options`` also pip's that name indexes."""
    found = []
    for value in items(values, "dependencies", remarks):
        stated = plain(value) if options else None
        if stated and stated.startswith("-"):
            line = _option(stated, remarks)
        else:
            line = requirement(value, remarks)
        if line and line not in found:
            found.append(line)
    return found


def items(values: object, what: str, remarks: Remarks) -> Iterable[Any]:
    """What a list holds, up to a limit; nothing where it is none."""
    if values is None:
        return ()
    if not isinstance(values, list):
        remarks.say(f"{what}: found {told(values)}, expected a list")
        return ()
    if len(values) > MAX_ITEMS:
        remarks.say(f"{what}: only the first {MAX_ITEMS} of {len(values)} are read")
    return values[:MAX_ITEMS]


def index(option: str, url: object, remarks: Remarks) -> str | None:
    """A line that names a package index, or a page of links."""
    stated = plain(url)
    if stated is None or " " in stated or not re.match(r"https?://[^/]", stated):
        remarks.left_out("the index", url, "it is no http(s) address")
        return None
    if secret(stated):
        remarks.say("an index is left out: its address has credentials in it")
        return None
    return f"{option} {stated}"


def _fault(url: str) -> str | None:
    """Why nobody else could install from ``url``, or should not."""
    if secret(url):
        return "its address has credentials in it"
    if not _WEB.fullmatch(url):
        return "it comes from this machine, or over ssh, and not from the web"
    return None


def _option(line: str, remarks: Remarks) -> str | None:
    if line in _FLAGS:
        return line
    if found := _OPTION.fullmatch(line):
        return index(found[1], found[2], remarks)
    remarks.left_out("the option", line, "a notebook does not carry what it names")
    return None
