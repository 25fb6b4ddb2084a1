"""What a remote advertises, and what a person means by a ref."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from binderclip.errors import ResolveError

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
REF = re.compile(r"(?!-)[^\x00-\x20\x7f~^:?*\[\\]+")


@dataclass(frozen=True, slots=True)
class Refs:
    """What a remote advertises: ``refs/heads/…`` and ``refs/tags/…`` (peeled) and HEAD → commit."""

    url: str
    commits: Mapping[str, str]

    def commit(self, ref: str) -> str:
        """The commit that a person means by ``ref``. Raises ResolveError."""
        if ref == "HEAD" or ref.startswith("refs/"):
            found = {self.commits[name] for name in [ref] if name in self.commits}
        else:
            full = [f"refs/heads/{ref}", f"refs/tags/{ref}"]
            found = {self.commits[name] for name in full if name in self.commits}
        if len(found) == 1:
            return found.pop()
        if found:
            raise ResolveError(
                f"ref {ref!r} is both a branch and a tag in {self.url}",
                hint=f"write 'refs/heads/{ref}' or 'refs/tags/{ref}'",
            )
        raise self._missing(ref)

    def _missing(self, ref: str) -> ResolveError:
        branches = self._short("refs/heads/")
        tags = self._short("refs/tags/")
        if not branches and not tags:
            return ResolveError(f"ref {ref!r} not found in {self.url}, which is empty")
        known = "; ".join(
            f"{kind}: {_some(names)}"
            for kind, names in (("branches", branches), ("tags", tags))
            if names
        )
        near = difflib.get_close_matches(ref, [*branches, *tags], 1)
        hint = f"Did you mean {near[0]!r}?" if near else None
        if re.fullmatch(r"[0-9a-f]{7,39}", ref):
            hint = "a commit needs all of its 40 digits"
        return ResolveError(f"ref {ref!r} not found in {self.url} ({known})", hint=hint)

    def _short(self, prefix: str) -> list[str]:
        return [n.removeprefix(prefix) for n in self.commits if n.startswith(prefix)]


def advertised(text: str, patterns: Sequence[str]) -> dict[str, str]:
    """What `git ls-remote URL PATTERN…` printed → ref and commit, tags peeled."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        commit, _, name = line.partition("\t")
        if COMMIT.fullmatch(commit):
            found[name] = commit
    plain = {n: c for n, c in found.items() if _matches(n, patterns)}
    return {name: found.get(f"{name}^{{}}", commit) for name, commit in plain.items()}


def _matches(name: str, patterns: Sequence[str]) -> bool:
    """ls-remote also matches the ends of longer names: ``refs/x/refs/heads/main``."""
    if name.endswith("^{}"):
        return False
    return any(
        name.startswith(p.removesuffix("*")) if p.endswith("*") else name == p for p in patterns
    )


def _some(names: Sequence[str], most: int = 8) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
