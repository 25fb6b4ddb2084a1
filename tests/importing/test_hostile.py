"""Metadata of strangers: nothing raises, nothing is smuggled in, nothing secret comes out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from binderclip import importing, spec
from binderclip import notebook as notebooks
from binderclip.importing import TABLE, Found, Imported, binderoptions, uvlock
from binderclip.importing.folders import FILES
from binderclip.importing.model import Remarks
from binderclip.spec.model import joined

KEYS = (
    "uv.lock",
    "runt",
    "uv",
    "conda",
    "environment",
    "conda_environment",
    "docker_image",
    "requirements",
    "requirements_lock",
    "language_info",
)
WORDS = (
    "dependencies",
    "channels",
    "pip",
    "python",
    "requires-python",
    "uv",
    "conda",
    "pixi",
    "name",
    "type",
    "uri",
    "gcloud",
    "packages",
    "source",
    "url",
    "version",
    "default",
    "https://user:hunter2@example.org/x",
    "https://example.org/t/hunter2/conda",
    "numpy\n--index-url https://evil.example.org",
    "numpy==1=py_0",
    "{}",
    "3.12",
    ">=3.11",
    "\ud800",
    "x @ https://hunter2@example.org/y",
)
texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=12))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)


def sound(found: Iterable[Found]) -> None:
    """What came of something hostile is a Binder, in files that say what they seem to say."""
    for one in found:
        assert "hunter2" not in repr(one)
        if not isinstance(one, Imported):
            assert one.why
            continue
        assert not spec.problems(spec.write(one.binder))
        pinned = one.binder.frozen.files if one.binder.frozen else {}
        for name, content in (*one.binder.files.items(), *pinned.items()):
            text = joined(content)
            if name == "requirements.txt":
                for line in text.replace(" \\\n", " ").splitlines():
                    if not line.startswith(("--index-url", "--extra-index-url", "-c ", "--pre")):
                        assert Requirement(line.partition(" --hash")[0]).name
            if name.endswith((".yml", ".lock")):
                assert isinstance(yaml.safe_load(text), dict)


@given(st.dictionaries(st.sampled_from(KEYS), values, min_size=1, max_size=3))
def test_any_json_under_any_key(metadata: dict[str, Any]) -> None:
    body = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    sound(importing.seen_in(notebooks.parse(json.dumps(body).encode(), "a.ipynb")))


@given(
    st.sampled_from(KEYS),
    st.dictionaries(
        st.sampled_from(
            ["dependencies", "channels", "python", "requires-python", "name", "packages"]
        ),
        st.one_of(st.lists(values, max_size=5), texts),
    ),
)
def test_the_right_shape_with_wrong_things_in_it(key: str, table: dict[str, Any]) -> None:
    stated = json.dumps(table) if key.startswith(("requirements", "conda_env")) else table
    for value in (stated, {"uv": stated, "conda": stated, "pixi": stated}):
        body = {"cells": [], "metadata": {key: value}, "nbformat": 4, "nbformat_minor": 5}
        sound(importing.seen_in(notebooks.parse(json.dumps(body).encode(), "a.ipynb")))


@example([float("inf")])  # Python's JSON has it, msgspec's has not: the second reading met it
@example([float("nan"), {"source": [float("-inf")]}])
@given(st.one_of(values, st.lists(st.dictionaries(texts, values), max_size=2)))
def test_any_cells(cells: Any) -> None:
    body = {"cells": cells, "metadata": {}, "nbformat": 4, "/// script": 1}
    sound(importing.seen_in(notebooks.parse(json.dumps(body).encode(), "a.ipynb")))


TOML = st.sampled_from(
    (
        'dependencies = ["numpy"]',
        'dependencies = ["a @ https://hunter2@example.org/a", 3, {}]',
        "dependencies = 3",
        "requires-python = 3.11",
        'requires-python = ">=3.11"',
        "[tool]",
        "[tool.uv]",
        "index = 3",
        'index = [{ url = "https://u:hunter2@example.org" }, 3]',
        "[tool.uv.sources]",
        'numpy = { git = "https://hunter2@example.org/n" }',
        "numpy = [1, { index = 3 }]",
        "when = 2024-01-01",
        "x = [[[",
    )
)


@given(st.lists(TOML, max_size=5), st.one_of(st.none(), values))
def test_any_header(rows: list[str], lock: Any) -> None:
    source = "\n".join(["# /// script", *(f"# {row}" for row in rows), "# ///"])
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []}]
    body = {"cells": cells, "metadata": {"uv.lock": lock}, "nbformat": 4}
    sound(importing.seen_in(notebooks.parse(json.dumps(body).encode(), "a.ipynb")))


LOCK_ROWS = st.sampled_from(
    (
        "version = 1",
        "[manifest]",
        'requirements = [{ name = "a" }]',
        'requirements = [{ name = "a", extras = ["x"], marker = "os_name == \'nt\'" }]',
        "requirements = 3",
        "[[package]]",
        'name = "a"',
        'name = "a\\nb"',
        'version = "1"',
        'source = { registry = "https://pypi.org/simple" }',
        'source = { registry = "https://hunter2@example.org" }',
        "source = 3",
        'dependencies = [{ name = "a" }, { name = "b", marker = 3 }]',
        "dependencies = [3]",
        'wheels = [{ hash = "sha256:00" }]',
        "[package.optional-dependencies]",
        'x = [{ name = "a" }]',
    )
)


@given(st.lists(LOCK_ROWS, max_size=10))
def test_any_lock(rows: list[str]) -> None:
    try:
        told = uvlock.locked("\n".join(rows)).text
    except uvlock.Unsayable as error:
        told = str(error)
    assert "hunter2" not in told


FILE_ROWS = st.sampled_from(
    (
        "project:",
        "  github: https://github.com/o/r/tree/main/x",
        "  jupyter: true",
        "  jupyter: lite",
        "  thebe:",
        "    binder:",
        "      repo: https://u:hunter2@example.org/o/r",
        "      repo: o/r",
        "      provider: 3",
        "      ref: 2024.10",
        "  binder: https://mybinder.org/v2/gh/o/r/HEAD",
        "launch_buttons:",
        "  binderhub_url: ftp://x",
        "  binderhub_url: https://u:hunter2@example.org",
        "repository:",
        "  url: 3",
        "  url: https://github.com/o/r",
        "  branch: 0123456",
        "binder_repo: o/r",
        "binder_repo: [1]",
        "binder_url: {a: b}",
        "binder_ref: 0123456",
        '<script type="text/x-thebe-config">',
        "{ binderOptions: { repo: 'o/r', binderUrl: 'https://u:hunter2@x.org' } }",
        "</script>",
        "app = marimo.App()",
        "# /// script",
        "# ///",
        "\t: [",
    )
)


@given(st.lists(FILE_ROWS, max_size=8), st.sampled_from(sorted(FILES)))
def test_any_project_file(rows: list[str], name: str) -> None:
    sound(FILES[name]("\n".join(rows), name))


@given(st.text(max_size=60), st.sampled_from(sorted(FILES)))
def test_any_text_as_a_project_file(text: str, name: str) -> None:
    sound(FILES[name](text, name))


@given(values, values, values, values)
def test_any_binder_options(hub: Any, repo: Any, ref: Any, provider: Any) -> None:
    options = binderoptions.Options(hub, repo, ref, provider)
    sound([binderoptions.binder("myst", "x", options, Remarks())])


@pytest.mark.parametrize(
    "text",
    [
        "# /// script\n" * 20_000,
        "# /// script\n# " + "[" * 100_000 + "\n# ///",
        "# /// script\n# x = " + "9" * 100_000 + "\n# ///",
    ],
)
def test_large_headers(text: str) -> None:
    cells = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []}]
    body = {"cells": cells, "metadata": {}, "nbformat": 4}
    sound(importing.seen_in(notebooks.parse(json.dumps(body).encode(), "a.ipynb")))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("requirements", "[" * 100_000),
        ("requirements", '{"packages": ' + '{"a":' * 900 + "1" + "}" * 901),
        ("requirements", '{"packages": {"a": ' + "9" * 10_000 + "}}"),
        ("conda_environment", "a: &a [1]\n" + "".join(f"b{n}: *a\n" for n in range(9))),
        ("conda_environment", "[" * 20_000),
        ("environment", {"dependencies": ["numpy"] * 100_000}),
        ("environment", {"dependencies": [f"p{n}" for n in range(100_000)]}),
        ("runt", {"uv": {"dependencies": ["a" * 100_000]}}),
        ("runt", {"uv": {"dependencies": ["numpy"], "requires-python": ">" * 5000}}),
        ("docker_image", "a/" * 5000),
    ],
)
def test_large_values(key: str, value: Any) -> None:
    body = {"cells": [], "metadata": {key: value}, "nbformat": 4}
    found = importing.seen_in(notebooks.parse(json.dumps(body).encode(), "a.ipynb"))
    sound(found)
    for one in found:
        assert len(repr(one.remarks if isinstance(one, Imported) else one.why)) < 20_000


@pytest.mark.parametrize("mark", ["{a:", "/* ", "// ", "a " * 3, "aaaa", '<script type="'])
def test_large_pages(mark: str) -> None:
    page = f'<script type="text/x-thebe-config">{mark * 10_000}</script>'
    sound(FILES[".html"](page, "a.html"))
    sound(FILES["thebe.json"](mark * 10_000, "thebe.json"))


def test_secrets_in_a_pipfile_s_lock() -> None:
    lock = {
        "_meta": {"sources": [{"url": "https://u:hunter2@example.org/simple", "name": "x"}]},
        "default": {"a": {"version": "==1"}},
    }
    pipfile = {
        "packages": {"a": "*", "b": {"git": "https://hunter2@example.org/b"}, "c": {"path": "."}},
        "source": [{"url": "https://${USER}:${PASS}@example.org/simple"}],
    }
    metadata = {"requirements": json.dumps(pipfile), "requirements_lock": json.dumps(lock)}
    body = {"cells": [], "metadata": metadata, "nbformat": 4}
    (found,) = importing.from_notebook(notebooks.parse(json.dumps(body).encode(), "a.ipynb"))
    sound([found])
    assert set(found.binder.files) == {"Pipfile"}
    assert joined(found.binder.files["Pipfile"]) == '[packages]\na = "*"\n'
    assert len(found.remarks) == 5


def test_files_beyond_the_limits_of_a_notebook() -> None:
    names = [f"package-{n}-{'x' * 900}" for n in range(1900)]
    body = {
        "cells": [],
        "metadata": {"runt": {"uv": {"dependencies": names}}},
        "nbformat": 4,
    }
    (found,) = importing.seen_in(notebooks.parse(json.dumps(body).encode(), "a.ipynb"))
    assert not isinstance(found, Imported)
    assert "1048576 bytes" in found.why


def test_every_row_is_fuzzed() -> None:
    assert {name for row in TABLE.values() for name in row.files or {}} == set(FILES)
