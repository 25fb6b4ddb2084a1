"""What cells and the modules beside them import and install. Parsed, never run."""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

from binderclip import codecells
from binderclip.companions import cellcode, module_text
from binderclip.companions.code import Reader
from binderclip.companions.named import Named as Beside
from binderclip.errors import TooLarge
from binderclip.guessing import installs
from binderclip.guessing.model import Found, Named, Wanted
from binderclip.notebook import Notebook

_MOST_SHOWN = 70
_MOST_FILES = 200
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
# For cells of Python 2 and unfinished ones, line by line.
_LINE = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<from>[\w.]+)[ \t]+import\b|import[ \t]+(?P<names>.+))", re.MULTILINE
)
_NOT_THERE = frozenset({"ImportError", "ModuleNotFoundError"})
_IMPORTERS = frozenset({"import_module", "__import__", "find_spec"})
# Magics that need a distribution of their own.
_MAGICS = {"matplotlib": "matplotlib", "pylab": "matplotlib"}
_LOADED = re.compile(r"%(?:re)?load_ext\s+(?P<name>[\w.]+)")
_BUILT_IN = frozenset({"autoreload", "storemagic"})


def found(notebook: Notebook, folder: Path | None) -> Found:
    """In order. Modules in ``folder`` are not told, but what they import is, one after another.

    Raises NotebookError for cells of another shape than the format's.
    """
    collector = _Collector(folder)
    for number, source in enumerate(codecells.sources(notebook), 1):
        collector.cell(source, f"code cell {number}")
    modules = collector.modules
    if folder is not None:
        modules = _followed(collector, folder, folder / Path(notebook.name).name)
    told = (tuple(collector.named), tuple(collector.unread), tuple(collector.remarks))
    return Found(tuple(modules), *told)


class _Collector:
    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.modules: list[Wanted] = []
        self.named: list[Named] = []
        self.unread: list[str] = []
        self.remarks: list[str] = []

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
        installed = installs.read(line, where, why, self._folder)
        self.named += installed.named
        self.remarks += installed.remarks
        if loaded := _LOADED.match(line):
            if loaded["name"] not in _BUILT_IN:
                self.modules.append(Wanted(loaded["name"], why, extension=True))
        elif module := _MAGICS.get(line.lstrip("%").partition(" ")[0] if line[:1] == "%" else ""):
            self.modules.append(Wanted(module, why))


def _in_tree(tree: ast.Module, where: str) -> Iterator[Wanted]:
    for node, optional in _nodes(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    why = f"{where}: import {_short(alias.name)}"
                    yield Wanted(alias.name, why, optional)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for alias in names:
                    dotted = f"{module}.{alias.name}" if alias.name != "*" else module
                    why = f"{where}: from {_short(module)} import …"
                    yield Wanted(dotted, why, optional)
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) if _imports(node):
                if _NAME.fullmatch(name):
                    yield Wanted(name, f"{where}: imports {_short(name)!r}", optional)


def _nodes(tree: ast.Module) -> Iterator[tuple[ast.AST, bool]]:
    """As ast.walk gives them; with True for what code tries, and goes on without."""
    waiting: deque[tuple[ast.AST, bool]] = deque([(tree, False)])
    while waiting:
        node, optional = waiting.popleft()
        yield node, optional
        tried = {id(one) for one in (*node.body, *node.handlers)} if _is_trial(node) else ()
        waiting += [(child, optional or id(child) in tried) for child in ast.iter_child_nodes(node)]


def _is_trial(node: ast.AST) -> TypeGuard[ast.Try]:
    """``try: import x`` with a handler that neither raises nor leaves."""
    if not isinstance(node, ast.Try):
        return False
    only = all(isinstance(one, ast.Import | ast.ImportFrom | ast.Assign) for one in node.body)
    return any(_catches(one, only=only) and not _gives_up(one) for one in node.handlers)


def _catches(handler: ast.ExceptHandler, *, only: bool) -> bool:
    """Of imports; one for all exceptions may be there for other code."""
    if handler.type is None:
        return only
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    return bool(names & _NOT_THERE) or (only and bool(names & {"Exception", "BaseException"}))


def _gives_up(handler: ast.ExceptHandler) -> bool:
    for node in ast.walk(handler):
        match node:
            case ast.Raise():
                return True
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                if name in {"exit", "quit", "_exit"}:
                    return True
    return False


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
    waiting = deque(collector.modules)
    local: dict[str, bool] = {}
    while waiting:
        wanted = waiting.popleft()
        if wanted.top not in local:
            files = _files(beside, wanted.top)
            local[wanted.top] = files is not None
            for path in files or ():
                if path in read or len(read) > _MOST_FILES:
                    continue
                read.add(path)
                before = len(collector.modules)
                collector.module(module_text(path), path.relative_to(folder).as_posix())
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


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
