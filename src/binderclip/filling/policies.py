"""A word for the policy that is none."""

from __future__ import annotations

from difflib import get_close_matches

from binderclip.addresses.masking import printable
from binderclip.errors import Problem
from binderclip.filling.model import POLICIES
from binderclip.spec.shown import shown

EXPECTED = f"{', '.join(POLICIES[:-1])} or {POLICIES[-1]}"
_MAX_WORD = 40


def no_policy(key: str, word: str) -> Problem:
    """What is wrong with ``word`` at ``key``; hardly anything of it is repeated."""
    near = get_close_matches(word.strip().casefold()[:_MAX_WORD], POLICIES, n=1)
    hint = f"did you mean {near[0]!r}?" if near else None
    return Problem(key, brief(word), EXPECTED, hint)


def brief(word: str) -> str:
    """Secrets are gone before it is cut."""
    return f"'{printable(shown(word)[1:-1], _MAX_WORD)}'"
