"""Parameters by papermill's convention: read from the command line, written into a notebook.

https://papermill.readthedocs.io/en/latest/usage-parameterize.html: the cell tagged
``parameters`` holds the defaults; the values given stand in a cell of their own directly after
it, tagged ``injected-parameters``, or at the top where no cell has the tag. A later run replaces
that cell.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from binderclip.errors import BadParameter
from binderclip.spec.model import JSON

TAG = "parameters"
INJECTED_TAG = "injected-parameters"

_INTEGER = re.compile(r"[-+]?[0-9]+(?:_[0-9]+)*")
_FLOAT = re.compile(r"[-+]?(?:[0-9]++\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, JSON] = {
    **dict.fromkeys(("True", "true"), True),
    **dict.fromkeys(("False", "false"), False),
    **dict.fromkeys(("None", "null"), None),
}
# Python reads no longer number from a source text: sys.int_info.default_max_str_digits.
_MAX_DIGITS = 4300
_MAX_DEPTH = 50


def parse(pairs: Iterable[str]) -> dict[str, JSON]:
    """``name=value`` pairs: whole numbers, finite floats, true, false and null (or None) are
    taken as such, all else as text; ``name:=value`` takes any JSON. The last of a name wins.

    Raises BadParameter.
    """
    found: dict[str, JSON] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise BadParameter(
                f"the parameter {pair[:80]!r}: found no '=', expected name=value",
                hint="for example -p year=2026, or -p 'years:=[2025, 2026]' for JSON",
            )
        as_json = name.endswith(":")
        name = checked_name(name.removesuffix(":"))
        found[name] = _from_json(name, text) if as_json else _from_text(text)
    return found


def checked_name(name: str) -> str:
    """The name as Python sees it. Raises BadParameter for what no variable can be called."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise BadParameter(
            f"the parameter {name[:80]!r}: expected a name that Python allows for a variable",
            hint="letters, digits and '_', not beginning with a digit, and no word of the language",
        )
    return unicodedata.normalize("NFKC", name)


def python_code(values: Mapping[str, JSON]) -> str:
    """Assignments that give every name its value again, whatever the value holds.

    Raises BadParameter for a name that is none, or a value that is no JSON.
    """
    lines = [f"{checked_name(name)} = {_literal(value, name)}" for name, value in values.items()]
    return "\n".join(["# Parameters", *lines])


def inject(nb: Any, values: Mapping[str, JSON]) -> tuple[str, ...]:
    """Put ``values`` into an nbformat 4 notebook node, in place.

    What the person should know comes back as lines: a value that no parameters cell assigns.
    Raises BadParameter.
    """
    from nbformat import v4  # noqa: PLC0415 - slow; the kernel boots meanwhile

    source, metadata = python_code(values), {"tags": [INJECTED_TAG]}
    cell = v4.new_code_cell(source, metadata=metadata)
    if (nb.nbformat, nb.nbformat_minor) < (4, 5):
        del cell["id"]
    defaults, injected = _tagged(nb, TAG), _tagged(nb, INJECTED_TAG)
    if injected is not None:
        if "id" in cell and "id" in nb.cells[injected]:
            cell["id"] = nb.cells[injected]["id"]
        nb.cells[injected] = cell
    else:
        nb.cells.insert(0 if defaults is None else defaults + 1, cell)
    _record(nb, values)
    if defaults is None:
        return (f"no cell is tagged '{TAG}': the values given stand in the first cell",)
    known = assigned(nb.cells[_tagged(nb, TAG)].source)
    return tuple(
        f"the parameter {name!r} is not one of the notebook's own ({', '.join(sorted(known))})"
        for name in map(checked_name, values)
        if name not in known
    )


def assigned(source: str) -> set[str]:
    """The names that a parameters cell gives a value, also where the cell is not pure Python."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = re.findall(r"^([^\W\d]\w*)[^\S\n]*(?::[^=\n]*)?=(?!=)", source, re.MULTILINE)
        return {unicodedata.normalize("NFKC", name) for name in found}
    return {
        node.id
        for statement in body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _tagged(nb: Any, tag: str) -> int | None:
    return next(
        (
            index
            for index, cell in enumerate(nb.cells)
            if cell.cell_type == "code" and tag in cell.metadata.get("tags", [])
        ),
        None,
    )


def _record(nb: Any, values: Mapping[str, JSON]) -> None:
    """``metadata.papermill.parameters``, where papermill's tools look for what was given."""
    kept = nb.metadata.get("papermill")
    record = dict(kept) if isinstance(kept, dict) else {}
    nb.metadata["papermill"] = {**record, "parameters": dict(values)}


def _from_text(text: str) -> JSON:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) <= _MAX_DIGITS:
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def _from_json(name: str, text: str) -> JSON:
    try:
        value: JSON = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        raise BadParameter(
            f"the parameter {name!r}: expected JSON after ':=' ({error})",
            hint=f"for text, write {name}=… without the colon",
        ) from error
    _literal(value, name)
    return value


def _literal(value: JSON, name: str, depth: int = 0) -> str:
    """A Python expression for a JSON value, on one line and free of anything but literals."""
    if depth > _MAX_DEPTH:
        raise BadParameter(f"the parameter {name!r}: expected at most {_MAX_DEPTH} levels")
    if value is None or isinstance(value, bool | str):
        return repr(value)
    if isinstance(value, int):
        if value.bit_length() > 3 * _MAX_DIGITS:
            raise BadParameter(f"the parameter {name!r}: expected a number of fewer digits")
        return repr(int(value))
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else f"float({str(float(value))!r})"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(one, name, depth + 1) for one in value)}]"
    if isinstance(value, Mapping):
        pairs = (f"{str(key)!r}: {_literal(one, name, depth + 1)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    raise BadParameter(
        f"the parameter {name!r}: found a {type(value).__name__}, expected what JSON can say"
    )
