"""The YAML header of a text notebook: where it stands, behind which comment signs, what it says.

The header stands between two lines ``---`` at the top. The notebook's metadata is its key
``jupyter``; in MyST Markdown it is the header itself.
Format: https://jupytext.readthedocs.io/en/latest/formats-markdown.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from types import ModuleType
from typing import Any

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

_MARKER = re.compile(r"---\s*")
_ENCODING = re.compile(r"[ \t\f]*\S+.*?coding[:=][ \t]*[-_.a-zA-Z0-9]+")
_JUPYTER = re.compile(r"jupyter\s*:\s*")
_MYST_CELL = re.compile(r"^ {0,3}(?:`{3,}|~{3,})\{(?:code|raw)-cell\}", re.MULTILINE)
_MYST_SUFFIXES = {".myst", ".mystnb", ".mnb"}


@dataclass(frozen=True, slots=True)
class Page:
    """A text notebook's lines, each with its line end.

    The lines ``top`` to ``bottom`` are the header with both markers, or ``top == bottom`` is
    where one would stand. ``sign`` and ``closing`` make a line of the header a comment.
    """

    lines: tuple[str, ...]
    top: int
    bottom: int
    sign: str
    closing: str
    myst: bool

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
    """The lines and the place of the header; ``name`` tells the language."""
    lines = tuple(text.splitlines(keepends=True))
    suffix = PurePosixPath(name).suffix.lower()
    sign, closing = _SIGNS[suffix]
    if suffix == ".r" and any(line.startswith("#'") for line in lines):
        sign = "#'"  # knitr's spin
    start = _preamble(lines, sign)
    top, bottom = _bounds(lines, start, sign, closing)
    header = "".join(lines[top:bottom])
    myst = suffix in _MYST_SUFFIXES or (
        suffix == ".md" and ("format_name: myst" in header or _MYST_CELL.search(text) is not None)
    )
    return Page(lines, top, bottom, sign, closing, myst)


def _preamble(lines: tuple[str, ...], sign: str) -> int:
    """How many lines stand before any header: ``#!`` and the encoding's."""
    start = 0
    if sign and lines and lines[0].startswith("#!"):
        start = 1
    if sign and lines[start:] and lines[start].startswith(sign) and _ENCODING.match(lines[start]):
        start += 1
    return start


def _bounds(lines: tuple[str, ...], start: int, sign: str, closing: str) -> tuple[int, int]:
    page = Page(lines, start, start, sign, closing, myst=False)
    top = start
    if not sign and lines[start:] and lines[start].strip().startswith("<!--"):
        top += 1  # a header hidden in an HTML comment
    while lines[top:] and lines[top].startswith(sign) and not page.plain(lines[top]).strip():
        top += 1
    for index in range(top, len(lines)):
        if not lines[index].startswith(sign):
            break
        marker = _MARKER.fullmatch(page.plain(lines[index])) is not None
        if index == top and not marker:
            break
        if marker and index > top:
            return top, index + 1
    return start, start


def loaded(page: Page, name: str) -> dict[str, Any]:
    """The header's YAML; dates stay text. Raises NotebookError where it is no mapping."""
    yaml = _yaml(name)
    try:
        root = yaml.load("\n".join(page.yaml), Loader=_loader(yaml))
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise _broken(name, str(exc).splitlines()[0]) from exc
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
    try:
        odd = _odd(inner)
    except RecursionError as exc:
        raise _broken(name, "values nested too deeply") from exc
    if odd is not None:
        raise _broken(name, f"{odd}, which JSON cannot hold")
    return inner


def composed(page: Page, name: str) -> Any:
    """The header as PyYAML's nodes, which know their lines."""
    yaml = _yaml(name)
    return yaml.compose("\n".join(page.yaml), Loader=_loader(yaml))


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
def _loader(yaml: ModuleType) -> Any:
    """A safe loader that leaves dates as text, since JSON has none."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc,name-defined] # untyped
        yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
            sign: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
            for sign, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    return Loader


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
