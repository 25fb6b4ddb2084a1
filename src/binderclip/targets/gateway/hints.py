"""A gateway's hints are for programs and for people at its pages; here somebody types commands."""

from __future__ import annotations

from binderclip.addresses.masking import masked
from binderclip.errors import BinderclipError


def tokens(url: str) -> str:
    return (
        f"those who run the gateway hand out tokens; `binderclip token add {masked(url)}` "
        "keeps one, and BINDERCLIP_TOKEN names one for this command"
    )


def typed(error: BinderclipError, url: str) -> str | None:
    """The hint of ``error``, of the gateway at ``url``, in words for the command line."""
    hint = error.hint
    if hint is None or "\n" in hint:  # none, or what a builder said
        return hint
    if "Authorization" in hint:
        return tokens(url)
    if hint.startswith("GET places"):
        return f"leave --server out, or name another of its places, which {masked(url)} lists"
    return hint
