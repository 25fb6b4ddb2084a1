"""Addresses → requests: every form has a case in golden.toml."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from binderclip import sources
from binderclip.addresses.table import RULES
from binderclip.errors import SourceError

CASES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("golden.toml").read_text("utf-8")
)["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["address"].strip()[:90])
def test_address_becomes_request(case: dict[str, Any]) -> None:
    if "url" not in case:
        with pytest.raises(SourceError) as caught:
            sources.resolve(case["address"])
        assert case["error"] in str(caught.value)
        return
    source = sources.resolve(case["address"])
    assert source.kind == "url"
    assert source.path is None
    assert source.address == case["address"]
    assert source.url == case["url"]
    assert source.lookup == case.get("lookup")
    assert source.how
    for field in ("name", "pick", "launch", "origin"):
        if field in case:
            assert getattr(source, field) == case[field], field


def test_every_rule_has_a_case() -> None:
    from binderclip.addresses.link import parse

    used: set[object] = set()
    for case in CASES:
        address = case["address"].strip(" <>")
        if not address.lower().startswith("http"):
            continue
        try:
            link = parse(address)
            used.add(next((rule for rule in RULES if rule(link)), None))
        except SourceError:
            continue
    assert set(RULES) <= used


def test_resolving_twice_is_resolving_once() -> None:
    """A request is an address too: it stays as it is, or a second look would go elsewhere."""
    for case in CASES:
        if "url" in case and not case.get("lookup"):
            assert sources.resolve(case["url"]).url == case["url"]


def test_path(tmp_path: Path) -> None:
    file = tmp_path / "a b#1%20.ipynb"
    file.write_text("{}")
    source = sources.resolve(str(file))
    assert (source.kind, source.path, source.url) == ("path", file, None)
    assert source.name == file.name
    assert source.origin == f"path:{file}"
    assert source.shown == str(file)
    assert source.launch is None


def test_relative_and_home_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.ipynb").write_text("{}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert sources.resolve("x.ipynb").path == Path("x.ipynb")
    assert sources.resolve("x.ipynb").origin == f"path:{tmp_path / 'x.ipynb'}"
    assert sources.resolve("~/x.ipynb").path == tmp_path / "x.ipynb"


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
@pytest.mark.parametrize("name", ["-", "10.5281", "notes:draft.ipynb", " padded .ipynb"])
def test_a_file_that_exists_wins(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("{}")
    assert sources.resolve(f"./{name}").kind == "path"
    assert sources.resolve(name).kind == ("stdin" if name == "-" else "path")


def test_standard_input() -> None:
    source = sources.resolve("-")
    assert (source.kind, source.origin, source.name) == ("stdin", "stdin", "notebook.ipynb")


def test_missing_path_suggests_a_sibling(tmp_path: Path) -> None:
    (tmp_path / "analysis.ipynb").write_text("{}")
    with pytest.raises(SourceError, match="no such file") as caught:
        sources.resolve(str(tmp_path / "analsis.ipynb"))
    assert caught.value.hint == f"Did you mean {tmp_path / 'analysis.ipynb'}?"


def test_names_are_not_alike_for_their_suffix(tmp_path: Path) -> None:
    (tmp_path / "hello.ipynb").write_text("{}")
    (tmp_path / "analysis.ipynb").write_text("{}")
    with pytest.raises(SourceError, match="no such file") as caught:
        sources.resolve(str(tmp_path / "nothere.ipynb"))
    assert caught.value.hint is None
    with pytest.raises(SourceError) as caught:
        sources.resolve(str(tmp_path / "analysis.ipnb"))
    assert caught.value.hint == f"Did you mean {tmp_path / 'analysis.ipynb'}?"


def test_missing_path_in_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file") as caught:
        sources.resolve(str(tmp_path / "no" / "a.ipynb"))
    assert caught.value.hint is None


@pytest.mark.parametrize(
    "address", ["C:\\notebooks\\a.ipynb", "c:/notebooks/a.ipynb", "\\\\h\\s\\a"]
)
@pytest.mark.skipif(os.name == "nt", reason="they are real paths there")
def test_windows_paths_are_no_schemes(address: str) -> None:
    with pytest.raises(SourceError, match="no such file"):
        sources.resolve(address)


def test_a_web_address_without_scheme() -> None:
    with pytest.raises(SourceError, match="no such file") as caught:
        sources.resolve("github.com/o/r/blob/main/a.ipynb")
    assert caught.value.hint == "for the web, write https://github.com/o/r/blob/main/a.ipynb"


def test_folder_lists_its_notebooks(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.ipynb").write_text("{}")
    with pytest.raises(SourceError, match="is a folder") as caught:
        sources.resolve(str(tmp_path))
    assert caught.value.hint == "it holds a.ipynb, b.ipynb, c.ipynb, …"
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="is a folder") as caught:
        sources.resolve(str(tmp_path / "empty"))
    assert caught.value.hint == "it holds no notebook itself"


@pytest.mark.parametrize("start", ["file://", "file:", "FILE://localhost"])
def test_file_address(start: str, tmp_path: Path) -> None:
    file = tmp_path / "a b.ipynb"
    file.write_text("{}")
    address = start + file.as_posix().replace(" ", "%20") + "#cell"
    source = sources.resolve(address)
    assert source.path == file
    assert source.address == address
    assert source.origin == f"path:{file}"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("file://server/share/a.ipynb", "another machine"),
        ("file:", "without a path"),
        ("file:relative.ipynb", "without a path"),
        ("file:///a%00b", "without a path"),
        ("file:///no/such/a.ipynb", "no such file"),
        ("", "empty address"),
        ("   ", "empty address"),
        ("a\0b", "no such file"),
    ],
)
def test_refused(address: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        sources.resolve(address)


def test_nesting_has_an_end() -> None:
    address = "https://nbviewer.org/urls/" * 20 + "example.org/a.ipynb"
    address = "https://nbviewer.org" + "/urls/nbviewer.org" * 20 + "/urls/example.org/a.ipynb"
    with pytest.raises(SourceError, match="deep"):
        sources.resolve(address)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.ipynb", "a.ipynb"),
        ("a%2Fb.ipynb", "b.ipynb"),
        ("..%2f..%2fetc%2fpasswd", "passwd.ipynb"),
        ("x%00%0a%1b[2Jy.ipynb", "x___[2Jy.ipynb"),
        ("%E2%80%AEbpyni.exe", "_bpyni.exe.ipynb"),
        ("a%5Cb.ipynb", "b.ipynb"),
        (".ipynb", "ipynb.ipynb"),
        ("con.ipynb", "con_.ipynb"),
        ("a:b*.ipynb", "a_b_.ipynb"),
        ("%2e%2e", "notebook.ipynb"),
        ("a.IPYNB", "a.IPYNB"),
        ("x" * 300 + ".ipynb", "x" * 114 + ".ipynb"),
    ],
)
def test_names_are_safe(path: str, name: str) -> None:
    assert sources.resolve(f"https://example.org/{path}").name == name


def test_a_path_costs_no_import(tmp_path: Path) -> None:
    """Neither the rules nor anything of the web is loaded for a file."""
    file = tmp_path / "a.ipynb"
    file.write_text("{}")
    code = (
        "import sys; from binderclip import sources; sources.resolve(sys.argv[1]);"
        "print(*sorted({m for m in sys.modules if m.split('.')[0] in "
        "('httpx', 'httpcore', 'asyncio', 'ssl', 'msgspec', 'idna')"
        " or m.startswith('binderclip.addresses.')}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["binderclip.addresses.source"]
