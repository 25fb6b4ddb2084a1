"""Facts as JSON."""

from __future__ import annotations

from binderclip.filling.model import Facts
from binderclip.spec.model import JSON, Binder, Reference
from binderclip.spec.write import as_v1


def facts_as_json(facts: Facts) -> dict[str, JSON]:
    """``policy``; ``host``, a list; ``image`` and ``build``, as ``metadata.binder`` has them, or
    null; ``sources``, by part; ``remarks``; and ``binder``, which a notebook without such an entry
    would be saved with, or null. Shares nothing with ``facts``.
    """
    writes = facts.policy != "never" and facts.value is not None
    binder = Binder(host=facts.host, image=facts.image, build=facts.build, auto=True)
    return {
        "policy": facts.policy,
        "host": list(facts.host),
        "image": _part(facts.image),
        "build": _part(facts.build),
        "sources": dict(facts.sources),
        "remarks": list(facts.remarks),
        "binder": as_v1(binder) if writes else None,
    }


def _part(reference: Reference | None) -> JSON:
    return as_v1(Binder(build=reference))["build"] if reference else None
