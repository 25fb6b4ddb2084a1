"""What a file that is no notebook is instead, in words."""

from __future__ import annotations

import codecs
import errno
import re

from binderclip.atomic import Changed
from binderclip.errors import NotebookChanged, NotebookError

BOM = codecs.BOM_UTF8

_CONFLICT = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)

_HEADS: tuple[tuple[bytes, str, str], ...] = (
    (
        b"version https://git-lfs.github.com/spec/",
        "a Git LFS pointer",
        "run 'git lfs pull' in its repository to get the notebook itself",
    ),
    (b"\x1f\x8b", "gzip-compressed data", "decompress it first, with gunzip"),
    (b"PK\x03\x04", "a ZIP archive", "unpack it first"),
    (b"%PDF-", "a PDF document", "ask for the .ipynb that it was made from"),
)
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def fault(name: str, found: str, expected: str, hint: str) -> NotebookError:
    return NotebookError(f"{name}: found {found}, expected {expected}", hint=hint)


def place(data: bytes, offset: int) -> str:
    """``line L, column C``, both from 1; columns count characters."""
    body = data.removeprefix(BOM)
    body = body[: max(0, offset - (len(data) - len(body)))]
    lines = 1 + body.count(b"\n") + body.count(b"\r") - body.count(b"\r\n")
    last = body[max(body.rfind(b"\n"), body.rfind(b"\r")) + 1 :]
    return f"line {lines}, column {len(last.decode('utf-8', 'replace')) + 1}"


def not_utf8(name: str, data: bytes, offset: int) -> NotebookError:
    known = _recognised(name, data)
    if known is not None:
        return known
    return fault(
        name,
        f"bytes that are not UTF-8 at {place(data, offset)}",
        "a notebook, which is UTF-8 throughout",
        "save it as UTF-8 in an editor that can read its encoding, or restore it from a copy",
    )


def not_json(name: str, data: bytes, reason: str, offset: int) -> NotebookError:
    known = _recognised(name, data)
    if known is not None:
        return known
    if not data.removeprefix(BOM).lstrip().startswith(b"{"):
        return fault(
            name,
            "a file that is not JSON",
            "a notebook (.ipynb)",
            "name a notebook; if this one was, restore it from version control",
        )
    return fault(
        name,
        f"broken JSON at {place(data, offset)} ({reason})",
        "a notebook (.ipynb)",
        "restore it from version control or from .ipynb_checkpoints, or mend that place",
    )


def _recognised(name: str, data: bytes) -> NotebookError | None:
    """The error for something well known that is no JSON; None where it is none of these."""
    start = data.removeprefix(BOM).lstrip()[:512]
    expected = "a notebook (.ipynb)"
    if not start:
        found = "a file of nothing but white space" if data else "an empty file"
        return fault(
            name, found, expected, "restore it from version control or from .ipynb_checkpoints"
        )
    for head, found, hint in _HEADS:
        if data.startswith(head):
            return fault(name, found, expected, hint)
    if data.startswith(_WIDE) or b"\x00" in start[:4]:
        return fault(
            name,
            "text in UTF-16 or UTF-32",
            "UTF-8",
            "convert it with 'iconv -f UTF-16 -t UTF-8', or save it as UTF-8 in an editor",
        )
    if start.startswith(b"<") and not start.startswith(b"<<<<<<<"):
        html = b"<html" in start.lower() or start.lower().startswith(b"<!doctype html")
        return fault(
            name,
            "an HTML page" if html else "an XML document",
            expected,
            "it was probably saved from a page that shows the notebook: use the raw file's address",
        )
    conflict = _CONFLICT.search(data)
    if conflict:
        return fault(
            name,
            f"a merge conflict at {place(data, conflict.start())}",
            expected,
            "resolve it with 'git mergetool' or nbdime, or take one side of it",
        )
    return None


def too_deep(name: str) -> NotebookError:
    return fault(
        name,
        "values nested too deeply",
        "a notebook, which nests a few levels",
        "this is no notebook that Jupyter wrote: take it from another place",
    )


def not_an_object(name: str, kind: str) -> NotebookError:
    return fault(
        name,
        f"JSON with {_kind(kind)} at the top",
        'an object with "metadata" and "nbformat"',
        "this is some other JSON file: name the notebook (.ipynb)",
    )


def no_metadata(name: str) -> NotebookError:
    return fault(
        name,
        'no "metadata" at the top level',
        "a notebook with an object there",
        'add "metadata": {} or open and save it in Jupyter; if it is no notebook, name another',
    )


def odd_metadata(name: str, kind: str) -> NotebookError:
    return fault(name, f'{_kind(kind)} as "metadata"', "an object", 'correct it to "metadata": {}')


def duplicate(name: str, key: str, where: str) -> NotebookError:
    return fault(
        name,
        f"the key {key!r} twice {where}",
        "each key once",
        "remove one of the two: programs differ in which they read",
    )


def wrong_format(name: str, found: bytes | None) -> NotebookError:
    """``found`` is the JSON of "nbformat" as it stands, or None."""
    expected = '"nbformat" 3 or 4'
    if found is None:
        return fault(
            name, 'no "nbformat"', expected, "name a notebook (.ipynb): this JSON is something else"
        )
    shown = found[:20].decode("utf-8", "replace")
    if shown in {"1", "2"}:
        hint = "convert it with 'jupyter nbconvert --to notebook --inplace'"
        return fault(
            name, f"nbformat {shown}, of IPython before 1.0", expected, f"{hint} or save it anew"
        )
    if shown.isdigit():
        return fault(name, f"nbformat {shown}", expected, "a newer binderclip may know that format")
    return fault(name, f'"nbformat": {shown}', f"{expected}, a whole number", "correct it")


def wrong_minor(name: str, found: bytes) -> NotebookError:
    shown = found[:20].decode("utf-8", "replace")
    return fault(name, f'"nbformat_minor": {shown}', "a small whole number", "correct it, as to 5")


def odd_value(name: str, key: str, reason: str) -> NotebookError:
    return fault(
        name,
        f"a value for metadata.{key} that JSON cannot hold ({reason})",
        "finite numbers and few levels",
        "correct the value",
    )


def unreadable_value(name: str, reason: str) -> NotebookError:
    return fault(
        name,
        f"metadata that cannot be read ({reason})",
        "numbers and nesting of ordinary size",
        "correct it in a text editor",
    )


def large_value(name: str, key: str, size: int, max_bytes: int) -> NotebookError:
    return fault(
        name,
        f"metadata.{key} of {size} bytes",
        f"at most {max_bytes}",
        "take it out in a text editor, or with the tool that wrote it",
    )


def crowded(name: str, what: str) -> NotebookError:
    return fault(
        name,
        what,
        "a notebook, which has a few",
        "this is no notebook that Jupyter wrote: take it from another place",
    )


def too_large(name: str, size: int, max_bytes: int, *, text: bool = False) -> NotebookError:
    if text:
        return fault(
            name,
            f"{size} bytes",
            f"at most {max_bytes} in a text notebook",
            "such a file holds no outputs: name the notebook itself, or divide it",
        )
    return fault(
        name,
        f"{size} bytes",
        f"at most {max_bytes}",
        "clear its outputs, or raise the limit (max_bytes)",
    )


def not_a_file(name: str, kind: str) -> NotebookError:
    return fault(name, kind, "a notebook file", "name the .ipynb itself")


def cannot_read(name: str, error: OSError | ValueError) -> NotebookError:
    """``error`` is a ValueError where the path holds a null character."""
    if isinstance(error, FileNotFoundError):
        return fault(name, "no such file", "a notebook", "check the path")
    hint = "check who may read it" if isinstance(error, PermissionError) else "try again"
    return NotebookError(f"{name}: cannot be read: {_reason(error)}", hint=hint)


def not_saved(name: str, failure: OSError | Changed) -> NotebookError:
    """With ``failure`` as its cause."""
    if isinstance(failure, Changed):
        error: NotebookError = NotebookChanged(
            f"{name}: {failure} since it was read; expected it unchanged, so nothing was written",
            hint="let the other program finish, then try again",
        )
    else:
        space = failure.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        step = "free some space" if space else "check that it and its folder may be written"
        error = NotebookError(f"{name}: cannot be written: {_reason(failure)}", hint=step)
    error.__cause__ = failure
    return error


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _kind(kind: str) -> str:
    named = {
        "array": "a list",
        "str": "a string",
        "int": "a number",
        "float": "a number",
        "bool": "true or false",
        "null": "null",
    }
    return named.get(kind, kind)
