"""Keys taken out of a Binder."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from binderclip.edit.model import KEYS
from binderclip.errors import Problem, SpecError
from binderclip.spec.model import Binder, Reference

_PARTS = frozenset({"ref", "hash", "copy"})


def removed(binder: Binder, key: str) -> Binder:
    if key == "frozen":
        return replace(
            binder,
            frozen=None,
            image=binder.image and replace(binder.image, hash=None),
            build=binder.build and replace(binder.build, hash=None),
            config=binder.config and replace(binder.config, hash=None),
            content=binder.content and replace(binder.content, hash=None),
        )
    if key in KEYS:
        return replace(binder, **{key: getattr(Binder(), key)})
    if key.startswith("file:"):
        name = key.removeprefix("file:")
        return replace(binder, files={n: t for n, t in binder.files.items() if n != name})
    name, dot, part = key.partition(".")
    one = getattr(binder, name, None) if name in KEYS else None
    if dot and part in _PARTS and isinstance(one, Reference) and hasattr(one, part):
        changes: dict[str, Any] = {part: None}
        whole: dict[str, Any] = {name: replace(one, **changes)}
        return replace(binder, **whole)
    if key in binder.extra:
        return replace(binder, extra={k: v for k, v in binder.extra.items() if k != key})
    if not dot and (near := get_close_matches(key, KEYS, n=1)):
        problem = Problem(f"binder.{key}", "no such key", f"one of {', '.join(KEYS)}, file:NAME")
        raise SpecError((problem,), hint=f"did you mean {near[0]!r}?")
    return binder
