"""What saves carry, in one line for a log."""

from __future__ import annotations

from collections.abc import Iterator

from binderclip.addresses.masking import printable
from binderclip.filling.model import Facts
from binderclip.spec.named import image_name, repository_name

_LONGEST = 1000


def carried(facts: Facts) -> str:
    """Each part with the place that said it."""
    if facts.policy == "never":
        return "saves carry nothing: the policy is never"
    if facts.value is None:
        return "saves carry nothing: no image and no repository is known (docs/saving.md)"
    more = "" if facts.policy == "missing" else f"; the policy is {facts.policy}"
    return printable(f"saves carry {', '.join(_parts(facts))}{more}", _LONGEST)


def _parts(facts: Facts) -> Iterator[str]:
    named = {
        "build": repository_name(facts.build) if facts.build else "",
        "image": image_name(facts.image) if facts.image else "",
        "host": " ".join(facts.host),
    }
    for part, name in named.items():
        if name:
            source = facts.sources.get(part)
            yield f"{part} {name}" + (f" ({source})" if source else "")
