"""pangeo-gallery: ``binder-gallery.yaml`` in a gallery's root.

https://gallery.pangeo.io/contributing.html
"""

from __future__ import annotations

from collections.abc import Iterator

from binderclip.importing import binderoptions, texts
from binderclip.importing.binderoptions import Options
from binderclip.importing.model import Found, Remarks, Unusable


def of_file(text: str, where: str) -> Iterator[Found]:
    value = texts.table(text, where)
    if value is None:
        yield Unusable("pangeo-gallery", where, "it is no mapping in YAML")
    elif "binder_repo" in value or "binder_url" in value:
        options = Options(
            hub=value.get("binder_url"),
            repo=value.get("binder_repo"),
            ref=texts.word(value.get("binder_ref"), "binder_ref", text),
        )
        yield binderoptions.binder("pangeo-gallery", where, options, Remarks())
