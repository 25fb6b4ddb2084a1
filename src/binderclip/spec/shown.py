"""How values of strangers appear in messages: short, escaped, and without secrets."""

from __future__ import annotations

import re

from binderclip.spec.model import JSON

MAX_SHOWN = 60
MAX_KEY = 40
MAX_READ = 4096

_QUERY_WORDS = (
    "access_token|api_key|apikey|auth_token|awsaccesskeyid|build_token|client_secret"
    "|passwd|password|private_token|sig|signature|secret|token|x-amz-credential"
    "|x-amz-security-token|x-amz-signature|x-goog-signature"
)
# Patterns are compiled when a string gives cause: importing this stays cheap.
_PLAIN_KEY = r"[A-Za-z_][A-Za-z0-9_-]{0,39}"
_USERINFO = r"[/\\]{2}(?!git@)[^/\\\s?#]*@"
_QUERY = rf"[?&;#](?:{_QUERY_WORDS})=[^&#\s]"
_TOKEN = r"(?:gh[pousr]_|github_pat_|glpat-|hf_|xox[abprs]-|pypi-|AKIA|eyJ)[A-Za-z0-9_.=-]{8,}"  # noqa: S105 - the shapes of well-known tokens


def decoded(text: str) -> str:
    """Percent-escapes undone, as often as they were nested (three times at most)."""
    if "%" not in text:
        return text
    from urllib.parse import unquote  # noqa: PLC0415 - most strings have no escapes

    for _ in range(3):
        text = unquote(text)
    return text


def has_credentials(text: str) -> bool:
    """True when an address has userinfo, or a query with a token, quoted or not."""
    plain = decoded(text)
    if "@" in plain and re.search(_USERINFO, plain):
        return True
    return "=" in plain and re.search(_QUERY, plain, re.IGNORECASE) is not None


def shown(value: JSON) -> str:
    """``value`` for a message: at most about 60 characters, secrets replaced by ``…``."""
    if isinstance(value, str):
        return repr(_cut(_scrubbed(value), MAX_SHOWN))
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    count = len(value)
    if isinstance(value, list):
        return f"a list of {count}" if count else "an empty list"
    return "an object" if count else "an empty object"


def key_path(path: str, key: str) -> str:
    """``path`` and ``key`` joined: ``binder.build``, ``binder.files['requirements.txt']``."""
    if re.fullmatch(_PLAIN_KEY, key):
        return f"{path}.{key}"
    return f"{path}[{_cut(_scrubbed(key), MAX_KEY)!r}]"


def _scrubbed(text: str) -> str:
    text = text[:MAX_READ]
    plain = decoded(text)
    if "@" in plain or "=" in plain:
        text = plain
    # All before the last @ may be a password, whatever it holds; an image's digest is none.
    end = text.rfind("@")
    while end >= 0 and text.startswith("sha256:", end + 1):
        end = text.rfind("@", 0, end)
    if end >= 0:
        text = f"…{text[end:]}"
    query = text.find("?")
    if query >= 0 and "=" in text[query:]:
        text = f"{text[:query]}?…"
    text = re.sub(rf"{_QUERY}[\s\S]*", "…", text, flags=re.IGNORECASE)
    return re.sub(_TOKEN, "…", text)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _number(value: float) -> str:
    if isinstance(value, int) and abs(value) >= 10**MAX_SHOWN:
        return f"a number of {value.bit_length()} bits"
    return repr(value)
