"""What a name may be, and what it tells."""

from __future__ import annotations

import re
import unicodedata

_MAX_CHARACTERS = 1024
_MAX_NAME = 255
_BAD = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\\]")
# Keys, certificates with keys, and files in which tools keep passwords.
_SECRET = re.compile(
    r"id_(?:rsa|dsa|ecdsa|ed25519)(?:[^a-z].*)?"
    r"|.*\.(?:pem|key|p12|pfx|jks|keystore|kdbx?|ppk|ovpn|keytab|wallet|tfstate|tfvars)"
    r"|[._]?(?:netrc|npmrc|pypirc|yarnrc(?:\.yml)?|pgpass(?:\.conf)?|dockercfg|s3cfg|boto|condarc"
    r"|(?:my|mylogin)\.cnf|htpasswd|vault_pass|rclone\.conf)"
    r"|kaggle\.json|database\.ini|pw|wallet(?:[._ -].*)?\.(?:dat|json)"
    r"|(?:.*[._ -])?kube[_-]?config(?:[._ -].*)?|service[_ -]?account.*\.json"
    r"|env|.*\.env"
)
_WORD = re.compile(
    r".*(?:tokens?|secrets?|passwords?|passwd|passphrases?|passcodes?|credentials?)"
    r"|(?:api|access|account|aws|client|deploy|encryption|gpg|host|license|master|my|pgp|private|root"
    r"|secret|service|session|signing|ssh|user)?keys?|key(?:file|ring|chain|store|pair)s?"
    r"|o?auth[nz]?|authentication|authorization|creds?|pwd"
)
# What a copy is called. "x.pem.bak" is as secret as x.pem.
_COPY = re.compile(r"(?:~|\.(?:bak|backup|copy|old|orig|save|local|tmp|txt|[0-9]+)| \([0-9]+\))+$")
_LETTERS = re.compile(r"[^\W\d_]+")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Modules that deal with them hold none, as a rule.
_MODULE = re.compile(
    r"(?:tokens?|(?:.*_)?o?auth(?:[0-9nz]|entication|orization)?(?:_.*)?)\.(?:py|r|jl)"
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
    """Whether a name is one that keys and passwords are kept under, or speaks of them: words are
    told apart by what is no letter, and by capitals.
    """
    name = unicodedata.normalize("NFKC", name)
    plain = name.casefold()
    if _MODULE.fullmatch(plain):
        return False
    words = {*_LETTERS.findall(plain), *map(str.casefold, _HUMPS.findall(name))}
    kept = _SECRET.fullmatch(plain) or _SECRET.fullmatch(_COPY.sub("", plain))
    return kept is not None or any(map(_WORD.fullmatch, words))
