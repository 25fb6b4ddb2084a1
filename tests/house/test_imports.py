"""Imports go one way; the shells stand outside and know nothing of each other."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "binderclip"

# A module may import from its own line and from those above it.
LAYERS: tuple[frozenset[str], ...] = tuple(
    frozenset(line.split())
    for line in """
    _version
    errors folders private once unbroken amounts
    platforms pythons distributions inheritance tomls yamls uvtool
    diagnosis
    atomic jsonspan
    jsonedit notebookfault textheader
    spec.model
    textnotebook
    notebook
    cells codecells outputs
    spec
    edit references
    cloneable
    environment
    guard gates addresses fetch sources
    session events
    steps
    wire
    web
    config tokens records
    rees repositories processes killable trust cache requirementfiles
    conda registries dockerfile embedding
    servers hubs
    companions
    targets
    copying
    parameters kernels opener
    lab
    execute
    links badge
    filling
    freeze
    envrepo
    importing exporting guessing portrait
    liveness
    flow
    pages rest
    cli __main__ jupyter hub gateway
    """.strip().splitlines()
)
ROOT = "__init__"


@cache
def modules() -> dict[str, Path]:
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        found[name] = path
    return found


@cache
def imports(path: Path) -> frozenset[str]:
    """The modules of binderclip that ``path`` imports, at its top or in a function."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            if node.module == "binderclip":
                names |= {alias.name for alias in node.names}
            elif node.module and node.module.startswith("binderclip."):
                package = node.module.removeprefix("binderclip.")
                inner = {f"{package}.{alias.name}" for alias in node.names} & set(modules())
                names |= inner or {package}
        elif isinstance(node, ast.Import):
            names |= {
                alias.name.removeprefix("binderclip.")
                for alias in node.names
                if alias.name.startswith("binderclip.")
            }
    return frozenset(names)


def layer(module: str) -> int:
    """The lowest layer that names ``module`` or a package it is in; the longest name wins."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        for number, names in enumerate(LAYERS):
            if ".".join(parts[:length]) in names:
                return number
    raise AssertionError(f"{module}: give it a place in LAYERS")


@pytest.mark.parametrize("module", sorted(set(modules()) - {ROOT}))
def test_imports_go_one_way(module: str) -> None:
    here = layer(module)
    for name in sorted(imports(modules()[module]) - {ROOT}):
        assert layer(name) <= here, f"{module} imports {name}, which stands above it"


def test_targets_do_not_import_each_other() -> None:
    names = {m.split(".")[1] for m in modules() if m.startswith("targets.")}
    for module, path in modules().items():
        if not module.startswith("targets."):
            continue
        own = module.split(".")[1]
        others = {
            name.split(".")[1]
            for name in imports(path)
            if name.startswith("targets.") and name.split(".")[1] in names
        } - {own}
        assert not others, f"{module} imports the targets {others}"


SHELLS = {"cli", "jupyter", "hub", "gateway"}


def test_shells_know_nothing_of_each_other() -> None:
    for module, path in modules().items():
        own = module.split(".")[0]
        others = {name.split(".")[0] for name in imports(path)} & (SHELLS - {own})
        assert not others or own == "__main__", f"{module} imports the shells {others}"


def test_no_cycle_between_modules() -> None:
    graph = {
        module: {name for name in imports(path) if name in modules()}
        for module, path in modules().items()
        if module != ROOT
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, f"a cycle: {' → '.join((*trail, module))}"
        if module in done:
            return
        for name in graph.get(module, ()):
            visit(name, (*trail, module))
        done.add(module)

    for module in graph:
        visit(module, ())


def test_files_stay_small() -> None:
    long = {
        name: lines
        for name, path in modules().items()
        if (lines := len(path.read_text("utf-8").splitlines())) > 500
    }
    assert not long
