"""What a notebook says of its environment, in words and for machines: the same wherever it is
shown.
"""

from __future__ import annotations

from typing import TypeAlias

from binderclip.amounts import count, size
from binderclip.environment import Environment
from binderclip.freeze.parts import loose
from binderclip.spec.model import Binder, Fetch, Reference, Text, joined
from binderclip.spec.places import DEFAULT_REFS

Row: TypeAlias = tuple[str, list[str]]
"""What it is, and a line for each thing that is said of it."""


def rows(binder: Binder) -> list[Row]:
    """In the order in which people want to know it; nothing of what it does not say."""
    bare = ["none: a plain Python with a kernel"] if Environment.of(binder).bare else []
    told: list[Row] = [
        ("builds", bare),
        ("image", _reference(binder.image, DEFAULT_REFS["image"])),
        ("build", _reference(binder.build, DEFAULT_REFS["build"])),
        ("files", [_file(name, text) for name, text in binder.files.items()]),
        ("config", _fetch(binder.config)),
        ("content", _fetch(binder.content)),
        ("host", list(binder.host)),
        ("frozen", _frozen(binder)),
        ("written by", ["a save hook, which may rewrite it"] if binder.auto else []),
    ]
    return [(what, says) for what, says in told if says]


def environment_as_json(binder: Binder) -> dict[str, object]:
    """``frozen``: every reference has its hash, and every file that can be pinned a pinned form."""
    found = Environment.of(binder)
    frozen = not found.bare and not loose(binder)
    return {"key": found.key, "bare": found.bare, "frozen": frozen}


def line_count(text: Text) -> int:
    whole = joined(text)
    return whole.count("\n") + (not whole.endswith("\n") and bool(whole))


def _file(name: str, text: Text) -> str:
    return f"{name} ({size(len(joined(text).encode()))}, {count(line_count(text), 'line')})"


def _reference(reference: Reference | None, default_ref: str) -> list[str]:
    if reference is None:
        return []
    ref = reference.ref or ("" if reference.hash else default_ref)
    lines = [f"{reference.url} at {ref}" if ref else reference.url]
    return [*lines, f"frozen to {reference.hash}" if reference.hash else "not frozen"]


def _fetch(fetch: Fetch | None) -> list[str]:
    copies = (fetch.copy or {}).items() if fetch else ()
    return _reference(fetch, "HEAD") + [f"{glob} → {folder}" for glob, folder in copies]


def _frozen(binder: Binder) -> list[str]:
    frozen = binder.frozen
    if frozen is None:
        return []
    when = f"at {frozen.at}" if frozen.at else "at an unknown time"
    if not frozen.files:
        hashed = any((one := getattr(binder, key)) and one.hash for key in DEFAULT_REFS)
        return [when if hashed else f"{when}, and nothing is any more"]
    where = f"for {frozen.platform}" if frozen.platform else "for any platform"
    return [f"{when}, {where}", *(f"{name} is pinned" for name in frozen.files)]
