"""The published schema as a judge, with the keywords that JSON Schema lacks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import (  # type: ignore[import-untyped]  # published without types
    Draft202012Validator,
    ValidationError,
)
from jsonschema.validators import extend  # type: ignore[import-untyped]  # see above

from binderclip import spec


def total_bytes(_: Any, limit: int, files: Any, __: Any) -> Iterator[ValidationError]:
    if not isinstance(files, dict):
        return
    contents = ["".join(c) if isinstance(c, list) else c for c in files.values() if texts(c)]
    size = sum(len(content.encode("utf-8", "surrogatepass")) for content in contents)
    if size > limit:
        yield ValidationError(f"{size} bytes are more than {limit}")


def no_file_inside_file(
    _: Any, places: list[list[str]], value: Any, __: Any
) -> Iterator[ValidationError]:
    names: set[str] = set()
    for place in places:
        found = value
        for key in place:
            found = found.get(key) if isinstance(found, dict) else None
        names |= set(found) if isinstance(found, dict) else set()
    for name in names:
        parts = name.split("/")
        if any("/".join(parts[:depth]) in names for depth in range(1, len(parts))):
            yield ValidationError(f"{name} is inside a file")


def texts(content: Any) -> bool:
    lines = content if isinstance(content, list) else [content]
    return all(isinstance(line, str) for line in lines)


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    parsed = json.loads(spec.schema_text())
    assert isinstance(parsed, dict)
    return parsed


@pytest.fixture(scope="session")
def schema_accepts(schema: dict[str, Any]) -> Callable[[Any], bool]:
    keywords = {"x-maxTotalBytes": total_bytes, "x-noFileInsideFile": no_file_inside_file}
    validator = extend(Draft202012Validator, keywords)(schema)
    accepts: Callable[[Any], bool] = validator.is_valid
    return accepts
