"""openapi.yaml, held against the routes, the tables it repeats and a real server."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import jsonschema  # type: ignore[import-untyped]  # published without types
import pytest
from tests.gateway.rig import inside, running, settings_for
from tests.gateway.rig_api import offline

from binderclip import yamls
from binderclip.addresses.link import MAX_CHARACTERS
from binderclip.gateway.api.resource import MAX_BYTES
from binderclip.gateway.api.routes import TABLE
from binderclip.gateway.api.telling import MOST_STEPS
from binderclip.gateway.launches.launch import State
from binderclip.gateway.settings.model import Limits, PlaceSettings, Settings
from binderclip.links import KINDS, UIS
from binderclip.spec import DIALECTS

SOURCE = Path(__file__).resolve().parents[2] / "src" / "binderclip"
METHODS = {"get", "post", "put", "patch", "delete"}
TOKEN = "the-machine"
# Launches on it fail at once, and nothing of them runs on this machine.
NOWHERE = PlaceSettings(
    name="hub", kind="binderhub", title="A BinderHub", url="https://127.0.0.1:1/", ask=False
)
AUTH = {"Authorization": f"Bearer {TOKEN}"}


@cache
def document(file: str = "gateway/api/openapi.yaml") -> dict[str, Any]:
    found: dict[str, Any] = yamls.read((SOURCE / file).read_text("utf-8"), file)
    return found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    many = Limits(looks="100000/minute", launches="100000/minute", environment="100000/minute")
    return settings_for(
        tmp_path,
        NOWHERE,
        tokens=MappingProxyType({"machine": TOKEN}),
        limits=many,
        allowed_networks=(),
    )


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document()["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def examples() -> list[Any]:
    found = []
    for path, _, operation in sorted(operations(), key=lambda one: one[0]):
        content = operation.get("requestBody", {}).get("content", {})
        for name, example in content.get("application/json", {}).get("examples", {}).items():
            found.append(pytest.param(path, operation, example, id=f"{path[1:]}-{name}"))
    return found


def resolved(value: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in value:
        return value
    found: Any = document()
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def check(answer: object, response: dict[str, Any]) -> None:
    """Is it what this response is documented to be?"""
    content = resolved(response)["content"]["application/json"]
    schema = {**content["schema"], "components": document()["components"]}
    jsonschema.Draft202012Validator(schema).validate(answer)


def walk(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from walk(one)
    elif isinstance(value, list):
        for one in value:
            yield from walk(one)


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    for schema in document()["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for one in walk(document()["paths"]):
        if "schema" in one:
            jsonschema.Draft202012Validator.check_schema(one["schema"])
    used = {one["$ref"] for one in walk(document()) if "$ref" in one}
    for reference in used:
        assert resolved({"$ref": reference})
    components = document()["components"]
    kinds = ("schemas", "responses", "parameters")
    stated = {f"#/components/{kind}/{name}" for kind in kinds for name in components[kind]}
    assert stated == used


def test_every_operation_has_a_name_of_its_own_and_tells_what_may_go_wrong() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names)) == len(list(operations()))
    for path, method, operation in operations():
        assert "403" in operation["responses"], path
        if method == "post":
            assert {"400", "413", "415"} <= operation["responses"].keys(), path


def test_the_tables_that_it_repeats() -> None:
    schemas = document()["components"]["schemas"]
    assert schemas["Kind"]["enum"] == list(KINDS)
    assert schemas["LinksAsked"]["properties"]["ui"]["enum"] == list(UIS)
    assert schemas["Verdict"]["properties"]["dialect"]["enum"] == [*DIALECTS, None]
    assert schemas["Launch"]["properties"]["state"]["enum"] == list(get_args(State))
    assert schemas["Launch"]["properties"]["steps"]["maxItems"] == MOST_STEPS
    assert schemas["Address"]["maxLength"] == MAX_CHARACTERS
    assert (
        f"{MAX_BYTES >> 20} MiB" in document()["components"]["responses"]["TooLarge"]["description"]
    )


@pytest.mark.parametrize("name", ["Kind", "Links", "Metadata", "Problem", "Progress"])
def test_what_jupyters_says_too_it_says_alike(name: str) -> None:
    other = document("jupyter/openapi.yaml")["components"]["schemas"]
    assert document()["components"]["schemas"][name] == other[name]


def test_routes_and_methods_are_those_of_the_code() -> None:
    stated = {
        path: {method.upper() for method in METHODS & item.keys()}
        for path, item in document()["paths"].items()
    }
    assert stated == {path: {*it.methods} - {"HEAD", "OPTIONS"} for path, it in TABLE.items()}


def test_it_is_served(settings: Settings) -> None:
    async def main() -> None:
        async with inside(settings) as client:
            assert (await client.get("api/v1/openapi.json")).json() == document()
            text = await client.get("api/v1/openapi.yaml")
            assert text.headers["content-type"] == "application/yaml"
            assert yamls.read(text.text, "openapi.yaml") == document()

    asyncio.run(main())


@pytest.mark.parametrize(("path", "operation", "example"), examples())
def test_examples_answer_as_documented(
    settings: Settings, path: str, operation: dict[str, Any], example: dict[str, Any]
) -> None:
    async def main() -> None:
        async with inside(settings) as client:
            answer = await client.post(f"api/v1{path}", json=example["value"], headers=AUTH)
            expected = example.get("x-answers", min(operation["responses"]))
            assert str(answer.status_code) == expected, answer.text
            check(answer.json(), operation["responses"][expected])

    asyncio.run(main())


@pytest.mark.parametrize("path", ["/places", "/launches"])
def test_what_is_asked_without_a_body_answers_as_documented(settings: Settings, path: str) -> None:
    async def main() -> None:
        async with inside(settings) as client:
            answer = await client.get(f"api/v1{path}")
            check(answer.json(), document()["paths"][path]["get"]["responses"]["200"])

    asyncio.run(main())


@pytest.mark.slow
def test_schemathesis_finds_nothing(
    settings: Settings, tool: Callable[[str], Path], tmp_path: Path
) -> None:
    seed = ["--seed", "20261123"] if os.environ.get("CI") == "true" else []
    with running(settings, wrap=offline) as url:
        done = subprocess.run(
            [
                *(
                    str(tool("schemathesis/bin/st")),
                    "--config-file",
                    str(Path(__file__).with_name("schemathesis_api.toml")),
                ),
                *("run", f"{url}api/v1/openapi.json", "--url", f"{url}api/v1", "--checks", "all"),
                *("-H", f"Authorization: Bearer {TOKEN}", "--max-examples", "40", *seed),
            ],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-2000:]}"
    assert re.search(r"\d+ generated", done.stdout)
