"""Errors as the reader of a page is told them: in lines, with addresses that fill no screen."""

from __future__ import annotations

import re
from dataclasses import dataclass

from binderclip.errors import (
    BinderclipError,
    CacheError,
    RateLimited,
    SessionError,
    TimedOut,
    Unreachable,
)

_PASSING = (RateLimited, TimedOut, Unreachable, SessionError, CacheError)
_PASSES = ("try again", "no connection to", "no address is known for")
_NO_NOTEBOOK = re.compile(r"(?P<place>\S+): this is (?P<kind>.+), not a notebook", re.DOTALL)
_URL = re.compile(r"https?://[^\s'\"<>()]+")
# What other parts say to people with files, paths and a network of their own.
_FOR_OTHERS = (
    re.compile(r"give its path$"),
    re.compile(r"give the notebook's path$"),
    re.compile(r"\bthis machine is online"),
    re.compile(r"for an authority of your own, set SSL_CERT_FILE to its certificate"),
)
_LONGEST_URL = 100
_LONGEST_PATH = 80
_COMMAND = re.compile(r"(?:binderclip|conda|git|jupyter|micromamba|npm|pip|python|uv) ")
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*(?:[ ,]|$)")


@dataclass(frozen=True, slots=True)
class Told:
    """``lines`` say what was found. ``again``: it may pass, so that trying again can help."""

    lines: tuple[str, ...]
    hint: str | None = None
    again: bool = False


def told(error: BinderclipError, hint: str | None) -> Told:
    """``hint`` is the error's own, or what stands for it where the page is."""
    text = error.message
    if match := _NO_NOTEBOOK.fullmatch(text):
        text = f"this is not a notebook but {match['kind']}\n{match['place']}"
    lines = tuple(shortened(line) for line in text.splitlines() if line.strip())
    return Told(lines or ("something went wrong",), hint, _passes(error))


@dataclass(frozen=True, slots=True)
class Words:
    """What a page says in place of hints for the command line: instead of giving a path (of what
    was named, and of the notebook), of being online, and of naming an authority.
    """

    path: str
    notebook: str
    online: str
    authority: str


def reworded(hint: str, words: Words) -> str:
    here = (words.path, words.notebook, words.online, words.authority)
    for pattern, instead in zip(_FOR_OTHERS, here, strict=True):
        hint = pattern.sub(instead, hint)
    return hint


def shortened(text: str) -> str:
    """``text`` with long addresses cut: what a login asks of a browser fills a page."""
    return _URL.sub(lambda match: _short(match[0]), text)


def sentence(text: str, *, inner: bool = False) -> str:
    """With a capital and a full stop, where it has none. What begins with a key, a file's name, a
    command or an address keeps that as it is; ``inner``: it is the rest of a sentence.
    """
    text = text.strip()
    if not inner and _WORD.match(text) and not _COMMAND.match(text):
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…", ":")) else f"{text}."


def _short(url: str) -> str:
    if len(url) <= _LONGEST_URL:
        return url
    # A colon ends an address in messages, and is none of it.
    end = ":" if url.endswith(":") else ""
    place, mark, _ = url.partition("?")
    return f"{place[:_LONGEST_PATH]}…{end}" if len(place) > _LONGEST_PATH or mark else url


def _passes(error: BinderclipError) -> bool:
    if isinstance(error, _PASSING):
        return True
    words = f"{error.message} {error.hint or ''}"
    return any(word in words for word in _PASSES)
