"""The pages for people: links lead somewhere, commands can be typed, quoted messages are said."""

from __future__ import annotations

import json
import re
import shlex
from importlib import import_module
from pathlib import Path

import click
import pytest

from binderclip import spec
from binderclip.addresses import launches
from binderclip.cli import VERBS, cli, home
from binderclip.errors import SpecError
from binderclip.spec import providers
from binderclip.spec.model import JSON

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("benchmarks/*.md"),
]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    (page.name, line.partition("  #")[0])
    for page in PAGES
    for block in re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.startswith("binderclip ")
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
            slugs = [re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads]
            assert anchor in slugs, target


def test_there_are_commands() -> None:
    assert {name for name, _ in COMMANDS} >= {"README.md", "command-line.md"}


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_commands_can_be_typed(page: str, line: str) -> None:
    """Parsed as they stand, and not run: some would build an environment."""
    del page
    _, verb, *words = shlex.split(line.partition(" > ")[0])
    assert verb in VERBS
    command: click.Command = import_module(home(verb)).command
    # Below a context of ``cli``, whose names for help a command keeps once it has seen them.
    command.make_context(verb, words, parent=cli.make_context("binderclip", [verb]))


def test_the_readme_s_metadata_is_right() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert spec.read(json.loads(f"{{{block}}}")["metadata"]["binder"]).warnings == ()


def test_the_readme_quotes_what_is_said() -> None:
    build: JSON = {"host": "https://github.com", "path": "o/r", "hash": "abc123"}
    with pytest.raises(SpecError) as caught:
        spec.read({"version": 1, "build": build})
    assert f"`{caught.value}`" in re.sub(r"\s+", " ", README)


def test_both_readers_of_launch_links_know_the_same_providers() -> None:
    """``addresses`` looks for the notebook that a link opens, ``spec`` for its environment."""
    assert set(launches.PROVIDERS) == set(providers.PROVIDERS)
