"""``binderclip badge`` and its drawing."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binderclip.badge import COLOURS, MAX_CHARACTERS, Badge
from binderclip.errors import SpecError

if TYPE_CHECKING:
    from tests.cli.conftest import Run

SVG = "{http://www.w3.org/2000/svg}"


def parts(badge: Badge) -> tuple[ET.Element, list[ET.Element]]:
    root = ET.fromstring(badge.svg)
    return root, list(root.iter(f"{SVG}text"))


def test_it_is_written_whole_and_can_be_printed(run: Run, tmp_path: Path) -> None:
    done = run("badge", "badge.svg")
    assert (done.code, done.err) == (0, "")
    assert done.out == "✓ badge.svg: launch: binder, 111 by 20 pixels\n"
    data = (tmp_path / "badge.svg").read_text()
    assert data == run("badge", "-").out
    assert [path.name for path in tmp_path.iterdir()] == ["badge.svg"]
    (tmp_path / "link.svg").symlink_to("badge.svg")
    answer = run("badge", "link.svg", "--label", "run", "--message", "here", "--json").answer
    assert answer == {"file": "link.svg", "title": "run: here", "width": 84, "height": 20}
    assert (tmp_path / "link.svg").is_symlink()
    assert "<title>run: here</title>" in (tmp_path / "badge.svg").read_text()


def test_others_may_read_it(run: Run, tmp_path: Path) -> None:
    run("badge", "badge.svg")
    (tmp_path / "plain").write_text("x")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("badge.svg", "plain")]
    assert modes[0] == modes[1]


@pytest.mark.parametrize("name", ["none/badge.svg", "."])
def test_where_it_cannot_be_written(run: Run, tmp_path: Path, name: str) -> None:
    done = run("badge", name)
    assert done.code == 1
    assert "cannot be written" in done.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [("--colour", "burgundy"), ("--label", " ", "--message", "")])
def test_what_is_refused(run: Run, words: tuple[str, ...]) -> None:
    assert run("badge", "badge.svg", *words).code == 12
    assert run("badge", "-", "--json").code == 2


def test_it_asks_nobody_and_says_what_it_is() -> None:
    badge = Badge()
    root, texts = parts(badge)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "launch: binder" == root.findtext(f"{SVG}title")
    assert [text.text for text in texts] == ["launch", "binder"]
    outside = badge.svg.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|href|url\(|@import|<style|<script|\bid=", outside)


def test_the_texts_fit_their_fields() -> None:
    for message in ("i", "WWWWWWWW", "a longer message", "数据", "e\u0301te\u0301"):
        root, (label, text) = parts(Badge("run", message))
        width = int(root.attrib["width"])
        label_ends = float(label.attrib["x"]) + float(label.attrib["textLength"])
        text_ends = float(text.attrib["x"]) + float(text.attrib["textLength"])
        assert label_ends < float(text.attrib["x"])
        assert width - 10 < text_ends < width
    assert Badge("run", "WWWW").width > Badge("run", "iiii").width


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [*COLOURS, "#fff", "#000", "abc", "#7f7f7f", "#ff8800"])
def test_every_text_can_be_read(colour: str) -> None:
    """A contrast of 4.5 to 1, as WCAG 2.2 asks for at this size."""
    badge = Badge(colour=colour)
    _, texts = parts(badge)
    grounds = re.findall(r'fill="(#[0-9a-f]{6})"', badge.svg)
    for text, ground in zip(texts, grounds, strict=True):
        light, dark = sorted((luminance(ground), luminance(text.attrib["fill"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(max_size=100), st.text(max_size=100))
def test_any_text_is_escaped(label: str, message: str) -> None:
    try:
        svg = Badge(label, message).svg
    except SpecError:
        assert not re.search(r"\w", label + message)
        return
    root = ET.fromstring(svg.encode())
    allowed = {f"{SVG}{name}" for name in ("svg", "title", "rect", "path", "g", "text")}
    assert {element.tag for element in root.iter()} <= allowed
    assert len(list(root.iter(f"{SVG}text"))) <= 2
    assert all(len(text.text or "") <= MAX_CHARACTERS for text in root.iter(f"{SVG}text"))
    assert "\u202e" not in svg


def test_markup_in_a_text_stays_text() -> None:
    hostile = '"/><script>alert(1)</script>&amp;<!--'
    root, texts = parts(Badge("x", hostile))
    assert texts[1].text == hostile
    assert root.attrib["aria-label"] == f"x: {hostile}"
