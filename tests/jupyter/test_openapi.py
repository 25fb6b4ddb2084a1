"""openapi.yaml, held against the handlers, the tables it repeats and a real server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from tests.openapi import METHODS, Document, fuzzed

from binderclip.filling import POLICIES
from binderclip.filling.matching import Verdict
from binderclip.freeze.parts import PARTS
from binderclip.jupyter.routes.jobs import State
from binderclip.jupyter.routes.known import Role
from binderclip.links import KINDS, UIS
from binderclip.platforms import PINNED
from binderclip.rees import Buildpack
from binderclip.spec import DIALECTS

if TYPE_CHECKING:
    from tests.jupyter.rig import Served

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "src" / "binderclip" / "jupyter" / "openapi.yaml"
API = "binderclip/api/v1"
DOCUMENT = Document(FILE)


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    DOCUMENT.check_references()


def test_every_operation_has_a_name_of_its_own_and_tells_who_may_not() -> None:
    DOCUMENT.check_operations()


def test_the_tables_that_it_repeats() -> None:
    schemas = DOCUMENT.value["components"]["schemas"]
    asked = schemas["FreezeAsked"]["properties"]["options"]["properties"]
    assert schemas["Kind"]["enum"] == list(KINDS)
    assert schemas["LinksAsked"]["properties"]["ui"]["enum"] == list(UIS)
    assert schemas["Facts"]["properties"]["policy"]["enum"] == list(POLICIES)
    assert schemas["KnownFile"]["properties"]["role"]["enum"] == list(get_args(Role))
    assert schemas["Report"]["properties"]["buildpack"]["enum"] == [*get_args(Buildpack), None]
    assert schemas["Verdict"]["properties"]["dialect"]["enum"] == [*DIALECTS, None]
    here = schemas["Verdict"]["properties"]["here"]["anyOf"][1]["properties"]
    assert here["verdict"]["enum"] == list(get_args(Verdict))
    assert schemas["Job"]["properties"]["state"]["enum"] == list(get_args(State))
    assert asked["only"]["items"]["enum"] == list(PARTS)
    assert asked["platform"]["enum"] == [*PINNED, None]


def test_routes_and_methods_are_those_of_the_handlers(jupyter_python: Path) -> None:
    script = """
import json
from binderclip.jupyter.routes.table import TABLE
from tornado.web import RequestHandler
def own(route, name):
    return getattr(route, name) is not getattr(RequestHandler, name)
names = ("get", "post", "put", "patch", "delete")
print(json.dumps({path: [n for n in names if own(route, n)] for path, route in TABLE.items()}))
"""
    done = subprocess.run([jupyter_python, "-c", script], capture_output=True, check=True)
    code = {f"/{path}": set(methods) for path, methods in json.loads(done.stdout).items()}
    stated = {path: METHODS & item.keys() for path, item in DOCUMENT.value["paths"].items()}
    assert stated == code


def test_it_is_served_as_json(server: Served) -> None:
    answer = server.ask("GET", f"{API}/openapi.json")
    assert answer.status == 200
    assert answer.json() == DOCUMENT.value


@pytest.mark.parametrize(("path", "operation", "example"), DOCUMENT.examples())
def test_examples_answer_as_documented(
    server: Served, path: str, operation: dict[str, Any], example: dict[str, Any]
) -> None:
    responses = operation["responses"]
    expected = example.get("x-answers", min(responses))
    answer = server.ask("POST", f"{API}{path}", example["value"])
    assert str(answer.status) == expected, answer.text
    DOCUMENT.check(answer.json(), responses[expected])


@pytest.mark.parametrize("path", ["/facts", "/files", "/openapi.json"])
def test_what_is_asked_without_a_body_answers_as_documented(server: Served, path: str) -> None:
    answer = server.ask("GET", f"{API}{path}")
    DOCUMENT.check(answer.json(), DOCUMENT.value["paths"][path]["get"]["responses"]["200"])


def test_options_name_what_is_documented(server: Served) -> None:
    for path, item in DOCUMENT.value["paths"].items():
        answer = server.ask("OPTIONS", f"{API}{path.replace('{id}', 'none')}")
        implied = {"HEAD"} if "get" in item else set()
        stated = {method.upper() for method in METHODS & item.keys()} | implied | {"OPTIONS"}
        assert (answer.status, set(answer.headers["allow"].split(", "))) == (204, stated)


@pytest.mark.slow
def test_schemathesis_finds_nothing(
    server: Served, tool: Callable[[str], Path], tmp_path: Path
) -> None:
    described = tmp_path / "openapi.json"
    described.write_bytes(server.ask("GET", f"{API}/openapi.json").body)
    fuzzed(
        tool,
        tmp_path,
        config=Path(__file__).with_name("schemathesis.toml"),
        document=str(described),
        url=f"{server.url}{API}",
        authorization=f"token {server.token}",
    )
    assert "Traceback" not in server.log
