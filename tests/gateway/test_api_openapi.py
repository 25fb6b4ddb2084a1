"""openapi.yaml, held against the routes, the tables it repeats and a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import pytest
from tests.gateway.rig import inside, running, settings_for
from tests.gateway.rig_api import offline
from tests.openapi import METHODS, Document, fuzzed

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
DOCUMENT = Document(SOURCE / "gateway" / "api" / "openapi.yaml")
JUPYTERS = Document(SOURCE / "jupyter" / "openapi.yaml")
TOKEN = "the-machine"
# Launches on it fail at once, and nothing of them runs on this machine.
NOWHERE = PlaceSettings(
    name="hub", kind="binderhub", title="A BinderHub", url="https://127.0.0.1:1/", ask=False
)
AUTH = {"Authorization": f"Bearer {TOKEN}"}


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


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    DOCUMENT.check_references()


def test_every_operation_has_a_name_of_its_own_and_tells_what_may_go_wrong() -> None:
    DOCUMENT.check_operations()


def test_the_tables_that_it_repeats() -> None:
    schemas = DOCUMENT.value["components"]["schemas"]
    assert schemas["Kind"]["enum"] == list(KINDS)
    assert schemas["LinksAsked"]["properties"]["ui"]["enum"] == list(UIS)
    assert schemas["Verdict"]["properties"]["dialect"]["enum"] == [*DIALECTS, None]
    assert schemas["Launch"]["properties"]["state"]["enum"] == list(get_args(State))
    assert schemas["Launch"]["properties"]["steps"]["maxItems"] == MOST_STEPS
    assert schemas["Address"]["maxLength"] == MAX_CHARACTERS
    assert (
        f"{MAX_BYTES >> 20} MiB"
        in DOCUMENT.value["components"]["responses"]["TooLarge"]["description"]
    )


@pytest.mark.parametrize("name", ["Kind", "Links", "Metadata", "Problem", "Progress"])
def test_what_jupyters_says_too_it_says_alike(name: str) -> None:
    other = JUPYTERS.value["components"]["schemas"]
    assert DOCUMENT.value["components"]["schemas"][name] == other[name]


def test_routes_and_methods_are_those_of_the_code() -> None:
    stated = {
        path: {method.upper() for method in METHODS & item.keys()}
        for path, item in DOCUMENT.value["paths"].items()
    }
    assert stated == {path: {*it.methods} - {"HEAD", "OPTIONS"} for path, it in TABLE.items()}


def test_it_is_served(settings: Settings) -> None:
    async def main() -> None:
        async with inside(settings) as client:
            assert (await client.get("api/v1/openapi.json")).json() == DOCUMENT.value
            text = await client.get("api/v1/openapi.yaml")
            assert text.headers["content-type"] == "application/yaml"
            assert yamls.read(text.text, "openapi.yaml") == DOCUMENT.value

    asyncio.run(main())


@pytest.mark.parametrize(("path", "operation", "example"), DOCUMENT.examples())
def test_examples_answer_as_documented(
    settings: Settings, path: str, operation: dict[str, Any], example: dict[str, Any]
) -> None:
    async def main() -> None:
        async with inside(settings) as client:
            answer = await client.post(f"api/v1{path}", json=example["value"], headers=AUTH)
            expected = example.get("x-answers", min(operation["responses"]))
            assert str(answer.status_code) == expected, answer.text
            DOCUMENT.check(answer.json(), operation["responses"][expected])

    asyncio.run(main())


@pytest.mark.parametrize("path", ["/places", "/launches"])
def test_what_is_asked_without_a_body_answers_as_documented(settings: Settings, path: str) -> None:
    async def main() -> None:
        async with inside(settings) as client:
            answer = await client.get(f"api/v1{path}")
            DOCUMENT.check(answer.json(), DOCUMENT.value["paths"][path]["get"]["responses"]["200"])

    asyncio.run(main())


@pytest.mark.slow
def test_schemathesis_finds_nothing(
    settings: Settings, tool: Callable[[str], Path], tmp_path: Path
) -> None:
    with running(settings, wrap=offline) as url:
        fuzzed(
            tool,
            tmp_path,
            config=Path(__file__).with_name("schemathesis_api.toml"),
            document=f"{url}api/v1/openapi.json",
            url=f"{url}api/v1",
            authorization=f"Bearer {TOKEN}",
        )
