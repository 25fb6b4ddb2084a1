"""YAML of strangers, read as plain data.

YAML 1.1 as PyYAML reads it, with three differences: dates stay text, aliases may not multiply a
small file into a large one, and a key that stands twice is a fault.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from binderclip.errors import BinderclipError, Refused

_MAX_BYTES = 4 << 20
_MAX_NODES = 200_000
_MAX_DEPTH = 64


def read(text: str, where: str, *, failure: type[BinderclipError] = Refused) -> Any:
    """The one document in ``text`` as dicts, lists, strings, numbers, booleans and None; None for
    an empty one. Raises ``failure``, its message beginning with ``where``.
    """
    import yaml  # noqa: PLC0415 - only environments that have YAML files need it

    if len(text) > _MAX_BYTES:
        raise failure(f"{where}: found more than {_MAX_BYTES} characters, expected at most that")
    try:
        _bounded(text, where, failure)
        value = yaml.load(text, _loader())  # noqa: S506 - a SafeLoader, made stricter
    except yaml.YAMLError as error:
        raise failure(f"{where}: is not YAML ({_why(error)})") from error
    except (RecursionError, ValueError) as error:  # deep nesting; numbers of thousands of digits
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
    import yaml  # noqa: PLC0415 - see above

    base: Any = _base()

    class Loader(base):  # type: ignore[misc] # a class that is found when it is needed
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the base class's own signature
            seen: set[Hashable] = set()
            for key_node, _ in node.value:
                if key_node.tag == "tag:yaml.org,2002:merge":
                    continue
                key = self.construct_object(key_node, deep=True)
                if isinstance(key, Hashable):
                    if key in seen:
                        raise yaml.constructor.ConstructorError(
                            None,
                            None,
                            f"found the key {str(key)[:60]!r} twice",
                            key_node.start_mark,
                        )
                    seen.add(key)
            made: dict[Hashable, Any] = super().construct_mapping(node, deep)
            return made

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader


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
