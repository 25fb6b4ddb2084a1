"""Headers of scripts: where they stand, and what of uv's options a requirements file can say."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binderclip import importing
from binderclip import notebook as notebooks
from binderclip.importing import Imported, Unusable, script
from binderclip.notebook import Notebook
from binderclip.spec.model import joined

# From the specification itself.
SPEC = re.compile(
    r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$",
)


def by_the_specification(text: str) -> str | None:
    for found in SPEC.finditer(text):
        if found["type"] == "script":
            return "".join(
                line[2:] if line.startswith("# ") else line[1:]
                for line in found["content"].splitlines(keepends=True)
            )
    return None


LINES = st.sampled_from(
    ["# /// script", "# /// other", "# ///", "#", "# a = 1", "#b", "", "x = 1", "# /// script "]
)


@given(st.lists(LINES, max_size=12))
def test_blocks_are_those_of_the_specification(rows: list[str]) -> None:
    text = "\n".join(rows)
    assert script.block(text) == by_the_specification(text)


def test_a_block_with_windows_line_ends() -> None:
    text = '# /// script\r\n# dependencies = ["numpy"]\r\n# ///\r\n'
    assert script.block(text) == 'dependencies = ["numpy"]\n'


def header(*rows: str) -> str:
    return "\n".join(["# /// script", *(f"# {row}" for row in rows), "# ///"])


@pytest.fixture
def taken(made: Callable[..., Notebook]) -> Callable[..., tuple[str, tuple[str, ...]]]:
    """The requirements that a header comes to, and the remarks."""

    def take(*rows: str) -> tuple[str, tuple[str, ...]]:
        (found,) = importing.seen_in(made(header(*rows)))
        if isinstance(found, Unusable):
            return "", (found.why,)
        return joined(found.binder.files.get("requirements.txt", "")), found.remarks

    return take


Taken = Callable[..., tuple[str, tuple[str, ...]]]


def test_indexes(taken: Taken) -> None:
    text, remarks = taken(
        'dependencies = ["numpy", "torch"]',
        "[[tool.uv.index]]",
        'url = "https://download.example.org/cpu"',
        'name = "torch"',
        "explicit = true",
        "[[tool.uv.index]]",
        'url = "https://mirror.example.org/simple"',
        "default = true",
        "[tool.uv.sources]",
        'torch = { index = "torch" }',
    )
    assert text.splitlines() == [
        "--extra-index-url https://download.example.org/cpu",
        "--index-url https://mirror.example.org/simple",
        "numpy",
        "torch",
    ]
    assert remarks == ("an index that uv asks for some packages alone is asked for all by pip",)


def test_sources(taken: Taken) -> None:
    text, remarks = taken(
        'dependencies = ["a>=1", "b[x]", "C.d", "e", "f; python_version < \'3.12\'"]',
        "[tool.uv.sources]",
        'a = { git = "https://github.com/o/a", tag = "v1", subdirectory = "py" }',
        'b = { url = "https://example.org/b-1.0-py3-none-any.whl" }',
        'c-d = { path = "../c" }',
        "e = { workspace = true }",
        'f = [{ git = "https://github.com/o/f", branch = "main", marker = "os_name == \'nt\'" }]',
    )
    assert text.splitlines() == [
        "a @ git+https://github.com/o/a@v1#subdirectory=py",
        "b[x] @ https://example.org/b-1.0-py3-none-any.whl",
        "f @ git+https://github.com/o/f@main ; python_version < \"3.12\" and os_name == 'nt'",
    ]
    # Never from an index instead, where somebody else may have taken the name.
    assert sum("'C.d'" in line or "'e'" in line for line in remarks) == 2


def test_what_a_requirements_file_cannot_say(taken: Taken) -> None:
    text, remarks = taken(
        'dependencies = ["numpy"]',
        "[tool.uv]",
        'exclude-newer = "2024-01-01T00:00:00Z"',
        'override-dependencies = ["scipy==1"]',
        'constraint-dependencies = ["scipy<2"]',
        'prerelease = "allow"',
        'no-binary-package = ["numpy", "--evil"]',
        "no-build = true",
        "[tool.marimo]",
        "x = 1",
    )
    assert text.splitlines() == [
        "--pre",
        "--no-binary numpy",
        "--only-binary :all:",
        "-c constraints.txt",
        "numpy",
    ]
    assert len(remarks) == 3
    assert "'--evil'" in remarks[2]
    assert "'exclude-newer'" in remarks[0]
    assert "'override-dependencies'" in remarks[1]


@pytest.mark.parametrize(
    "bad",
    [
        "numpy\\n--index-url https://evil.example.org",
        "--index-url https://evil.example.org",
        "-r /etc/passwd",
        "x @ file:///etc/passwd",
        "x @ git+ssh://git@github.com/o/x",
        "x @ https://user:secret@example.org/x.whl",
        "x @ https://example.org/x.whl?token=secret",
        "x @ https://example.org/${HOME}.whl",
        "./here",
        "not a name at all",
        "",
    ],
)
def test_dependencies_that_are_not_carried_along(taken: Taken, bad: str) -> None:
    text, remarks = taken(f'dependencies = ["numpy", "{bad}"]')
    assert text == "numpy\n"
    assert len(remarks) == 1
    assert "secret" not in remarks[0]


@pytest.mark.parametrize(
    ("requires", "ran", "python"),
    [
        (">=3.11", "3.13.1", "3.13"),
        (">=3.11", "3.10.1", "3.11"),
        (">=3.11", None, "3.11"),
        (">=3.8", None, "3.10"),
        ("<3.10", None, "3.9"),
        ("==3.12.*", None, "3.12"),
        ("~=3.13.0", None, "3.13"),
        (">=4", None, None),
        ("nonsense", None, None),
    ],
)
def test_the_python(
    made: Callable[..., Notebook], requires: str, ran: str | None, python: str | None
) -> None:
    info = {"language_info": {"name": "python", "version": ran}} if ran else {}
    cell = header(f'requires-python = "{requires}"', 'dependencies = ["numpy"]')
    (found,) = importing.from_notebook(made("x = 1", cell, **info))
    assert found.where == "cell 2"
    text = found.binder.files.get("runtime.txt")
    assert (joined(text) if text else None) == (f"python-{python}\n" if python else None)
    assert bool(found.remarks) == (requires != "==3.12.*")


def test_a_header_that_is_not_toml(made: Callable[..., Notebook]) -> None:
    (found,) = importing.seen_in(made(header("dependencies = [")))
    assert isinstance(found, Unusable)
    assert importing.from_notebook(made(header("dependencies = ["))) == ()


def test_nothing_is_said_where_the_header_says_nothing(made: Callable[..., Notebook]) -> None:
    assert importing.from_notebook(made(header("dependencies = []"))) == ()
    assert importing.seen_in(made("x = '# /// script'")) == ()


def test_markdown_notebooks() -> None:
    cell = header('dependencies = ["six"]')
    text = f"# Title\n\n```python\n{cell}\n```\n"
    (found,) = importing.from_notebook(notebooks.parse(text.encode(), "a.md"))
    assert isinstance(found, Imported)
    assert found.tool == "pep723"
