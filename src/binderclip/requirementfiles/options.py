"""Lines that begin with a dash."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import get_args

from binderclip.addresses.masking import printable
from binderclip.errors import Refused
from binderclip.requirementfiles.addresses import plain_path, safe_url
from binderclip.requirementfiles.model import Include, Option, OptionName, Statement
from binderclip.requirementfiles.single import editable, normalised

_SHORT = {"-r": "requirement", "-c": "constraint", "-e": "editable", "-i": "index-url"}
_SHORT |= {"-f": "find-links"}
_ALIASES = {"pypi-url": "index-url"}
_FLAGS = frozenset({"no-index", "prefer-binary", "pre", "require-hashes"})
_NAMES: dict[str, OptionName] = {name: name for name in get_args(OptionName)}
_HOST = re.compile(r"[\w.-]+(?::\d+)?|\[[0-9a-fA-F:.]+\](?::\d+)?")


def read_options(line: str, at: str) -> Iterator[Statement]:
    """A line may hold several. Raises Refused for those that are no options of such files."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise Refused(f"{at}: {str(error).lower()}") from error
    while words:
        name, value, words = _next(words, at)
        if name == "editable":
            # The rest is one requirement, blanks and all.
            yield editable(" ".join([value, *words]), at)
            return
        yield _statement(name, value, at)


def _next(words: list[str], at: str) -> tuple[str, str, list[str]]:
    word, *rest = words
    if word[:2] in _SHORT:
        name, value, given = _SHORT[word[:2]], word[2:].removeprefix("="), len(word) > 2  # noqa: PLR2004 - "-r"
    elif word.startswith("--"):
        name, given_, value = word[2:].partition("=")
        name, given = _ALIASES.get(name, name), bool(given_)
    else:
        raise Refused(f"{at}: found {printable(word, 40)!r}, expected a requirement or an option")
    if name not in {*_NAMES, *_SHORT.values()}:
        raise Refused(
            f"{at}: found the option --{printable(name, 40)}, which cannot be pinned",
            hint="leave it out, and give it to the installer where it is needed",
        )
    if name in _FLAGS:
        return name, "", rest
    if not given:
        if not rest:
            raise Refused(f"{at}: --{name} has no value")
        value, *rest = rest
    return name, value, rest


def _statement(name: str, value: str, at: str) -> Statement:
    if name in {"requirement", "constraint"}:
        return Include(_included(value, at), name == "constraint")
    option = _NAMES[name]
    if option in _FLAGS:
        return Option(option)
    if option in {"index-url", "extra-index-url"}:
        return Option(option, safe_url(value, at, ("http", "https")))
    if option == "find-links":
        web = re.match(r"https?:", value)
        return Option(option, safe_url(value, at, ("http", "https")) if web else _folder(value, at))
    if option == "trusted-host":
        if not _HOST.fullmatch(value):
            raise Refused(f"{at}: found no host after --trusted-host")
        return Option(option, value)
    names = [part.strip() for part in value.split(",")]
    return Option(
        option, ",".join(n if n in {":all:", ":none:"} else normalised(n, at) for n in names)
    )


def _included(value: str, at: str) -> str:
    if re.match(r"[a-z]+:", value, re.IGNORECASE):
        raise Refused(
            f"{at}: includes a file by its address, which may change any day",
            hint="save a copy beside this file, and include that",
        )
    return plain_path(value, at)


def _folder(value: str, at: str) -> str:
    path = plain_path(value.removeprefix("file:"), at)
    return path if path == "." else f"./{path}"
