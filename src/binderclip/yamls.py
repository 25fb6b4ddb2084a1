"""YAML of strangers, read as plain data.

PyYAML's, with the plain words of YAML 1.2 (dates and ``yes`` are text), or those of 1.1 where
another program reads the same text so. Numbers to the base of 60 are text in both, since reading
them takes time that grows with the square of their length. Aliases and merges may not multiply a
small file into a large one, and in 1.2 a key that stands twice is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any, Literal, NoReturn, TypeAlias

from binderclip.errors import BinderclipError, Refused

Words: TypeAlias = Literal["1.1", "1.2"]
"""The version of YAML whose plain words and numbers count."""

_MAX_CHARACTERS = 4 << 20
_MAX_NODES = 200_000
_MAX_DEPTH = 64
_MAX_DIGITS = 300
_MAX_NUMBER_KEYS = 1000
_MAX_TAGS = 64
_CORE = "tag:yaml.org,2002:"
_MERGE = f"{_CORE}merge"
_NUMBERS = frozenset({f"{_CORE}int", f"{_CORE}float"})
_TAG = re.compile(r"(?:\A|[\n\r\x85\u2028\u2029])%TAG")
# A tag, its pattern, what such a scalar begins with ("\0" where that is nothing).
_SCALARS: dict[Words, tuple[tuple[str, str, str], ...]] = {
    # https://yaml.org/spec/1.2.2/#103-core-schema
    "1.2": (
        ("null", r"null|Null|NULL|~|", "~nN\0"),
        ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
        ("int", r"[-+]?[0-9]{1,300}", "-+0123456789"),
        (
            "float",
            r"[-+]?(?:\.[0-9]{1,300}|[0-9]{1,300}(?:\.[0-9]{0,300})?)(?:[eE][-+]?[0-9]{1,4})?",
            "-+.0123456789",
        ),
        ("merge", r"<<", "<"),
    ),
    # As PyYAML has it, without dates.
    "1.1": (
        ("null", r"null|Null|NULL|~|", "~nN\0"),
        (
            "bool",
            r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
            "yYnNtTfFoO",
        ),
        (
            "int",
            r"[-+]?(?:0b[01_]{1,300}|0[0-7_]{0,300}|[1-9][0-9_]{0,300}|0x[0-9a-fA-F_]{1,300})",
            "-+0123456789",
        ),
        (
            "float",
            r"(?:[-+]?[0-9][0-9_]{0,300}\.[0-9_]{0,300}|\.[0-9][0-9_]{0,300})(?:[eE][-+][0-9]{1,4})?",
            "-+.0123456789",
        ),
        ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+."),
        ("merge", r"<<", "<"),
    ),
}


class Unreadable(ValueError):
    """Why a text is no YAML that is read, in words and on one line, without the text's own."""


def read(text: str, where: str, *, failure: type[BinderclipError] = Refused) -> Any:
    """The one document in ``text`` as dicts, lists, strings, numbers, booleans and None; None for
    an empty one. Raises ``failure``, its message beginning with ``where``.
    """
    try:
        return parsed(text)
    except Unreadable as error:
        raise failure(f"{where}: {error}") from error


def parsed(text: str, words: Words = "1.2") -> Any:
    """As ``read``. Raises Unreadable."""
    import yaml  # noqa: PLC0415 - only environments that have YAML files need it

    if len(text) > _MAX_CHARACTERS:
        raise Unreadable(f"found more than {_MAX_CHARACTERS} characters, expected at most that")
    if "\ufeff" in text[1:]:  # libyaml passes over it, and no other reader does
        raise Unreadable("is not YAML (a byte order mark, and not at its beginning)")
    if sum(1 for _ in _TAG.finditer(text)) > _MAX_TAGS:  # libyaml compares each with all others
        raise Unreadable(f"found more than {_MAX_TAGS} lines with %TAG, expected at most that")
    try:
        _bounded(text)
        value = yaml.load(text, loader(words, _base()))  # noqa: S506 - a SafeLoader, made stricter
    except yaml.YAMLError as error:
        raise Unreadable(f"is not YAML ({_why(error)})") from error
    except Exception as error:  # PyYAML lets a dozen others through for tags with wrong values
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"is not YAML that can be read ({type(error).__name__})") from error
    if not _small(value):
        raise Unreadable(f"its aliases stand for more than {_MAX_NODES} values")
    return value


def _bounded(text: str) -> None:
    """Parsing alone takes no stack; composing takes that of C, which must not run out."""
    import yaml  # noqa: PLC0415 - see above

    depth = 0
    for count, event in enumerate(yaml.parse(text, _base())):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH or count > 2 * _MAX_NODES:
            raise Unreadable(
                f"found more than {_MAX_DEPTH} levels or {_MAX_NODES} values, expected at most that"
            )


def _base() -> Any:
    """Libyaml's parser where PyYAML was built with it: ten times as fast."""
    import yaml  # noqa: PLC0415 - see above

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def loader(words: Words, base: Any) -> type[Any]:
    """``base``, one of PyYAML's safe loaders, with those words and numbers."""

    class Loader(base):  # type: ignore[misc] # a class that is found when it is needed
        """``merged`` counts what merges brought."""

        merged = 0

        def flatten_mapping(self, node: Any) -> None:
            """Merging lists of mappings multiplies what is in them, level by level."""
            merges = [value for key, value in node.value if key.tag == _MERGE]
            if len(merges) > 1 or any(value.id != "mapping" for value in merges):
                _refuse(node, "found '<<' with several mappings, expected one")
            super().flatten_mapping(node)
            if not merges:
                return
            _few_numbers(node)
            self.merged += len(node.value)
            if self.merged > _MAX_NODES:
                _refuse(node, f"merged more than {_MAX_NODES} values")

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the base class's own signature
            _few_numbers(node)
            if words == "1.2":
                _refuse_repeated(self, node)
            made: dict[Hashable, Any] = super().construct_mapping(node, deep)
            return made

    Loader.yaml_implicit_resolvers = {}
    for tag, pattern, first in _SCALARS[words]:
        whole = re.compile(rf"(?:{pattern})\Z")  # PyYAML asks for a match at the start alone
        Loader.add_implicit_resolver(f"{_CORE}{tag}", whole, [c.strip("\0") for c in first])
    Loader.add_constructor(f"{_CORE}int", _number(_INTEGERS[words]))
    Loader.add_constructor(f"{_CORE}float", _number(_FLOATS[words]))
    return Loader


def _refuse_repeated(reader: Any, node: Any) -> None:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        if key_node.tag == _MERGE:
            continue
        key = reader.construct_object(key_node, deep=True)
        if isinstance(key, Hashable):
            if key in seen:
                _refuse(key_node, f"found the key {str(key)[:60]!r} twice")
            seen.add(key)


def _number(made: Callable[[str], float]) -> Callable[[Any, Any], float]:
    """A constructor; whoever writes ``!!int`` before a text gets here with anything."""

    def construct(reader: Any, node: Any) -> float:
        text = reader.construct_scalar(node)
        if len(text) > 2 * _MAX_DIGITS + 8:  # a point, an exponent and signs
            _refuse(node, f"found a number of more than {_MAX_DIGITS} digits")
        return made(text)

    return construct


def _integer_of_old(text: str) -> int:
    """``0x1F``, ``0b11``, ``017`` and ``1_000`` are numbers in 1.1."""
    plain = text.replace("_", "")
    digits = plain.lstrip("+-")
    if digits.startswith(("0b", "0x")):
        return int(plain, 0)
    return int(plain, 8 if digits.startswith("0") else 10)


def _float_of_old(text: str) -> float:
    return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))


_INTEGERS: dict[Words, Callable[[str], int]] = {"1.1": _integer_of_old, "1.2": int}
_FLOATS: dict[Words, Callable[[str], float]] = {"1.1": _float_of_old, "1.2": float}


def _few_numbers(node: Any) -> None:
    """Anybody can find numbers whose hashes are all the same, unlike texts: a dict of them takes
    time that grows with the square of their count.
    """
    if sum(key.tag in _NUMBERS for key, _ in node.value) > _MAX_NUMBER_KEYS:
        _refuse(node, f"found more than {_MAX_NUMBER_KEYS} keys that are numbers")


def _refuse(node: Any, problem: str) -> NoReturn:
    import yaml  # noqa: PLC0415 - see above

    raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _why(error: Exception) -> str:
    """What is wrong and where, on one line, without the file's own text."""
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or "no text that YAML knows")
    return f"line {mark.line + 1}: {problem}" if mark else problem


def _small(value: object) -> bool:
    """Counts as a walk would: what is shared by aliases as often as it stands there."""
    waiting, count = [value], 0
    while waiting:
        one = waiting.pop()
        count += 1
        if count > _MAX_NODES:
            return False
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
    return True
