"""Which files an index has for pins, as uv lists those that install on a platform."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from binderclip.freeze.python import failures
from binderclip.freeze.python.pinned import Pin
from binderclip.freeze.python.uvrun import Uv, format_lines, index_words
from binderclip.requirementfiles import Option


async def hashes(
    uv: Uv, pins: Iterable[Pin], options: Sequence[Option], what: str, *, refresh: bool = True
) -> Mapping[str, tuple[str, ...]]:
    """By the names of ``pins`` (all from an index): the hashes of the wheels that fit or, where
    none does, or where they want it so, of the sdist. Raises what ``failures.failure`` makes.

    Nothing is built, for nothing is asked that only building tells: versions are given, and what
    they need is left out. With --no-build uv would not list sdists at all.
    """
    source = uv.write("listed.in", [*format_lines(options), *(pin.line for pin in pins)])
    words = [*index_words(options), "--no-deps", "--format", "pylock.toml", str(source)]
    words += ["--refresh"] if refresh else []
    done = await uv.compile(words, builds=False, what=what)
    if done.code:
        closed = uv.guard is not None
        raise failures.failure(uv.cleaned(done.stderr), what, builds=True, closed=closed)
    packages = tomllib.loads(done.stdout.decode("utf-8")).get("packages", [])
    return {package["name"]: _hashes(package) for package in packages}


def _hashes(package: Mapping[str, Any]) -> tuple[str, ...]:
    """https://packaging.python.org/en/latest/specifications/pylock-toml/"""
    files = package.get("wheels") or [package[name] for name in ("sdist",) if name in package]
    return tuple(
        f"{kind}:{digest}" for file in files for kind, digest in file.get("hashes", {}).items()
    )
