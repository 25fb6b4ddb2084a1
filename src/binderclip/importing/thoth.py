"""Thoth's jupyterlab-requirements: a Pipfile and its lock, each as a string of JSON.

https://github.com/thoth-station/jupyterlab-requirements. Its ``horus lock --pipenv`` writes the
Pipfile as JSON of a string of JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from binderclip.importing.model import Found, Remarks, Unusable, View, finished, secret
from binderclip.importing.requirements import items, plain
from binderclip.spec.model import Binder, Text, lined

_SECTIONS = ("packages", "dev-packages")
_LOCKED = ("default", "develop")
_MAX_TEXT = 4 << 20
_LOCAL = ("path", "file", "editable")


def found(view: View) -> Iterator[Found]:
    stated, locked = view.get("requirements"), view.get("requirements_lock")
    if not isinstance(stated, str) and not isinstance(locked, str):
        return
    remarks = Remarks()
    pipfile, lock = _table(stated), _table(locked)
    files: dict[str, Text] = {}
    if pipfile and any(isinstance(pipfile.get(key), dict) for key in _SECTIONS):
        files["Pipfile"] = lined(_toml(pipfile, remarks))
    if lock and any(isinstance(lock.get(key), dict) for key in _LOCKED):
        if kept := _lock(lock, remarks):
            files["Pipfile.lock"] = lined(json.dumps(kept, indent=4, sort_keys=True) + "\n")
    elif isinstance(locked, str):
        remarks.say("requirements_lock is left out: it is no Pipfile.lock in JSON")
    where = "metadata.requirements" if isinstance(stated, str) else "metadata.requirements_lock"
    if not files:
        yield Unusable("thoth", where, "it is no Pipfile in JSON")
        return
    yield finished("thoth", where, Binder(files=files), remarks)


def _table(text: object) -> dict[str, Any] | None:
    value = text
    for _ in range(2):
        if not isinstance(value, str) or len(value) > _MAX_TEXT:
            break
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def _toml(pipfile: dict[str, Any], remarks: Remarks) -> str:
    parts = [
        f"[[source]]\n{_pairs(source, remarks)}"
        for source in _sources(pipfile.get("source"), remarks)
    ]
    for key in _SECTIONS:
        table = pipfile.get(key)
        kept = _packages(table if isinstance(table, dict) else {}, remarks)
        if kept or key == _SECTIONS[0]:
            parts.append(f"[{key}]\n{_pairs(kept, remarks)}")
    requires = pipfile.get("requires")
    if isinstance(requires, dict) and requires:
        parts.append(f"[requires]\n{_pairs(requires, remarks)}")
    return "\n".join(parts)


def _sources(values: object, remarks: Remarks) -> Iterator[dict[str, Any]]:
    for entry in items(values, "source", remarks):
        url = plain(entry.get("url")) if isinstance(entry, dict) else None
        if url is None:
            remarks.say("a source is left out: it has no address")
        elif secret(url):
            remarks.say("a source is left out: its address has credentials in it")
        elif "$" in url:
            remarks.say("a source is left out: its address has variables in it")
        else:
            yield entry


def _packages(table: dict[str, Any], remarks: Remarks) -> dict[str, Any]:
    kept = {}
    for name, value in table.items():
        inner = value if isinstance(value, dict) else {}
        if any(key in inner for key in _LOCAL):
            remarks.left_out("the package", name, "it comes from a folder of its author's")
        elif any(isinstance(one, str) and secret(one) for one in inner.values()):
            remarks.left_out("the package", name, "its address has credentials in it")
        else:
            kept[name] = value
    return kept


def _lock(lock: dict[str, Any], remarks: Remarks) -> dict[str, Any] | None:
    """The lock without what nobody else could fetch; None where it would no longer be whole."""
    kept = {key: lock[key] for key in ("_meta", *_LOCKED) if isinstance(lock.get(key), dict)}
    before = sum(len(kept.get(key, {})) for key in _LOCKED)
    for key in _LOCKED:
        if key in kept:
            kept[key] = _packages(kept[key], remarks)
    meta = kept.get("_meta", {})
    sources = meta.get("sources")
    good = list(_sources(sources, remarks))
    if sum(len(kept.get(key, {})) for key in _LOCKED) != before or (
        isinstance(sources, list) and len(good) != len(sources)
    ):
        remarks.say("requirements_lock is left out: it would no longer be whole")
        return None
    return kept


def _pairs(table: dict[str, Any], remarks: Remarks) -> str:
    rows = []
    for key, value in table.items():
        text = _value(value) if plain(key) == key else None
        if text is None:
            remarks.left_out("the entry", key, "a Pipfile cannot say it")
        else:
            rows.append(f"{_key(key)} = {text}\n")
    return "".join(rows)


def _value(value: object) -> str | None:
    """A value of a Pipfile as TOML: text, yes or no, a list of texts, a table of these."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        texts = [_string(one) if isinstance(one, str) else None for one in value]
        return None if None in texts else f"[{', '.join(filter(None, texts))}]"
    if isinstance(value, dict):
        inner = {
            key: None if isinstance(one, dict) or plain(key) != key else _value(one)
            for key, one in value.items()
        }
        if None in inner.values():
            return None
        return "{" + ", ".join(f"{_key(key)} = {text}" for key, text in inner.items()) + "}"
    return None


def _string(text: str) -> str | None:
    return json.dumps(text, ensure_ascii=False) if plain(text) == text or text == "" else None


def _key(key: str) -> str:
    if key and key.isascii() and key.replace("-", "").replace("_", "").isalnum():
        return key
    return json.dumps(key, ensure_ascii=False)
