"""From a notebook's metadata and a server's facts to what is saved."""

from __future__ import annotations

from collections.abc import Mapping

from binderclip.filling.model import PARTS, Facts, Policy
from binderclip.spec.grammar import REFERENCE_KEYS
from binderclip.spec.model import JSON
from binderclip.spec.parse import problems

# No hook ever writes these, so somebody else did, whatever `auto` says.
_OTHERS = frozenset({"files", "frozen"})


def fill(metadata: Mapping[str, JSON], facts: Facts) -> Mapping[str, JSON]:
    """A notebook's metadata with what ``facts`` say under ``binder``: a new dict, which shares
    everything else with ``metadata``. Where nothing is to be written, ``metadata`` itself.

    A value that is there stays, unless the policy is ``managed`` and a hook wrote it: then host,
    image and build are what ``facts`` say, and all its other keys stay.
    """
    said = facts.value
    if said is None or facts.policy == "never":
        return metadata
    new = _new(metadata["binder"], said, facts.policy) if "binder" in metadata else dict(said)
    try:
        return metadata if new is None else {**metadata, "binder": _copied(new)}
    except RecursionError:  # keys of somebody else, nested deeper than could be saved
        return metadata


def _new(old: JSON, said: Mapping[str, JSON], policy: Policy) -> dict[str, JSON] | None:
    """What becomes of ``old``; None where it stays."""
    if policy != "managed" or not isinstance(old, dict) or not _a_hook_s(old):
        return None
    new = _rewritten(old, said)
    # Whether it is sound is asked last, since most are up to date.
    return None if new == old or problems(old) else new


def _a_hook_s(value: dict[str, JSON]) -> bool:
    version = value.get("version")
    ours = version == 1 and not isinstance(version, bool)
    return ours and value.get("auto") is True and not value.keys() & _OTHERS


def _rewritten(old: dict[str, JSON], said: Mapping[str, JSON]) -> dict[str, JSON]:
    """``old`` in its order, saying what ``said`` says."""
    new: dict[str, JSON] = {}
    for key, value in old.items():
        if key not in PARTS:
            new[key] = value
        elif key in said:
            new[key] = value if _means(value, said[key]) else said[key]
    return new | {key: value for key, value in said.items() if key not in new}


def _means(old: JSON, said: JSON) -> bool:
    """Whether ``old`` is ``said``, but for keys that we do not know, and for how a list of one host
    is written.
    """
    if isinstance(old, dict):
        return {key: old[key] for key in REFERENCE_KEYS if key in old} == said
    return (old[0] if isinstance(old, list) and len(old) == 1 else old) == said


def _copied(value: JSON) -> JSON:
    """Plain dicts and lists of its own, so that nobody can change what the next save gets."""
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_copied(part) for part in value]
    return value
