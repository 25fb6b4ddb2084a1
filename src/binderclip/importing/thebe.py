"""thebe: ``binderOptions`` in the configuration that a page carries, or in a file of JSON.

https://thebe.readthedocs.io/en/stable/config_reference.html. In pages it is an object of
JavaScript's, which is close enough to a flow mapping of YAML's to be read as one; nothing runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from binderclip.importing import binderoptions, texts
from binderclip.importing.binderoptions import USUAL, Options
from binderclip.importing.model import Found, Remarks, Unusable
from binderclip.spec.places import MYBINDER

MARK = "x-thebe-config"
_SCRIPT = re.compile(
    r"<script[^>]{0,200}\btype\s*=\s*[\"']text/x-thebe-config[\"'][^>]{0,200}>", re.IGNORECASE
)
_END = re.compile(r"</script", re.IGNORECASE)
_MAX_CONFIG = 64 << 10
_COMMENT = re.compile(r"(?<![:\w\"'/])//[^\n]*")
_TIGHT = re.compile(r"(?<!\w)([A-Za-z_]\w*[\"']?)\s*:(?=[\"'{\[\w])")


def of_page(text: str, where: str) -> Iterator[Found]:
    """The first configuration of a page of HTML."""
    if MARK not in text or (opening := _SCRIPT.search(text)) is None:
        return
    closing = _END.search(text, opening.end(), opening.end() + _MAX_CONFIG)
    if closing is not None:
        yield from of_config(text[opening.end() : closing.start()], where)


def of_config(text: str, where: str) -> Iterator[Found]:
    """A configuration itself, in JSON or as JavaScript has it."""
    if len(text) > _MAX_CONFIG:
        return
    value = texts.table(text, where) or texts.table(_as_yaml(text), where)
    options = value.get("binderOptions") if value is not None else None
    if isinstance(options, dict):
        yield _launched(options, text, f"{where}: binderOptions")
    elif value is None:
        yield Unusable("thebe", where, "its configuration cannot be read without running it")


def _as_yaml(text: str) -> str:
    """JavaScript's comments out, tabs away, and a blank behind every colon."""
    plain = _COMMENT.sub(" ", text.replace("\t", " "))
    head, *parts = plain.split("/*")
    rest = [part.partition("*/")[2] for part in parts]
    return _TIGHT.sub(r"\1: ", head + "".join(rest)).strip().rstrip(";")


def _launched(options: dict[str, Any], text: str, where: str) -> Found:
    remarks = Remarks()
    repo = options.get("repo")
    if not repo:
        repo = USUAL
        remarks.say(f"it names no repository: thebe launches {USUAL} then")
    given = Options(
        hub=options.get("binderUrl") or MYBINDER,
        repo=repo,
        ref=texts.word(options.get("ref"), "ref", text),
        provider=options.get("repoProvider"),
    )
    return binderoptions.binder("thebe", where, given, remarks)
