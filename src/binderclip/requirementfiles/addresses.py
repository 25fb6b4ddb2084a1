"""Where requirements lead: web addresses without secrets, and paths that stay inside."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from urllib.parse import parse_qsl, urlsplit

from binderclip.addresses.masking import masked, printable, secret_key
from binderclip.errors import Refused
from binderclip.requirementfiles.model import VARIABLE

# Percent signs are decoded in 'file:' addresses, backslashes are slashes on some systems.
_NOT_PLAIN = re.compile(r"[\s\"'\\$%*?;<>|`\[\]#]")


def refuse_variables(text: str, at: str) -> None:
    """Raises Refused for ``${NAME}``. To be asked after quotes and escapes are gone, too."""
    if VARIABLE in text:
        raise Refused(
            f"{at}: takes a variable from the environment of whoever reads it",
            hint="write its value instead of ${…}, if it is no secret",
        )


def plain_path(text: str, at: str) -> str:
    """A relative path, normalised ("x/y", "."). It may begin with '..': whoever knows where it
    starts has to judge that. Raises Refused for absolute ones and for what is not plain.
    """
    inward = re.sub(r"^(?:\.{1,2}(?:/+|$))*", "", text)
    if not text or _NOT_PLAIN.search(text) or ":" in text.split("/", maxsplit=1)[0]:
        raise Refused(
            f"{at}: found the path {printable(text, 80)!r}, expected a plain one",
            hint="write it without blanks, quotes, escapes and variables",
        )
    if text.startswith(("/", "~")):
        raise Refused(
            f"{at}: found the path {printable(text, 80)!r}, which lies outside of the environment",
            hint="keep what is needed beside this file, and name it by a relative path",
        )
    if "/../" in f"/{inward}/":  # a folder on the way may be a link
        raise Refused(f"{at}: found '..' within the path {printable(text, 80)!r}")
    return posixpath.normpath(text)


def inside(path: str, at: str) -> str:
    """``path``, which starts at the root. Raises Refused when it leads out of it."""
    if path == ".." or path.startswith("../"):
        raise Refused(
            f"{at}: found the path {printable(path, 80)!r}, which lies outside of the environment",
            hint="keep what is needed beside this file",
        )
    return path


def safe_url(text: str, at: str, schemes: Collection[str]) -> str:
    """An address with nothing secret in it. Raises Refused."""
    refuse_variables(text, at)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError as error:
        raise Refused(f"{at}: found {masked(text)!r}, which is no address") from error
    if parts.scheme not in schemes or not host or re.search(r"[\s\"'\\`<>|]", text):
        raise Refused(
            f"{at}: found {masked(text)!r}, expected an address with "
            + " or ".join(f"{scheme}://" for scheme in schemes)
        )
    user = parts.username if parts.scheme.endswith("ssh") and parts.password is None else None
    if ("@" in parts.netloc and user is None) or any(secret_key(key) for key, _ in pairs):
        raise Refused(
            f"{at}: found credentials in {masked(text)!r}, which a lock would give to everybody",
            hint="leave them out: installers and git have their own ways to know them",
        )
    return text
