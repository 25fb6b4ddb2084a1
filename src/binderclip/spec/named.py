"""References by their names, short enough for a sentence."""

from __future__ import annotations

from binderclip.spec.model import Reference

SHORT = 12
"""Digits of a hash."""


def image_name(image: Reference) -> str:
    """``quay.io/o/base:2026.1@sha256:0123…``"""
    tag = f":{image.ref}" if image.ref else ""
    algorithm, _, digits = (image.hash or "").partition(":")
    return f"{_place(image)}{tag}" + (f"@{algorithm}:{digits[:SHORT]}…" if digits else "")


def repository_name(repository: Reference) -> str:
    """``github.com/o/r at main (commit 0123…)``"""
    pin = f"commit {repository.hash[:SHORT]}" if repository.hash else ""
    if repository.ref:
        return f"{_place(repository)} at {repository.ref}" + (f" ({pin})" if pin else "")
    return f"{_place(repository)} at {pin}" if pin else _place(repository)


def _place(reference: Reference) -> str:
    return reference.url.removeprefix("https://")
