"""``metadata.conda_environment``: what ``conda env export`` printed when the notebook was saved.

https://github.com/zonca/nbenv
"""

from __future__ import annotations

from collections.abc import Iterator

from binderclip import yamls
from binderclip.errors import Refused
from binderclip.importing import condaenv
from binderclip.importing.model import Found, Unusable, View

KEY = "conda_environment"
_MAX_TEXT = 1 << 18


def found(view: View) -> Iterator[Found]:
    text = view.get(KEY)
    where = f"metadata.{KEY}"
    if not isinstance(text, str) or not text.strip():
        return
    if len(text) > _MAX_TEXT:
        yield Unusable("nbenv", where, f"it is longer than {_MAX_TEXT} characters")
        return
    try:
        value = yamls.read(text, where)
    except Refused as error:
        yield Unusable("nbenv", where, error.message.removeprefix(f"{where}: "))
        return
    if isinstance(value, dict):
        yield condaenv.of_table("nbenv", where, value)
    else:
        yield Unusable("nbenv", where, "it is not what `conda env export` prints")
