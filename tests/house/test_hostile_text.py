"""Patterns and parsers over texts of strangers take time in proportion to the text. Nothing is
timed: where one did not, these would not end before the suite does.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from binderclip import cloneable, parameters, pythons, tomls, yamls
from binderclip.addresses.masking import identity, masked
from binderclip.conda.rattle import safe
from binderclip.dockerfile.lines import read as dockerfile
from binderclip.errors import BinderclipError
from binderclip.freeze.python import pinned
from binderclip.freeze.python.failures import failure
from binderclip.importing import from_notebook
from binderclip.notebook import parse
from binderclip.rees import Embedded, report
from binderclip.requirementfiles import statements
from binderclip.spec import problems

MANY = 300_000
HASH = "0" * 40

CASES: dict[str, Callable[[], object]] = {
    "a specifier with two ways for each dot": lambda: pythons.allows(
        "==3" + ".a" * 400 + "!", "3.11"
    ),
    "a long specifier": lambda: pythons.allows("==3," * MANY, "3.11"),
    "requires-python in metadata": lambda: from_notebook(
        parse(
            b'{"metadata":{"uv":{"dependencies":["x"],"requires-python":"==3%s!"}},"nbformat":4}'
            % (b".a" * 400)
        )
    ),
    "a path with blanks": lambda: list(statements("./a" + " " * 90_000 + "]", "x")),
    "blanks as a name": lambda: list(
        statements("git+https://h/o/r#egg=" + "%0a" * 30_000 + "]", "x")
    ),
    "blanks before a marker": lambda: list(
        statements("https://h.org/a" + " " * 90_000 + "x ; y", "x")
    ),
    "a directive of blanks": lambda: dockerfile("# escape=" + "\t" * MANY + "\r "),
    "inclusion of nothing": lambda: report(
        Embedded({"requirements.txt": "-r" + "\x0b" * MANY + "\nx"})
    ),
    "references in a lock": lambda: pinned.parse("git+a@" * MANY, "x"),
    "commits in a lock": lambda: pinned.parse(f"git+{f'@{HASH}' * 20_000} x", "x"),
    "colons in an address": lambda: masked("a" + ":" * MANY),
    "colons in a path": lambda: identity("https://h/" + ":@" * MANY),
    "backslashes in a path": lambda: masked("https://h/x@;" + ":\\\\" * MANY),
    "an address for git": lambda: cloneable.repository("ssh://h" + "/" * MANY + "\0"),
    "a short address for git": lambda: cloneable.repository("a@h:" + "/" * MANY + "\0"),
    "words of a solver": lambda: safe("z" * 3_000_000),
    "words of uv": lambda: failure("a" * 3_000_000, "x", builds=False),
    "blanks of uv": lambda: failure("a" + " " * MANY + "b", "x", builds=False),
    "digits of a parameter": lambda: parameters.parse(["a=" + "0" * MANY + "!"]),
    "an address with colons in metadata": lambda: problems(
        {"version": 1, "build": {"host": "https://github.com", "path": ":" * MANY}}
    ),
    "quotes in TOML": lambda: tomls.read("." * 100 + '"\\' * MANY),
    "parts of a key in TOML": lambda: tomls.read(".".join("b" * MANY) + " = 1"),
    "parts of a key behind strings": lambda: tomls.read(
        'x = {a = """\n\'""", ' + ".".join("b" * MANY) + " = 1} # '"
    ),
    "parts of a table's name": lambda: tomls.read('["a' + '"."a' * MANY + '"]'),
    "numbers with one hash": lambda: yamls.read(
        "".join(f"{(2**61 - 1) * n}: 1\n" for n in range(1, 100_000)), "x"
    ),
    "a set of numbers with one hash": lambda: yamls.read(
        "!!set {" + ", ".join(f"{(2**61 - 1) * n}" for n in range(1, 100_000)) + "}", "x"
    ),
    "handles of tags": lambda: yamls.read(
        "".join(f"%TAG !a{n}! x:,\n" for n in range(200_000)) + "---\nx", "x"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_ends(name: str) -> None:
    try:
        CASES[name]()
    except (BinderclipError, ValueError) as error:
        ended = str(error) or type(error).__name__
    else:
        ended = "read"
    assert len(ended) < 2 * MANY
