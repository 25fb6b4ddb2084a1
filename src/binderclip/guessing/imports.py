"""What cells and the modules beside them import and install. Parsed, never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from binderclip import codecells
from binderclip.companions import cellcode
from binderclip.companions.code import Reader
from binderclip.companions.named import Named as Beside
from binderclip.errors import TooLarge
from binderclip.guessing import installs
from binderclip.guessing.model import Found, Named, Wanted
from binderclip.notebook import Notebook

_MOST_SHOWN = 70
_MODULE_BYTES = 2**20
_MOST_FILES = 200
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
# For cells of Python 2 and unfinished ones, line by line.
_LINE = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<from>[\w.]+)[ \t]+import\b|import[ \t]+(?P<names>.+))", re.MULTILINE
)
_IMPORTERS = frozenset({"import_module", "__import__", "find_spec"})
# Magics that need a distribution of their own.
_MAGICS = {"matplotlib": "matplotlib", "pylab": "matplotlib"}
_LOADED = re.compile(r"%(?:re)?load_ext\s+(?P<name>[\w.]+)")
_BUILT_IN = frozenset({"autoreload", "storemagic"})


def found(notebook: Notebook, folder: Path | None) -> Found:
    """In order. Modules in ``folder`` are not told, but what they import is, one after another.

    Raises NotebookError for cells of another shape than the format's.
    """
    collector = _Collector()
    for number, source in enumerate(codecells.sources(notebook), 1):
        collector.cell(source, f"code cell {number}")
    modules = collector.modules
    if folder is not None:
        modules = _followed(collector, folder, folder / Path(notebook.name).name)
    return Found(tuple(modules), tuple(collector.named), tuple(collector.unread))


class _Collector:
    def __init__(self) -> None:
        self.modules: list[Wanted] = []
        self.named: list[Named] = []
        self.unread: list[str] = []

    def cell(self, source: str, where: str) -> None:
        code = cellcode.read(source)
        if code.written:
            return
        # A cell of shell commands may install packages too.
        shell = code.foreign and code.magic in {"bash", "sh", "script", "!"}
        lines = code.text.splitlines() if shell else code.lines
        for line in lines:
            self._magic(f"!{line}" if shell else line, where)
        if not code.foreign:
            self._python(code, where)

    def module(self, source: str, where: str) -> None:
        tree = cellcode.parsed(source)
        self._python(cellcode.CellCode(source, tree, source), where)

    def _python(self, code: cellcode.CellCode, where: str) -> None:
        if code.tree is None:
            self.unread.append(where)
            self.modules += _by_line(code.text, where)
        else:
            self.modules += _in_tree(code.tree, where)

    def _magic(self, line: str, where: str) -> None:
        why = f"{where}: {_short(line)}"
        self.named += installs.read(line, why)
        if loaded := _LOADED.match(line):
            if loaded["name"] not in _BUILT_IN:
                self.modules.append(Wanted(loaded["name"], why))
        elif module := _MAGICS.get(line.lstrip("%").partition(" ")[0] if line[:1] == "%" else ""):
            self.modules.append(Wanted(module, why))


def _in_tree(tree: ast.Module, where: str) -> Iterator[Wanted]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield Wanted(alias.name, f"{where}: import {_short(alias.name)}")
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for alias in names:
                    dotted = f"{module}.{alias.name}" if alias.name != "*" else module
                    yield Wanted(dotted, f"{where}: from {_short(module)} import …")
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) if _imports(node):
                if _NAME.fullmatch(name):
                    yield Wanted(name, f"{where}: imports {_short(name)!r}")


def _imports(call: ast.Call) -> bool:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _IMPORTERS
    return False


def _by_line(source: str, where: str) -> Iterator[Wanted]:
    for line in _LINE.finditer(source[: cellcode.MAX_SOURCE]):
        why = f"{where}: {_short(line[0].strip())}"
        names = [line["from"]] if line["from"] else re.split("[#;]", line["names"])[0].split(",")
        for name in names:
            plain = name.strip().partition(" ")[0]
            if _NAME.fullmatch(plain):
                yield Wanted(plain, why)


def _followed(collector: _Collector, folder: Path, notebook: Path) -> list[Wanted]:
    """Without the modules beside the notebook, with what these import."""
    beside, read, kept = Beside(folder), {notebook}, []
    waiting = list(collector.modules)
    local: dict[str, bool] = {}
    while waiting:
        wanted = waiting.pop(0)
        if wanted.top not in local:
            files = _files(beside, wanted.top)
            local[wanted.top] = files is not None
            for path in files or ():
                if path in read or len(read) > _MOST_FILES:
                    continue
                read.add(path)
                before = len(collector.modules)
                collector.module(_text(path), path.relative_to(folder).as_posix())
                waiting += collector.modules[before:]
        if not local[wanted.top]:
            kept.append(wanted)
    return kept


def _files(beside: Beside, module: str) -> list[Path] | None:
    """The sources of a module beside the notebook that may be read; None where there is none."""
    reader = Reader("python")
    reader.modules = {module}
    try:
        paths = list(beside.by(reader))
        return [path for path in paths if beside.size(path) is not None] if paths else None
    except TooLarge:
        return []


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_MODULE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
