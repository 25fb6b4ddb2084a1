"""Strings that are not what they should be: what is wrong with them, what may be meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote

from binderclip.spec.grammar import CONTROLS, MAX_LENGTH, Kind, fits
from binderclip.spec.places import split_url
from binderclip.spec.shown import shown

PLATFORMS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64", "win-arm64")
PLATFORM_SYNONYMS = {
    "linux/amd64": "linux-64",
    "linux-x86_64": "linux-64",
    "x86_64-linux": "linux-64",
    "linux/arm64": "linux-aarch64",
    "linux-arm64": "linux-aarch64",
    "aarch64-linux": "linux-aarch64",
    "macos-arm64": "osx-arm64",
    "darwin/arm64": "osx-arm64",
}
PATH_CHARACTERS = "/:@!$&'()*+,;=~%"
"""What may stand in an address's path unescaped, besides letters, digits and ``._-``."""


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The nearest of ``known``, or None."""
    return next(iter(difflib.get_close_matches(word[:80].lower(), list(known), 1, 0.7)), None)


def fault(text: str, kind: Kind) -> str:
    """What is wrong with ``text``, which does not fit ``kind``; without secrets."""
    if not text:
        return "an empty string"
    if len(text) > MAX_LENGTH[kind] and kind not in {"commit", "digest"}:
        return f"{len(text)} characters, more than {MAX_LENGTH[kind]}"
    if re.search(f"[{CONTROLS}]", text):
        return f"a control character in {shown(text)}"
    tell = _FAULTS.get(kind)
    what = tell(text) if tell else None
    return f"{what} in {shown(text)}" if what else shown(text)


def _fault_of_host(text: str) -> str | None:
    if re.match(r"(?:ssh://|[^/@:\s]+@[^/@:\s]+:)", text):
        return "an ssh address"
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]{0,20}):(?![0-9])", text)
    if scheme and scheme[1].lower() not in {"http", "https"}:
        return f"the scheme '{scheme[1]}'"
    port = re.match(r"[^/]*//[^/]*:([0-9]+)(?:/|\Z)", text)
    if port and (len(port[1]) > 5 or not 0 < int(port[1]) < 2**16):  # noqa: PLR2004 - 65535
        return "a port out of range"
    if "?" in text:
        return "a query"
    return "a fragment" if "#" in text else _fault_of_text(text)


def _fault_of_text(text: str) -> str | None:
    if re.search(r"\s", text):
        return "a space"
    return None if text.isascii() else "a character outside ASCII"


def _fault_of_path(text: str) -> str | None:
    if text.startswith("/") or re.match(r"[A-Za-z]:", text):
        return "an absolute path"
    if ".." in re.split(r"[/\\]", text):
        return "'..'"
    if text.startswith(("-", "$HOME/-")):
        return "a leading '-'"
    if re.search(r"(?i)(?:^|/)\.git(?:modules)?(?:/|$)", text):
        return "a name that git keeps for itself"
    return None


def _fault_of_address(text: str) -> str | None:
    if re.match(r"[^/:]*:[^/]*@", text):
        return "a user and a password"
    return _fault_of_path(text) or _fault_of_text(text)


def _fault_of_ref(text: str) -> str | None:
    if ".." in text:
        return "'..'"
    return _fault_of_path(text) or ("a space" if " " in text else None)


def _fault_of_hash(text: str) -> str | None:
    return f"{len(text)} hex digits" if re.fullmatch(r"[0-9A-Fa-f]+", text) else None


_FAULTS: dict[Kind, Callable[[str], str | None]] = {
    "host": _fault_of_host,
    "path": _fault_of_address,
    "image": _fault_of_path,
    "ref": _fault_of_ref,
    "name": _fault_of_path,
    "target": _fault_of_path,
    "commit": _fault_of_hash,
    "digest": _fault_of_hash,
}


def near_miss(text: str, kind: Kind) -> str | None:
    """A near miss for ``text``, which has no credentials, or what to do with it."""
    if tell := _HINTS.get(kind):
        return tell(text) or _nearest(text, kind)
    return _nearest(text, kind)


def _nearest(text: str, kind: Kind) -> str | None:
    near = next((guess for guess in _guesses(text.strip(), kind) if fits(kind, guess)), None)
    return f"did you mean {shown(near)}?" if near else None


def split_address(text: str) -> str | None:
    """Advice for an address that stands where a host or a path should."""
    found = split_url(text)
    if found and fits("host", found[0]) and fits("path", found[1]):
        return f"did you mean the host '{found[0]}' and the path '{found[1]}'?"
    return None


def _image_hint(text: str) -> str | None:
    name, _, digest = text.lower().partition("@")
    if fits("image", name) and fits("digest", digest):
        return f"did you mean '{name}', with '{digest[:13]}…' in hash?"
    name, _, tag = text.rpartition(":")
    name = name.lower()
    if fits("image", name) and fits("tag", tag):
        return f"did you mean '{name}', with '{tag}' in ref?"
    return None


def _ref_hint(text: str) -> str | None:
    return "a digest goes into hash" if "sha256:" in text else None


def _commit_hint(text: str) -> str | None:
    if re.fullmatch(r"[0-9A-Fa-f]{4,39}", text):
        return "a short commit goes into ref; freezing adds the whole one"
    return None


def _digest_hint(text: str) -> str | None:
    if re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        return "put 'sha256:' before it"
    return None


def _platform_hint(text: str) -> str | None:
    near = PLATFORM_SYNONYMS.get(text.lower()) or did_you_mean(text, PLATFORMS)
    return f"did you mean '{near}'?" if near else None


def _time_hint(_: str) -> str:
    return "with a T between date and time, and a zone"


_HINTS: dict[Kind, Callable[[str], str | None]] = {
    "path": split_address,
    "image": _image_hint,
    "ref": _ref_hint,
    "tag": _ref_hint,
    "commit": _commit_hint,
    "digest": _digest_hint,
    "platform": _platform_hint,
    "at": _time_hint,
}


def _guesses(text: str, kind: Kind) -> Iterator[str]:
    """What the writer may have meant, likeliest first; it may not fit."""
    yield text
    if kind == "host":
        yield from _hosts(text)
    elif kind == "target":
        inner = re.sub(r"^(?:~|\$\{HOME\}|/home/[^/]+|/root)(?:/|$)", "", text)
        if not inner.startswith("$HOME"):
            yield f"$HOME/{inner.removeprefix('./')}"
    elif kind in {"commit", "digest", "image"}:
        yield text.lower()
    elif kind in {"path", "name", "ref"}:
        tidy = text.replace("\\", "/").removeprefix("./").strip("/")
        yield tidy
        if kind == "path":
            yield quote(tidy.encode("utf-8", "replace"), safe=PATH_CHARACTERS)


def _hosts(text: str) -> Iterator[str]:
    scheme, colon, rest = text.partition("://")
    yield f"{scheme.lower()}{colon}{rest}"
    if not colon and "@" not in text:
        yield f"https://{text}"
    yield re.split(r"[?#]", text)[0]
    remote = re.fullmatch(r"(?:ssh://git@|ssh://|git://|git@)([^/:@]+)(?::[0-9]+)?[/:][^@]*", text)
    if remote:
        yield f"https://{remote[1]}"
