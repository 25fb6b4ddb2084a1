"""What a name may be, and what it tells."""

from __future__ import annotations

import re

_MAX_CHARACTERS = 1024
_MAX_NAME = 255
_BAD = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\\]")
# Keys, certificates with keys, and files in which tools keep passwords.
_SECRET = re.compile(
    r"id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?(?:\..*)?"
    r"|.*\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk|ovpn)"
    r"|_?netrc|htpasswd|kaggle\.json|token(?:\.(?:txt|json|pickle))?"
    r"|(?:aws_)?credentials?(?:[._ -].*)?|(?:client_)?secrets?(?:[._ -].*)?"
    r"|passwords?(?:[._ -].*)?|service[_-]account.*\.json|application_default_credentials.*"
    r"|env|.*\.env",
    re.IGNORECASE,
)


def parts_of(text: str, *, dot: bool = False) -> tuple[str, ...] | None:
    """The names of a relative POSIX path or pattern, ``.`` left out; None for what leads out, is
    absolute or could not be a path. ``.`` alone is the folder, with ``dot``, as no names.
    """
    if not text or len(text) > _MAX_CHARACTERS or text[0] in "/~" or _BAD.search(text):
        return None
    parts = tuple(part for part in text.split("/") if part not in {"", "."})
    if ".." in parts or any(len(part.encode()) > _MAX_NAME for part in parts):
        return None
    return parts if parts or dot else None


def is_hidden(name: str) -> bool:
    return name.startswith(".")


def is_secret(name: str) -> bool:
    """Whether a name is one that keys and passwords are kept under."""
    return _SECRET.fullmatch(name) is not None
