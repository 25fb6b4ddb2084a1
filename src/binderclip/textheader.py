"""The YAML header of a text notebook: where it stands, behind which comment signs, what it says.

The header stands between two lines ``---`` at the top. The notebook's metadata is its key
``jupyter``; in MyST Markdown it is the header itself.
Format: https://jupytext.readthedocs.io/en/latest/formats-markdown.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePosixPath
from types import ModuleType
from typing import Any

from binderclip import yamls
from binderclip.errors import NotebookError
from binderclip.notebookfault import fault

_COMMENTS = {
    ("#", ""): "py coco r jl sh ps1 robot resource sos sage tcl gp xsh",
    ("//", ""): "cpp js ts scala rs cs fsx fs java groovy do go",
    (";;", ""): "ss clj scm",
    (";", ""): "pro",
    ("/", ""): "q",
    ("%", ""): "m lgt logtalk",
    ("--", ""): "hs lua",
    ("(*", "*)"): "wolfram ml",
    ("/*", "*/"): "mac sas jenner",
    ("", ""): "md markdown myst mystnb mnb rmd qmd",
}
_SIGNS = {"." + kind: signs for signs, kinds in _COMMENTS.items() for kind in kinds.split()}

_MAX_CHARACTERS = 2 << 20
_USUAL_CHARACTERS = 64 << 10
_MAX_LINES = 50_000
"""What a header may take: 1 MiB of files, which the specification allows in it, and all around."""
_MAX_BLANK = 1000
"""Lines without a word before it."""
_DECLARATION = 200
"""Characters in which an encoding is declared."""

_MARKER = re.compile(r"---\s*")
# PEP 263, as jupytext has it.
_ENCODING = re.compile(r"[ \t\f]*+\S.*?coding[:=][ \t]*+[-_.a-zA-Z0-9]")
_JUPYTER = re.compile(r"jupyter\s*:\s*")
_MYST_CELL = re.compile(r"^ {0,3}(?:`{3,}+|~{3,}+)\{(?:code|raw)-cell\}", re.MULTILINE)
_MYST_SUFFIXES = {".myst", ".mystnb", ".mnb"}
# Where str.splitlines ends a line.
_SPIN = re.compile(r"(?:\A|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])#'")


@dataclass(frozen=True, slots=True)
class Page:
    """A text notebook: the lines of its head, each with its line end, and the text that follows.

    The lines ``top`` to ``bottom`` are the header with both markers, or ``top == bottom`` is
    where one would stand. ``sign`` and ``closing`` make a line of the header a comment.
    """

    lines: tuple[str, ...]
    rest: str
    top: int
    bottom: int
    sign: str
    closing: str
    myst: bool

    @property
    def text(self) -> str:
        return "".join((*self.lines, self.rest))

    @property
    def yaml(self) -> list[str]:
        """The header's lines, without markers, comment signs and line ends."""
        return [self.plain(line) for line in self.lines[self.top : self.bottom][1:-1]]

    @property
    def newline(self) -> str:
        """The line end of the first line."""
        first = self.lines[0] if self.lines else ""
        return first[len(first.rstrip("\r\n")) :] or "\n"

    def offset(self, line: str) -> int:
        """Where a header's line begins behind its comment sign."""
        if not line.startswith(self.sign):
            return 0
        return len(self.sign) + line.startswith(self.sign + " ") * bool(self.sign)

    def plain(self, line: str) -> str:
        text = line.splitlines()[0][self.offset(line) :]
        return text.removesuffix(" ").removesuffix(self.closing) if self.closing else text

    def commented(self, texts: Iterable[str]) -> list[str]:
        """YAML lines as lines of this file."""
        before = self.sign + " " if self.sign else ""
        after = " " + self.closing if self.closing else ""
        return [(before + text + after).rstrip() + self.newline for text in texts]


def page_of(text: str, name: str) -> Page:
    """The place of the header; ``name`` tells the language. Raises NotebookError for a header
    that is larger than any that would be read.
    """
    suffix = PurePosixPath(name).suffix.lower()
    sign, closing = _SIGNS[suffix]
    if suffix == ".r" and _SPIN.search(text):
        sign = "#'"  # knitr's spin
    # No more is looked at, however long the notebook is.
    for most in (_USUAL_CHARACTERS, _MAX_CHARACTERS):
        page = Page(_head(text, most), "", 0, 0, sign, closing, myst=False)
        start = _preamble(page.lines, sign)
        bounds = _bounds(page, start)
        if bounds is not None or len(text) <= most:
            break
    if bounds is None and len(page.text) < len(text):
        raise fault(
            name,
            f"a header that does not end within {_MAX_CHARACTERS} characters and {_MAX_LINES} "
            "lines",
            "a second line --- where it ends",
            "end it; or write *** for a line across the page",
        )
    top, bottom = bounds or (start, start)
    lines = page.lines[: bottom + 1]
    header = "".join(lines[top:bottom])
    myst = suffix in _MYST_SUFFIXES or (
        suffix == ".md" and ("format_name: myst" in header or _MYST_CELL.search(text) is not None)
    )
    rest = text[sum(map(len, lines)) :]
    return replace(page, lines=lines, rest=rest, top=top, bottom=bottom, myst=myst)


def _head(text: str, most: int) -> tuple[str, ...]:
    """The lines that end within the first ``most`` characters."""
    lines = text[:most].splitlines(keepends=True)
    if len(text) > most:
        lines = lines[:-1]
    return tuple(lines[:_MAX_LINES])


def _preamble(lines: tuple[str, ...], sign: str) -> int:
    """How many lines stand before any header: ``#!`` and the encoding's."""
    start = 0
    if sign and lines and lines[0].startswith("#!"):
        start = 1
    line = lines[start] if start < len(lines) else ""
    if sign and line.startswith(sign) and _ENCODING.match(line[:_DECLARATION]):
        start += 1
    return start


def _bounds(page: Page, start: int) -> tuple[int, int] | None:
    """The header's lines, none of them where there is no header; None for one without an end."""
    lines, sign = page.lines, page.sign
    none, top = (start, start), start
    if not sign and start < len(lines) and lines[start].strip().startswith("<!--"):
        top += 1  # a header hidden in an HTML comment
    while top < len(lines) and lines[top].startswith(sign) and not page.plain(lines[top]).strip():
        top += 1
        if top > _MAX_BLANK:
            return none
    if top == len(lines) or not _marks(page, lines[top]):
        return none
    for index in range(top + 1, len(lines)):
        if not lines[index].startswith(sign):
            return none
        if _marks(page, lines[index]):
            return top, index + 1
    return None


def _marks(page: Page, line: str) -> bool:
    return line.startswith(page.sign) and _MARKER.fullmatch(page.plain(line)) is not None


def loaded(page: Page, name: str) -> dict[str, Any]:
    """The header's YAML, with the words and numbers that PyYAML has for jupytext; but dates stay
    text, and so do numbers to the base of 60. Raises NotebookError where it is no mapping.
    """
    _yaml(name)
    try:
        root = yamls.parsed("\n".join(page.yaml), "1.1")
    except yamls.Unreadable as exc:
        raise _broken(name, str(exc)) from exc
    if root is None:
        return {}
    if not isinstance(root, dict):
        raise _broken(name, f"a {type(root).__name__}, no mapping")
    return root


def metadata_of(page: Page, root: dict[str, Any], name: str) -> dict[str, Any]:
    """What of the header is the notebook's metadata, as JSON values alone."""
    inner = root.get("jupyter")
    if not isinstance(inner, dict) or not any(map(_JUPYTER.fullmatch, page.yaml)):
        inner = {}
    if page.myst:
        inner = {**inner, **{key: value for key, value in root.items() if key != "jupyter"}}
    if (odd := _odd(inner)) is not None:
        raise _broken(name, f"{odd}, which JSON cannot hold")
    return inner


def composed(page: Page, name: str) -> Any:
    """The header as PyYAML's nodes, which know their lines."""
    yaml = _yaml(name)
    return yaml.compose("\n".join(page.yaml), Loader=yamls.loader("1.1", yaml.SafeLoader))


def dumped(value: dict[str, Any], name: str, *, ordered: bool) -> list[str]:
    """YAML in block style; every scalar stands on one line."""
    yaml = _yaml(name)
    text = yaml.dump(
        value,
        Dumper=_dumper(yaml),
        default_flow_style=False,
        sort_keys=ordered,
        allow_unicode=True,
        width=1 << 31,
    )
    return str(text).splitlines()


def _odd(value: Any) -> str | None:
    """The type of a value that is no JSON, or None."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                return f"a key that is no string ({str(key)[:40]})"
        value = list(value.values())
    if isinstance(value, list):
        return next(filter(None, map(_odd, value)), None)
    if value is None or isinstance(value, bool | int | float | str):
        return None
    return f"a value of the type {type(value).__name__}"


def _broken(name: str, what: str) -> NotebookError:
    return fault(
        name,
        f"a header that cannot be read ({what})",
        "YAML between two lines ---, as jupytext writes it",
        "correct the header in a text editor",
    )


def _yaml(name: str) -> ModuleType:
    try:
        import yaml  # noqa: PLC0415 - comes with the extra
    except ModuleNotFoundError as exc:
        raise missing_extra(name) from exc
    return yaml


def missing_extra(name: str) -> NotebookError:
    return NotebookError(
        f"{name}: found a text notebook, and jupytext, which reads those, is not installed",
        hint="pip install 'binderclip[text]'",
    )


@cache
def _dumper(yaml: ModuleType) -> Any:
    """A safe dumper without aliases, and with lines' ends as escapes."""

    class Dumper(yaml.SafeDumper):  # type: ignore[misc,name-defined] # untyped
        def ignore_aliases(self, _data: object) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        style = '"' if len(value.splitlines()) > 1 or value.endswith(("\n", "\r")) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return Dumper
