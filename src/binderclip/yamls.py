"""YAML of strangers, read as plain data.

PyYAML's, with the plain words of YAML 1.2 (dates and ``yes`` are text). Aliases and merges may not
multiply a small file into a large one, and a key that stands twice is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any, NoReturn

from binderclip.errors import BinderclipError, Refused

_MAX_BYTES = 4 << 20
_MAX_NODES = 200_000
_MAX_DEPTH = 64
_CORE = "tag:yaml.org,2002:"
_MERGE = f"{_CORE}merge"
# https://yaml.org/spec/1.2.2/#103-core-schema: a tag, its pattern, what such a scalar begins with
# ("\0" where that is nothing).
_SCALARS = (
    ("null", r"null|Null|NULL|~|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]{1,300}", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?", "-+.0123456789"),
    ("merge", r"<<", "<"),
)


def read(text: str, where: str, *, failure: type[BinderclipError] = Refused) -> Any:
    """The one document in ``text`` as dicts, lists, strings, numbers, booleans and None; None for
    an empty one. Raises ``failure``, its message beginning with ``where``.
    """
    import yaml  # noqa: PLC0415 - only environments that have YAML files need it

    if len(text) > _MAX_BYTES:
        raise failure(f"{where}: found more than {_MAX_BYTES} characters, expected at most that")
    if "\ufeff" in text[1:]:  # libyaml passes over it, and no other reader does
        raise failure(f"{where}: is not YAML (a byte order mark, and not at its beginning)")
    try:
        _bounded(text, where, failure)
        value = yaml.load(text, _loader())  # noqa: S506 - a SafeLoader, made stricter
    except yaml.YAMLError as error:
        raise failure(f"{where}: is not YAML ({_why(error)})") from error
    except Exception as error:  # PyYAML lets a dozen others through for tags with wrong values
        if isinstance(error, BinderclipError):
            raise
        raise failure(f"{where}: is not YAML that can be read ({type(error).__name__})") from error
    if not _small(value):
        raise failure(f"{where}: its aliases stand for more than {_MAX_NODES} values")
    return value


def _bounded(text: str, where: str, failure: type[BinderclipError]) -> None:
    """Parsing alone takes no stack; composing takes that of C, which must not run out."""
    import yaml  # noqa: PLC0415 - see above

    depth = 0
    for count, event in enumerate(yaml.parse(text, _base())):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH or count > 2 * _MAX_NODES:
            raise failure(
                f"{where}: found more than {_MAX_DEPTH} levels or {_MAX_NODES} values, expected "
                "at most that"
            )


def _base() -> type[Any]:
    """Libyaml's parser where PyYAML was built with it: ten times as fast."""
    import yaml  # noqa: PLC0415 - see above

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _loader() -> type[Any]:

    base: Any = _base()

    class Loader(base):  # type: ignore[misc] # a class that is found when it is needed
        """Numbers and booleans are those of YAML 1.2, as repo2docker has them: ``yes`` is a word,
        and ``1:30`` is text.
        """

        merged = 0

        def flatten_mapping(self, node: Any) -> None:
            """Merging lists of mappings multiplies what is in them, level by level."""
            merges = [value for key, value in node.value if key.tag == _MERGE]
            if len(merges) > 1 or any(value.id != "mapping" for value in merges):
                _refuse(node, "found '<<' with several mappings, expected one")
            super().flatten_mapping(node)
            self.merged += len(node.value) if merges else 0
            if self.merged > _MAX_NODES:
                _refuse(node, f"merged more than {_MAX_NODES} values")

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the base class's own signature
            seen: set[Hashable] = set()
            for key_node, _ in node.value:
                if key_node.tag == _MERGE:
                    continue
                key = self.construct_object(key_node, deep=True)
                if isinstance(key, Hashable):
                    if key in seen:
                        _refuse(key_node, f"found the key {str(key)[:60]!r} twice")
                    seen.add(key)
            made: dict[Hashable, Any] = super().construct_mapping(node, deep)
            return made

    Loader.yaml_implicit_resolvers = {}
    for tag, pattern, first in _SCALARS:
        whole = re.compile(rf"(?:{pattern})\Z")  # PyYAML asks for a match at the start alone
        Loader.add_implicit_resolver(f"{_CORE}{tag}", whole, [c.strip("\0") for c in first])
    Loader.add_constructor(f"{_CORE}int", lambda loader, node: int(loader.construct_scalar(node)))
    Loader.add_constructor(
        f"{_CORE}float", lambda loader, node: float(loader.construct_scalar(node))
    )
    return Loader


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
