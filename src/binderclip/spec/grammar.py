r"""What strings may look like: the patterns, limits and keys of schema.json, for Python.

The patterns mean the same in ECMA-262 (with the u flag) and in Python: no ``$``, ``.``,
``\d`` or ``\w``, no look-behind, and the end is ``(?![\s\S])``. A test holds them equal to
those of schema.json, which is normative.
"""

from __future__ import annotations

import functools
import re
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "host", "path", "image", "ref", "tag", "commit", "digest", "name", "target", "at", "platform"
]
Form: TypeAlias = Literal[
    Kind,
    "binder",
    "version",
    "hosts",
    "reference",
    "files",
    "text",
    "copy",
    "frozen",
    "auto",
    "address",
    "link",
]
"""What may be expected somewhere: a string of some kind, or a larger thing."""

END = r"(?![\s\S])"

# Controls, line separators, marks that turn the direction of text, and halves of surrogate
# pairs: what makes a name look like another one, or cannot be written as UTF-8.
CONTROLS = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HEX = r"[0-9A-Fa-f]{1,4}"
_IPV6 = "|".join(
    (
        rf"(?:{_HEX}:){{7}}{_HEX}",
        rf"(?:{_HEX}:){{1,7}}:",
        rf"(?:{_HEX}:){{1,6}}:{_HEX}",
        *(rf"(?:{_HEX}:){{1,{7 - n}}}(?::{_HEX}){{1,{n}}}" for n in range(2, 6)),
        rf"{_HEX}:(?::{_HEX}){{1,6}}",
        rf":(?:(?::{_HEX}){{1,7}}|:)",
    )
)
_PORT = r"(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
_ESCAPE = r"%(?![01]|7[Ff])[0-9A-Fa-f]{2}"
_NO_DOTS = rf"(?!(?:\.|%2[Ee]){{1,2}}(?:/|{END}))"
_PREFIX = rf"{_NO_DOTS}(?:[A-Za-z0-9._~!$&'()*+,;=:-]|{_ESCAPE})+"
_SEGMENT = rf"{_NO_DOTS}(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|{_ESCAPE})+"
_WORD = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_PART = (
    rf"(?!\.{{1,2}}(?:/|{END}))"
    rf"(?!\.[Gg][Ii][Tt](?:[Mm][Oo][Dd][Uu][Ll][Ee][Ss])?(?:/|{END}))"
    rf"[^/\\{CONTROLS}]+"
)

PATTERNS: dict[Kind, str] = {
    "host": rf"^https?://(?:{_LABEL}(?:\.{_LABEL})*|\[(?:{_IPV6})\])(?::{_PORT})?"
    rf"(?:/{_PREFIX})*/?{END}",
    "path": rf"^(?!-)(?![^/:]*:[^/@]*@){_SEGMENT}(?:/{_SEGMENT})*{END}",
    "image": rf"^{_WORD}(?:/{_WORD})*{END}",
    "ref": rf"^(?![-/.])(?![\s\S]*(?:\.\.|//|/\.|@\{{|/{END}))"
    rf"[^ ~^:?*\[\\{CONTROLS}]+{END}",
    "tag": rf"^[A-Za-z0-9_][A-Za-z0-9._-]*{END}",
    "commit": rf"^[0-9a-f]{{40}}(?:[0-9a-f]{{24}})?{END}",
    "digest": rf"^sha256:[0-9a-f]{{64}}{END}",
    "name": rf"^(?!-)(?![A-Za-z]:){_PART}(?:/{_PART})*{END}",
    "target": rf"^\$HOME(?:/(?!-){_PART}(?:/{_PART})*)?/?{END}",
    "at": r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
    rf"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]){END}",
    "platform": rf"^[a-z]+-[a-z0-9_]+{END}",
}
MAX_LENGTH: dict[Kind, int] = {
    "host": 2048,
    "path": 1024,
    "image": 255,
    "ref": 255,
    "tag": 128,
    "commit": 64,
    "digest": 71,
    "name": 1024,
    "target": 1024,
    "at": 64,
    "platform": 32,
}
TEXT = rf"^[^\ud800-\udfff]*{END}"

MAX_HOSTS = 16
MAX_FILES = 64
MAX_BYTES = 1024 * 1024
MAX_COPIES = 64

BINDER_KEYS = (
    "version",
    "host",
    "image",
    "build",
    "files",
    "config",
    "content",
    "frozen",
    "auto",
)
REFERENCE_KEYS = ("host", "path", "ref", "hash")
FETCH_KEYS = (*REFERENCE_KEYS, "copy")
FROZEN_KEYS = ("at", "platform", "files")
COMPONENTS_KEYS = ("binder_url", "binder_repo", "binder_ref")
ENVIRONMENT_URL_KEYS = ("binder_url", "environment_url")
V0_KEYS = ("version", "host", "binder", "image", "build", "config", "content")


@functools.cache
def _compiled(kind: Kind) -> re.Pattern[str]:
    return re.compile(PATTERNS[kind])


def fits(kind: Kind, text: str) -> bool:
    """True when ``text`` is a well-formed ``kind``."""
    return len(text) <= MAX_LENGTH[kind] and _compiled(kind).search(text) is not None


def fits_utf8(text: str) -> bool:
    """True when ``text`` has a UTF-8 form: no halves of surrogate pairs."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
