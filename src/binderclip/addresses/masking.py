"""Addresses as they may be shown: no user, password, token or signature; control characters as
escapes. Lenient on purpose: what cannot be parsed is shown in part only.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, unquote_plus

MASK = "***"
MAX_SHOWN = 300
_DEPTH = 4

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]+):/{1,2}")
_PORT = re.compile(r"(\[[^]]*\]|[^:]*)(:[0-9]+)?")
_SECRET_KEY = re.compile(
    r"token|secret|passw|pwd|signature|credential|jwt|session|key|auth|private|hmac"
    r"|^(?:x-(?:amz|goog)-.*|sig|pass|st|e|sas|code|user|username|login|policy)$"
)
_RANDOM = re.compile(r"(?=[^a-z]*[a-z])(?=\D*\d)[A-Za-z0-9_+=-]{24,}", re.IGNORECASE)
# What may begin with a user. Taken as a whole, since otherwise each such mark is tried anew.
_USER = re.compile(r"(://|:\\\\)([^/]*+)")
# What names a file rather than opening it, however random it looks.
_IDENTITY = frozenset({"id", "fileid", "persistentid", "file", "ref", "path", "branch", "version"})


def printable(text: str, limit: int = MAX_SHOWN) -> str:
    """``text`` on one line: escapes for what a terminal would obey, cut at ``limit``."""
    text = text if len(text) <= limit else f"{text[:limit]}…"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def masked(address: str) -> str:
    """Any address, well-formed or not, fit to be shown."""
    return printable(_masked(address, keep=True))


def identity(url: str) -> str:
    """``url`` without its secrets and fragment: the same for every signed form of a link."""
    return _masked(url.partition("#")[0], keep=False)


def secret_key(key: str) -> bool:
    """True when a query value of that name opens something."""
    return bool(_SECRET_KEY.search(key.lower()))


def _masked(address: str, *, keep: bool) -> str:
    match = _SCHEME.match(address)
    if not match:
        return _without_scheme(address, keep=keep)
    rest = address[match.end() :]
    authority, path, query, fragment = _split(rest)
    host = authority.rpartition("@")[2]
    if "\\" in authority or "%" in host or ("@" in rest and not _PORT.fullmatch(host)):
        # Perhaps a password with "/", "?", "#" or "\" in it, which broke the address apart.
        return f"{match[0]}{MASK}"
    user = f"{MASK}@" if keep and "@" in authority else ""
    text = f"{match[0]}{user}{host}{_path(path)}"
    if query:
        pairs = _pairs(query, keep=keep, depth=_DEPTH)
        text += f"?{pairs}" if pairs else ""
    return text + (_fragment(fragment) if keep else "")


def _split(rest: str) -> tuple[str, str, str, str]:
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    return authority, slash + path, query, fragment


def _without_scheme(text: str, *, keep: bool) -> str:
    """Paths and the like; ``user:password@host/x`` and ``git@host:x``."""
    text = re.sub(r"^[^/:]*:.*@", f"{MASK}@" if keep else "", text, flags=re.DOTALL)
    head, mark, tail = text.partition("?")
    return f"{head}?{_pairs(tail, keep=keep, depth=_DEPTH)}" if mark else head


def _fragment(fragment: str) -> str:
    if not fragment:
        return ""
    return f"#{fragment}" if re.fullmatch(r"[\w.~!:,+-]{1,80}", fragment) else f"#{MASK}"


def _path(path: str) -> str:
    """Segments may hold whole addresses: nbviewer's ``/urls/HOST``, Binder's ``git/QUOTED``."""
    return "/".join(_segment(part) for part in path.split("/"))


def _segment(segment: str) -> str:
    if re.fullmatch(r"u![\w-]{8,}", segment):
        return f"u!{MASK}"  # OneDrive's form of a whole link
    if "@" not in segment and "%" not in segment and ";" not in segment:
        return segment
    text = _unquoted(segment)
    clean = _USER.sub(lambda found: found[1] + found[2].rpartition("@")[2], text)
    clean = re.sub(r"^[^/:]*:[^/]*@", "", clean)
    head, mark, tail = re.sub(r";.*", "", clean, flags=re.DOTALL).partition("?")
    clean = f"{head}?{_pairs(tail, keep=True, depth=_DEPTH)}" if mark else head
    return segment if clean == text else quote(clean, safe="~*")


def _pairs(query: str, *, keep: bool, depth: int) -> str:
    pairs = []
    for pair in re.split("[&;]", query):
        key, equals, value = pair.partition("=")
        name = unquote_plus(key)
        if secret_key(name) or (name.lower() not in _IDENTITY and _RANDOM.fullmatch(value or key)):
            if keep:
                pairs.append(f"{key if equals else ''}={MASK}")
        else:
            pairs.append(f"{_value(key, depth)}{equals}{_value(value, depth)}")
    return "&".join(pairs)


def _value(value: str, depth: int) -> str:
    """A value may be an address of its own, quoted any number of times."""
    text = _unquoted(value)
    if not set(text) & set("@?&=#;"):
        return value
    if depth == 0:
        return MASK
    clean = re.sub(r"(:/{1,3})[^/]*@", r"\1", text.partition("#")[0])
    clean = re.sub(r"^[^/:]*:[^/]*@", "", clean)
    head, mark, tail = clean.partition("?")
    if not mark and re.search("[&=;]", head):
        clean = _pairs(head, keep=True, depth=depth - 1)
    else:
        clean = head + mark + _pairs(tail, keep=True, depth=depth - 1)
    return value if clean == text else quote(clean, safe="/:*=,?")


def _unquoted(text: str) -> str:
    for _ in range(_DEPTH):
        text, before = unquote(text), text
        if text == before:
            break
    return text
