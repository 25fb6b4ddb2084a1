"""What uv said when it failed, as errors of ours.

Its words changed their form over time: boxes and arrows until 0.8, 'cause:' and 'hint:' since.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from binderclip.addresses.masking import masked
from binderclip.errors import BinderclipError, RateLimited, ResolveError, Unreachable
from binderclip.processes import printable

_LONGEST = 700

_DECORATION = re.compile(r"^[\s\u00d7╰─▶├│>|-]*(?:(?:error|cause|Caused by):\s*)*", re.IGNORECASE)
_NO_NETWORK = re.compile(
    r"error sending request|dns error|connection refused|connection reset|timed out|"
    r"could not resolve host|failed to connect|couldn't connect|could not connect|"
    r"network was disabled|network connectivity is disabled|network is unreachable|"
    r"HTTP status server error|invalid peer certificate|certificate verify failed|"
    r"error decoding response body|unable to access|could not read from remote",
    re.IGNORECASE,
)
_NO_LOGIN = re.compile(
    r"\(40[13] [A-Za-z ]+\)|authentication failed|could not read username", re.IGNORECASE
)
_TOO_OFTEN = re.compile(r"\(429 [A-Za-z ]+\)")
_NO_BUILD = re.compile(
    r"building (?:source distributions|from source)[^\n]*disabled", re.IGNORECASE
)
_NEEDS_BUILD = re.compile(
    r"Wheels are required for `(?P<a>[^`]+)`|distributions for `(?P<b>[^`]+)` is disabled"
    r"|Failed to (?:download and )?build `(?P<c>[^`\s]+)"
)
_NOT_FOUND = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]++) was not found in the (?:package registry|provided)"
)
_NO_REF = re.compile(
    r"failed to (?:fetch branch or tag|find branch, tag, or commit|fetch commit|"
    r"fetch branch, tag, or commit|find)[^`\n]*`(?P<ref>[^`]+)`"
)
_GONE = re.compile(
    r"\((?:404|410) [A-Za-z ]+\)|not our ref|couldn't find remote ref|repository [^\n]*not found|"
    r"does not exist|failed to find branch, tag, or commit",
    re.IGNORECASE,
)
_GIT_SAID = re.compile(r"(?:fatal|remote): (?P<said>[^\n]+)")
_URL = re.compile(r"\b(?:git\+)?(?:https?|ssh)://[^\s`'\"()]+")
_LOGINS = "uv and git know logins from .netrc, keyrings and credential helpers"
_CLOSED = "nobody's logins are used here; freeze it with the command line"
_NO_END = re.compile(
    r"(?:,|(?<![, ])) *+we can conclude that (?:your requirements are unsatisfiable|the "
    r"requirements are unsatisfiable)\.?"
)


def told(stderr: str) -> str:
    """What uv said, a sentence a line, without ornaments and secrets."""
    lines = (_DECORATION.sub("", printable(line)).strip() for line in stderr.splitlines())
    text = "\n".join(line for line in lines if line and not line.startswith("warning:"))
    return _URL.sub(lambda found: masked(found[0]), text)


def failure(
    stderr: str,
    what: str,
    *,
    builds: bool,
    direct: Collection[str] = (),
    closed: bool = False,
) -> BinderclipError:
    """The error to raise when uv failed on ``what``, the name of a file. ``direct`` names the
    packages that come from git, an address or a folder; those without a name by where from.
    ``closed``: it had nobody's logins.
    """
    text = told(stderr)
    if _TOO_OFTEN.search(text):
        return RateLimited(f"{what}: the package index was asked too often", hint="try again later")
    if _NO_LOGIN.search(text):
        return Unreachable(
            f"{what}: the package index, or a repository, asks for a login",
            hint=f"{_CLOSED if closed else _LOGINS}. uv said: {_cause(text)}",
        )
    if _NO_NETWORK.search(text):
        asked = "a git repository" if "Git operation failed" in text else "the package index"
        return Unreachable(f"{what}: {asked} could not be asked: {_cause(text)}")
    return _unresolvable(text, what, builds=builds, direct=direct)


def says_gone(stderr: str) -> bool:
    """Is what an address led to no longer there, rather than out of reach?"""
    return bool(_GONE.search(told(stderr)))


def wants_build(stderr: str) -> bool:
    """Did uv give up because it was told to build nothing?"""
    return bool(_NO_BUILD.search(told(stderr)))


def _unresolvable(text: str, what: str, *, builds: bool, direct: Collection[str]) -> ResolveError:
    if not builds and _NO_BUILD.search(text):
        return _needs_build(text, what, direct)
    if "Git operation failed" in text:
        return _git(text, what)
    if missing := _NOT_FOUND.search(text):
        return ResolveError(
            f"{what}: the package index has no package {missing['name']!r}",
            hint="is it spelled as on the index, and is it there that it is published?",
        )
    return ResolveError(f"{what}: cannot be pinned: {_reasons(text)}")


def _needs_build(text: str, what: str, direct: Collection[str]) -> ResolveError:
    found = [name for match in _NEEDS_BUILD.finditer(text) for name in match.groups() if name]
    names = ", ".join(dict.fromkeys(found)) or "a package"
    # One without a name is told by uv with the name that it found there.
    places = [one for one in direct if "/" in one]
    meant = found or places[:1]
    if meant and all(name in direct or any(name in one for one in places) for name in meant):
        return ResolveError(
            f"{what}: {names}: comes from git, from an address or from a folder, and has to be "
            "built to learn what it needs",
            hint="binderclip freeze --allow-builds builds it, which runs its code",
        )
    return ResolveError(
        f"{what}: {names}: there is no wheel that fits, and what a source package needs is told "
        "by running its code",
        hint="binderclip freeze --allow-builds runs it. Or ask for a version that has a wheel",
    )


def _git(text: str, what: str) -> ResolveError:
    said, ref = _GIT_SAID.search(text), _NO_REF.search(text)
    where = _URL.search(text)
    place = masked(where[0]) if where else "a git repository"
    if ref:
        return ResolveError(f"{what}: {place} has no branch, tag or commit {ref['ref']!r}")
    return ResolveError(f"{what}: {place}: git said: {said['said'] if said else _cause(text)}")


def _reasons(text: str) -> str:
    body, _, advice = " ".join(text.splitlines()).partition("hint:")
    body = _NO_END.sub("", re.sub(r"No solution found when resolving dependencies:?\s*", "", body))
    return _short(f"{body.strip()} {advice.strip()}".strip())


def _cause(text: str) -> str:
    """On one line: what failed, and what lies at the bottom of it."""
    if said := _GIT_SAID.search(text):
        return _short(said["said"])
    lines = text.splitlines() or ["uv told no reason"]
    first = next((line for line in lines if line.startswith("Failed to")), lines[0])
    return _short(first if first == lines[-1] else f"{first} ({lines[-1]})")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
