"""Facts, gathered once when a server starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from binderclip.filling import stated as saying
from binderclip.filling.binderhub import of_binderhub
from binderclip.filling.model import PARTS, Facts, Part, Stated
from binderclip.filling.shipped import of_file, places
from binderclip.filling.spawned import of_spawner
from binderclip.filling.strange import strange
from binderclip.filling.words import Word
from binderclip.spec.model import Reference


def gather(
    stated: Stated,
    environ: Mapping[str, str],
    *,
    folder: Path | None = None,
    shipped: Sequence[Path] | None = None,
) -> Facts:
    """What ``stated``, ``environ``, files and the checkout that ``folder`` is in say, in this order
    of precedence, part by part. ``shipped`` are the files, where they are not where images have
    them.

    Never raises: what cannot be used is left out, with a remark. Whoever has a part's word has it:
    where that is not to be used, the part stays empty. The network is not used; git is asked only
    where that is wanted, for some seconds at most.
    """
    policy, remarks = saying.policy(stated, environ)
    known, more = saying.known_hosts(stated, environ)
    git, others = saying.git(stated, environ)
    told = [*strange(environ), *remarks, *more, *others]
    words: dict[Part, Word] = {}
    for said in _said(stated, environ, known, places(environ) if shipped is None else shipped):
        _take(said, words, told)
    if git and folder and "build" not in words:
        from binderclip.filling.workingcopy import (  # noqa: PLC0415 - few want it
            of_working_copy,
        )

        for said in of_working_copy(folder):
            _take(said, words, told)
    return Facts(
        policy=policy,
        host=_hosts(words.get("host")),
        image=_reference(words.get("image")),
        build=_reference(words.get("build")),
        sources=MappingProxyType(
            {part: words[part].source for part in PARTS if part in words and words[part].value}
        ),
        remarks=tuple(dict.fromkeys(told)),
    )


def _said(
    stated: Stated, environ: Mapping[str, str], known: tuple[str, ...], files: Sequence[Path]
) -> Iterator[Word | str]:
    yield from saying.of_configuration(stated)
    yield from saying.of_variables(environ)
    yield from of_binderhub(environ, known)
    yield from of_spawner(environ)
    for path in files:
        yield from of_file(path)


def _take(said: Word | str, words: dict[Part, Word], told: list[str]) -> None:
    """The first of each part counts. A remark that is no part's is told in any case."""
    if isinstance(said, str):
        told.append(said)
    elif said.part not in words:
        words[said.part] = said
        told += [said.remark] if said.remark else []


def _hosts(word: Word | None) -> tuple[str, ...]:
    return word.value if word and isinstance(word.value, tuple) else ()


def _reference(word: Word | None) -> Reference | None:
    return word.value if word and isinstance(word.value, Reference) else None
