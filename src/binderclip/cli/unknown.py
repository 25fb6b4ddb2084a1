"""What to say to a verb that there is not."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from shlex import quote


def explain(word: str, verbs: tuple[str, ...]) -> str:
    """Did they mean another verb, or forget ``run`` before a notebook?"""
    near = get_close_matches(word, verbs, n=1)
    if near:
        return f"there is no command {word!r}. Did you mean {near[0]!r}?"
    if word.endswith(".ipynb") or "://" in word or Path(word).exists():
        return f"{word!r} is no command. Did you mean `binderclip run {quote(word)}`?"
    return f"there is no command {word!r} (there are: {', '.join(verbs)})"
