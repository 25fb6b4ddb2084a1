"""What tests of an OpenAPI file share: its operations, references and examples."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # published without types
import pytest

from binderclip import yamls

METHODS = {"get", "post", "put", "patch", "delete"}
KINDS = ("schemas", "responses", "parameters")


class Document:
    def __init__(self, file: Path) -> None:
        self._file = file

    @cached_property
    def value(self) -> dict[str, Any]:
        found: dict[str, Any] = yamls.read(self._file.read_text("utf-8"), self._file.name)
        return found

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, item in self.value["paths"].items():
            for method in METHODS & item.keys():
                yield path, method, item[method]

    def examples(self) -> list[Any]:
        found = []
        for path, _, operation in sorted(self.operations(), key=lambda one: one[0]):
            content = operation.get("requestBody", {}).get("content", {})
            for name, example in content.get("application/json", {}).get("examples", {}).items():
                found.append(pytest.param(path, operation, example, id=f"{path[1:]}-{name}"))
        return found

    def resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in value:
            return value
        found: Any = self.value
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return dict(found)

    def check(self, answer: object, response: dict[str, Any]) -> None:
        """Is it what this response is documented to be?"""
        content = self.resolved(response)["content"]["application/json"]
        schema = {**content["schema"], "components": self.value["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer)

    def check_references(self) -> None:
        """Every schema is one, every reference leads somewhere, and nothing is left over."""
        for schema in self.value["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)
        for one in walk(self.value["paths"]):
            if "schema" in one:
                jsonschema.Draft202012Validator.check_schema(one["schema"])
        used = {one["$ref"] for one in walk(self.value) if "$ref" in one}
        for reference in used:
            assert self.resolved({"$ref": reference})
        components = self.value["components"]
        stated = {f"#/components/{kind}/{name}" for kind in KINDS for name in components[kind]}
        assert stated == used

    def check_operations(self) -> None:
        """Each has a name of its own, and tells what may go wrong."""
        names = [operation["operationId"] for _, _, operation in self.operations()]
        assert len(names) == len(set(names)) == len(list(self.operations()))
        for path, method, operation in self.operations():
            assert "403" in operation["responses"], path
            if method == "post":
                assert {"400", "413", "415"} <= operation["responses"].keys(), path


def walk(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from walk(one)
    elif isinstance(value, list):
        for one in value:
            yield from walk(one)


def fuzzed(
    tool: Callable[[str], Path],
    folder: Path,
    *,
    config: Path,
    document: str,
    url: str,
    authorization: str,
) -> None:
    """All of schemathesis' checks, on a server at ``url``; the same ones each time in CI."""
    seed = ["--seed", "20261123"] if os.environ.get("CI") == "true" else []
    done = subprocess.run(
        [
            *(str(tool("schemathesis/bin/st")), "--config-file", str(config)),
            *("run", document, "--url", url, "--checks", "all"),
            *("-H", f"Authorization: {authorization}", "--max-examples", "25", *seed),
        ],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-2000:]}"
    assert re.search(r"\d+ generated", done.stdout)
