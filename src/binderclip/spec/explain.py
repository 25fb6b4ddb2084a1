"""Faults in words: what was found and what would be right.

Imported when there is a fault to tell.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeGuard

from binderclip.errors import Problem
from binderclip.spec.grammar import (
    BINDER_KEYS,
    COMPONENTS_KEYS,
    FETCH_KEYS,
    MAX_COPIES,
    MAX_FILES,
    MAX_HOSTS,
    PATTERNS,
    Form,
    Kind,
    fits,
)
from binderclip.spec.model import JSON
from binderclip.spec.nearmiss import did_you_mean, fault, near_miss, split_address
from binderclip.spec.shown import has_credentials, key_path, shown

EXPECTED: dict[Form, str] = {
    "path": "a relative path as it stands in the address, such as 'owner/name'",
    "image": "an image's name in lower case, without its tag, such as 'pangeo/base-notebook'",
    "ref": "a branch, tag or commit, such as 'main'",
    "tag": "a tag, such as 'latest'",
    "commit": "a commit of 40 or 64 lower-case hex digits",
    "digest": "'sha256:' and 64 lower-case hex digits",
    "name": "a relative path inside the folder, such as 'requirements.txt'",
    "target": "a folder under $HOME, such as '$HOME/.jupyter/'",
    "at": "a time as in RFC 3339, such as '2026-11-22T20:00:00Z'",
    "platform": "a platform as conda names it, such as 'linux-64'",
    "binder": "an object, a launch link or false",
    "version": "1",
    "hosts": f"a URL such as 'https://mybinder.org', or a list of 1 to {MAX_HOSTS} of them",
    "reference": "an object with 'host' and 'path'",
    "files": f"an object of at most {MAX_FILES} files, name to content",
    "text": "a string of Unicode text, or a list of such strings",
    "copy": f"an object of at most {MAX_COPIES} entries, glob to folder",
    "frozen": "an object with 'at', 'platform' and 'files'",
    "auto": "true or false",
    "address": "a repository's address, such as 'https://github.com/owner/name/tree/main'",
    "link": "a launch link such as 'https://mybinder.org/v2/gh/owner/name/HEAD'",
}
MAX_NAMES = 64
"""Unknown keys that are compared with a missing one."""
KNOWN = frozenset((*BINDER_KEYS, *FETCH_KEYS, *COMPONENTS_KEYS))
OPTIONAL = frozenset(EXPECTED) - {"path", "image", "name", "target", "version", "text", "link"}
# What people and other tools call it.
SYNONYMS = {
    "binder_url": "host",
    "hub": "host",
    "url": "host",
    "registry": "host",
    "environment_url": "build",
    "environment": "build",
    "binder_repo": "build",
    "binder_ref": "build",
    "repo": "path",
    "repository": "path",
    "name": "path",
    "branch": "ref",
    "tag": "ref",
    "commit": "hash",
    "digest": "hash",
    "sha": "hash",
    "sha256": "hash",
    "requirements": "files",
    "lock": "frozen",
    "created": "at",
}


def wrong(path: str, value: JSON, expected: Form) -> Problem:
    """``value`` at ``path`` is not ``expected``. Never echoes a credential."""
    words = _expected(path, expected)
    if isinstance(value, str) and has_credentials(value):
        return credentials(path, words)
    if isinstance(value, str) and _is_kind(expected):
        return Problem(path, fault(value, expected), words, near_miss(value, expected))
    return Problem(path, shown(value), words, _hint(value, expected))


def credentials(path: str, expected: str) -> Problem:
    """A URL with a user or a token: nothing of it is repeated."""
    return Problem(
        path,
        "credentials in a URL",
        expected,
        "take them out and revoke them: everyone who had the notebook has them",
    )


def missing(path: str, owner: Mapping[str, JSON], key: str, expected: Form) -> Problem:
    """``owner`` at ``path`` lacks ``key``; a key that looks like it is pointed out."""
    here = key_path(path, key)
    strangers = [name for name in owner if SYNONYMS.get(name) == key]
    unknown_keys = [name for name in owner if name not in KNOWN][:MAX_NAMES]
    strangers = strangers or difflib.get_close_matches(key, unknown_keys, 1, 0.7)
    hint = f"did you mean '{key}' by {shown(strangers[0])}?" if strangers else None
    if key == "version":
        hint = 'add "version": 1'
    host = owner.get("host")
    if key == "path" and isinstance(host, str) and fits("host", host) and not hint:
        hint = split_address(host)
    return Problem(here, "nothing", _expected(here, expected), hint)


def unknown(path: str, key: str, known: Iterable[str]) -> Problem:
    """A warning: ``key`` is none of ``known``."""
    names = tuple(known)
    near = SYNONYMS.get(key.lower())
    near = near if near in names else did_you_mean(key, names)
    return Problem(
        key_path(path, key),
        "an unknown key",
        f"one of {', '.join(names)}",
        f"kept as it is; did you mean '{near}'?" if near else "kept as it is",
    )


def _is_kind(form: Form) -> TypeGuard[Kind]:
    return form in PATTERNS


def _expected(path: str, form: Form) -> str:
    if form != "host":
        return EXPECTED[form]
    example = "mybinder.org"
    if path != "binder" and not path.startswith(("binder.host", "binder.binder")):
        example = "quay.io" if ".image." in path else "github.com"
    return f"an http(s) URL without user, query or fragment, such as 'https://{example}'"


def _hint(value: JSON, expected: Form) -> str | None:
    if isinstance(value, str):
        word = value.strip().lower()
        words = {"version": {"0", "1"}, "auto": {"true", "false"}}.get(expected, set())
        if word in words:
            return f"did you mean {word}, without quotes?"
        if expected == "reference" and "://" in value:
            return "an address takes two keys, host and path"
    if expected == "binder" and value is True:
        return "false is the opt-out; there is no opt-in"
    return "leave the key out" if value is None and expected in OPTIONAL else None
