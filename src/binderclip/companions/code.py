"""What code names: strings that may be paths, patterns for glob, modules."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator

from binderclip.companions import cellcode

_MAX_TEXT = 1024
_MAX_DEPTH = 40
_QUOTED = re.compile(r"\"([^\"\\\n]{1,1024})\"|'([^'\\\n]{1,1024})'")
_WORD = re.compile(r"[^\s'\"`=<>|&;(){}$]{1,1024}")
_PATHS = frozenset({"Path", "PurePath", "PosixPath", "PurePosixPath"})
_GLOBS = re.compile(r"i?glob|rglob|(?:read|scan)_\w+|open_mfdataset")


class Reader:
    """Collects what one source after another names. ``modules`` are names of the top level."""

    def __init__(self, language: str) -> None:
        self.paths: set[str] = set()
        self.globs: set[str] = set()
        self.modules: set[str] = set()
        self._python = language in {"python", "ipython", "python3"}
        self._names: dict[str, str] = {}

    def read(self, source: str) -> None:
        """A cell or a module. What cannot be parsed is searched for quoted strings."""
        if not self._python:
            self._scan(source[: cellcode.MAX_SOURCE])
            return
        found = cellcode.read(source)
        for line in found.lines:
            self._words(line)
        if found.written:
            return
        if found.tree is None:
            self._scan(found.text)
            if found.foreign:
                self._words(found.text)
            return
        for statement in found.tree.body:
            self._take(statement)

    def _scan(self, source: str) -> None:
        self.paths |= {one or other for one, other in _QUOTED.findall(source)}

    def _words(self, line: str) -> None:
        self._scan(line)
        self.paths |= set(_WORD.findall(line))

    def _take(self, statement: ast.stmt) -> None:
        for node in ast.walk(statement):
            match node:
                case ast.Import(names=names):
                    self.modules |= {alias.name.partition(".")[0] for alias in names}
                case ast.ImportFrom(module=str(module), level=0):
                    self.modules.add(module.partition(".")[0])
                case ast.Call():
                    self.globs |= set(self._patterns(node))
            if isinstance(node, ast.expr) and (text := self._text(node)):
                self.paths.add(text)
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._name(name, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self._name(name, value)

    def _name(self, name: str, value: ast.expr) -> None:
        text = self._text(value)
        if text is None:
            self._names.pop(name, None)
        else:
            self._names[name] = text

    def _patterns(self, call: ast.Call) -> Iterator[str]:
        name = _called(call)
        if not _GLOBS.fullmatch(name):
            return
        base = self._text(call.func.value) if isinstance(call.func, ast.Attribute) else None
        for argument in call.args:
            text = self._text(argument)
            if text and re.search(r"[*?\[]", text):
                text = f"**/{text}" if name == "rglob" else text
                yield posixpath.join(base, text) if base else text

    def _text(self, node: ast.expr, depth: int = 0) -> str | None:
        """The string or path that an expression of literals comes to; None for any other."""
        if depth > _MAX_DEPTH:
            return None
        text = None
        match node:
            case ast.Constant(value=str(value)):
                text = value
            case ast.Name(id=name):
                text = self._names.get(name)
            case ast.BinOp(left=left, op=ast.Div() | ast.Add() as op, right=right):
                between = posixpath.join if isinstance(op, ast.Div) else str.__add__
                one, other = self._text(left, depth + 1), self._text(right, depth + 1)
                text = None if one is None or other is None else between(one, other)
            case ast.JoinedStr(values=values):
                parts = [self._text(value, depth + 1) for value in values]
                text = None if None in parts else "".join(filter(None, parts))
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                text = self._text(value, depth + 1)
            case ast.Call(args=args, keywords=[]) if args and _joins(node):
                parts = [self._text(value, depth + 1) for value in args]
                text = None if None in parts else posixpath.join(*filter(None, parts), "")[:-1]
        return text if text is not None and len(text) <= _MAX_TEXT else None


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _joins(call: ast.Call) -> bool:
    """``Path(…)``, and ``os.path.join(…)`` but not a string's own ``join``."""
    name = _called(call)
    return name in _PATHS or (
        name == "join" and isinstance(call.func, ast.Attribute) and _is_path(call.func.value)
    )


def _is_path(node: ast.expr) -> bool:
    match node:
        case ast.Name(id="path" | "osp") | ast.Attribute(attr="path"):
            return True
    return False
