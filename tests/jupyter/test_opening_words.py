"""Open by address: what the page says of a notebook and its environment, and its style sheet."""

from __future__ import annotations

import json
import re
import tracemalloc
from importlib import resources
from typing import Any, ClassVar

from hypothesis import given
from hypothesis import strategies as st

from binderclip.fetch import Fetched
from binderclip.filling import Facts
from binderclip.jupyter.opening.describing import Wanted, wanted
from binderclip.notebook import parse
from binderclip.pages.excerpt import MAX_CHARACTERS, MAX_LINES, excerpt
from binderclip.sources import resolve
from binderclip.spec import Reference


class TestExcerpt:
    def notebook(self, *cells: dict[str, Any], **metadata: Any) -> Any:
        value = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        return excerpt(parse(json.dumps(value).encode()))

    def test_title_and_first_words(self) -> None:
        markdown = {"cell_type": "markdown", "source": ["# Heat\n", "\n", "\n", "<b>x</b>"]}
        found = self.notebook({"cell_type": "code", "source": "1"}, markdown)
        assert (found.title, found.lines) == ("Heat", ("# Heat", "", "<b>x</b>"))
        assert (found.cells, found.code) == (2, 1)
        assert self.notebook(markdown, title=" A \n B ").title == "A B"

    @given(st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5))
    def test_odd_cells_say_nothing(self, value: Any) -> None:
        data = {"cells": value, "metadata": {"title": value}, "nbformat": 4, "nbformat_minor": 5}
        excerpt(parse(json.dumps(data).encode()))

    @given(st.text(max_size=3000))
    def test_it_is_short(self, text: str) -> None:
        found = self.notebook({"cell_type": "markdown", "source": text})
        assert len(found.lines) <= MAX_LINES + 1
        assert sum(map(len, found.lines)) <= 2 * MAX_CHARACTERS

    def test_only_the_head_of_a_large_one_is_decoded(self) -> None:
        many = "[],".join([""] * 3_000_000) + "[]"
        cells = f'{{"cell_type":"markdown","source":"# Hi"}},{{"x":[{many}]}}' + ",{}" * 20_000
        metadata = f'{{"title":"{"a" * 70_000}","x":[{many}]}}'
        data = f'{{"cells":[{cells}],"metadata":{metadata},"nbformat":4}}'.encode()
        notebook = parse(data)
        tracemalloc.start()
        found = excerpt(notebook)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (found.title, found.lines) == ("Hi", ("# Hi",))
        assert (found.cells, found.code) == (None, None)
        assert peak < len(data)

    def test_halves_of_surrogate_pairs_are_not_shown(self) -> None:
        markdown = {"cell_type": "markdown", "source": "# a\ud800"}
        assert self.notebook(markdown).title == "a?"
        assert self.notebook(title="\udfff x").title == "? x"

    def test_text_notebooks(self) -> None:
        script = b"# ---\n# jupyter:\n#   x: 1\n# ---\n\n# %% [markdown]\n# # Tides\n"
        found = excerpt(parse(script, "a.py"))
        assert found.title == "Tides"
        assert found.lines[0] == "# %% [markdown]"
        found = excerpt(parse(b"---\ntitle: x\n---\n# Moon\n", "a.md"))
        assert found.title == "Moon"


class TestStyle:
    PAIRS = (
        *(("ink", "sheet"), ("soft", "sheet"), ("link", "sheet"), ("soft", "ground")),
        *(("accent-ink", "accent"), ("good", "good-ground"), ("warn", "warn-ground")),
        ("calm", "calm-ground"),
    )

    def test_colours_can_be_read(self) -> None:
        """WCAG 2.2, 1.4.3: a contrast of 4.5 at least, light and dark."""
        text = resources.files("binderclip.pages").joinpath("style.css").read_text()
        light, dark = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
        for scheme in (light, dark):
            colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", scheme))
            for front, back in self.PAIRS:
                assert contrast(colours[front], colours[back]) >= 4.5, (front, back)

    def test_nothing_comes_from_elsewhere(self) -> None:
        text = resources.files("binderclip.pages").joinpath("style.css").read_text()
        assert "url(" not in text
        assert "@import" not in text


def contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


class TestWanted:
    BUILD: ClassVar = {"host": "https://github.com", "path": "o/r", "ref": "main"}
    HERE = Facts(build=Reference("https://github.com", "o/r", "main"))

    def wanted(self, address: str, binder: Any = None, facts: Facts | None = None) -> Wanted:
        metadata = {} if binder is None else {"binder": binder}
        value = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        data = json.dumps(value).encode()
        source = resolve(address)
        return wanted(parse(data), Fetched(data, source, source.url), facts or Facts())

    def test_an_environment_that_is_not_here_is_launched_elsewhere(self) -> None:
        binder = {"version": 1, "build": self.BUILD}
        said = self.wanted("https://github.com/o/r/blob/main/a.ipynb", binder)
        assert said.words == (("from", "github.com/o/r at main"),)
        assert said.match
        assert said.match.verdict == "unknown"
        assert said.launch
        assert said.launch.url == "https://mybinder.org/v2/gh/o/r/main?labpath=a.ipynb"

    def test_one_that_is_here_is_not(self) -> None:
        binder = {"version": 1, "host": "https://b.example", "build": self.BUILD}
        said = self.wanted("https://example.org/a.ipynb", binder, self.HERE)
        assert said.match
        assert (said.match.verdict, said.launch) == ("same", None)

    def test_a_launch_link_names_it_for_a_notebook_that_names_none(self) -> None:
        link = "https://mybinder.org/v2/gh/o/r/main?labpath=a.ipynb"
        said = self.wanted(link, None, self.HERE)
        assert said.linked
        assert said.words
        said = self.wanted(link, {"version": 1, "image": {"host": "https://q.io", "path": "a/b"}})
        assert not said.linked
        assert said.words == (("image", "q.io/a/b"),)

    def test_nothing_named(self) -> None:
        for binder in (None, False):
            said = self.wanted("https://example.org/a.ipynb", binder)
            assert (said.words, said.match, said.launch) == ((), None, None)

    def test_all_kinds_of_naming(self) -> None:
        pinned = {"at": "2026-11-22T20:00:00Z", "platform": "linux-64", "files": {"r.txt": "x"}}
        image = {"host": "https://q.io", "path": "a/b", "ref": "1", "hash": f"sha256:{'0' * 64}"}
        binder = {
            "version": 1,
            "image": image,
            "build": {**self.BUILD, "hash": "1" * 40},
            "files": {"postBuild": "x"},
            "frozen": pinned,
            "config": self.BUILD,
        }
        said = self.wanted("https://example.org/a.ipynb", binder)
        assert dict(said.words) == {
            "image": "q.io/a/b:1@sha256:000000000000…",
            "or else from": "github.com/o/r at main (commit 111111111111)",
            "files of its own": "postBuild",
            "pinned on 2026-11-22 for linux-64": "r.txt",
        }
        assert said.idle == ("its configuration, from github.com/o/r at main",)

    def test_what_cannot_be_read_is_a_remark(self) -> None:
        said = self.wanted("https://example.org/a.ipynb", {"version": 1, "image": 3})
        assert said.unread == "its metadata cannot be read"
        assert said.faults[0].startswith("binder.image: found 3")
        assert not said.words
