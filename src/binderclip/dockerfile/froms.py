"""The images that a Dockerfile names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from binderclip import references
from binderclip.dockerfile.lines import SPACE, Dockerfile, Instruction, Piece, read, refused
from binderclip.dockerfile.words import Expansion, Unclear, expanded
from binderclip.errors import SpecError
from binderclip.platforms import oci_platform
from binderclip.spec.shown import shown

Keyword: TypeAlias = Literal["FROM", "COPY", "RUN"]

_FROM_WITH_NAME = 3
_SHOWN = 100
_MOST_STAGES = 1000


@dataclass(frozen=True, slots=True)
class From:
    """An image that a Dockerfile names, by ``keyword``: FROM, COPY --from, or RUN --mount=…,from=.

    ``line`` counts from 1. ``image`` is the image as the builder would understand it, variables
    filled in; ``argued`` is True where there were some. ``platform`` is what the line asks for
    itself ("linux/arm64"), or None. ``name`` is the stage's. ``span`` is the image word's place in
    the text.
    """

    line: int
    keyword: Keyword
    image: str
    platform: str | None
    name: str | None
    argued: bool
    span: tuple[int, int]


def parse(text: str, *, platform: str = "linux-64") -> tuple[From, ...]:
    """The images of a Dockerfile in its order: stages and ``scratch`` are none. ``platform`` is the
    one to build on and for, which ``$BUILDPLATFORM`` and its kin stand for.

    Raises Refused for a file that no builder takes, and for an image that depends on what only
    the builder is told (an ARG without a default).
    """
    file = read(text)
    found: list[From] = []
    values = _automatic(platform)
    stages, count = set[str](), 0
    for instruction in file.instructions:
        if instruction.keyword == "arg" and not count:
            _take_defaults(instruction, values, file.escape)
        elif instruction.keyword == "from":
            stage = _stage(instruction, values, file.escape, stages)
            found += [stage] if stage else []
            stages |= {name} if (name := _stage_name(instruction)) else set()
            count += 1
            if count > _MOST_STAGES:
                raise refused(instruction.line, f"found more than {_MOST_STAGES} FROM lines")
    found += _borrowed(file, stages, count)
    return tuple(sorted(found, key=lambda one: one.span))


def pinned(text: str, digests: Mapping[From, str]) -> str:
    """``text`` with each of these images at its digest ("sha256:…"), in place of the one that it
    may have; nothing else is changed. The keys are those of ``parse(text)``.

    An image with variables in it is written out. That is what the file means without build
    arguments, and a digest in the ARG's default would change the ARG's other uses.
    """
    for one in sorted(digests, key=lambda one: one.span, reverse=True):
        begin, end = one.span
        text = f"{text[:begin]}{without_digest(one.image)}@{digests[one]}{text[end:]}"
    return text


def without_digest(image: str) -> str:
    return image.partition("@")[0]


def _automatic(platform: str) -> dict[str, str]:
    """https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope"""
    whole = oci_platform(platform) or "linux/amd64"
    system, processor, variant, *_ = (*whole.split("/"), "", "")
    parts = {"PLATFORM": whole, "OS": system, "ARCH": processor, "VARIANT": variant}
    return {f"{where}{name}": v for where in ("BUILD", "TARGET") for name, v in parts.items()}


def _take_defaults(instruction: Instruction, values: dict[str, str], escape: str) -> None:
    for word in _quoted_words(instruction.rest.text, escape):
        name, equals, default = word.partition("=")
        if equals:
            values[name] = _expanded(default, values, escape, instruction.line).text


def _stage(
    instruction: Instruction, values: Mapping[str, str], escape: str, stages: Collection[str]
) -> From | None:
    words = instruction.rest.words()
    named = len(words) == _FROM_WITH_NAME and words[1].text.lower() == "as"
    if len(words) != 1 and not named:
        raise refused(
            instruction.line, f"found {len(words)} words after FROM, expected 'IMAGE [AS NAME]'"
        )
    image = _expanded(words[0].text, values, escape, instruction.line)
    if image.text == "scratch" or (image.text and image.text.lower() in stages):
        return None
    _check(image.text, instruction.line, image.unset)
    flag = _flag(instruction, "platform")
    platform = _expanded(flag.text, values, escape, instruction.line).text if flag else ""
    return From(
        instruction.line,
        "FROM",
        image.text,
        platform or None,
        words[2].text if named else None,
        bool(image.used),
        words[0].span,
    )


def _stage_name(instruction: Instruction) -> str:
    words = instruction.rest.words()
    return words[2].text.lower() if len(words) == _FROM_WITH_NAME else ""


def _borrowed(file: Dockerfile, stages: set[str], count: int) -> Iterator[From]:
    """Images that files are taken from. Variables mean nothing there."""
    for instruction in file.instructions:
        if instruction.keyword == "copy":
            places = [_flag(instruction, "from")]
        elif instruction.keyword == "run":
            places = [_mounted(flag) for flag in instruction.flags]
        else:
            continue
        for place in places:
            if place is None or not place.text or "$" in place.text:
                continue
            named = place.text.lower() in stages or place.text == "scratch"
            if named or (place.text.isdecimal() and int(place.text[:9]) < count):
                continue
            _check(place.text, instruction.line)
            keyword: Keyword = "COPY" if instruction.keyword == "copy" else "RUN"
            yield From(
                instruction.line, keyword, place.text, None, None, argued=False, span=place.span
            )


def _flag(instruction: Instruction, name: str) -> Piece | None:
    for flag in instruction.flags:
        key, equals, value = flag.text.partition("=")
        if key.lower() == f"--{name}" and equals:
            return flag[len(flag.text) - len(value) :]
    return None


def _mounted(flag: Piece) -> Piece | None:
    """The image or stage of ``--mount=type=bind,from=IMAGE,…``."""
    if not flag.text.lower().startswith("--mount="):
        return None
    for field in re.finditer("[^,]+", flag.text[len("--mount=") :]):
        key, equals, value = field[0].partition("=")
        if key.strip().lower() == "from" and equals:
            end = len("--mount=") + field.end()
            return flag[end - len(value) : end]
    return None


def _check(image: str, line: int, unset: Collection[str] = ()) -> None:
    """Variables without a value are nothing, as for the builder, if an image is left."""
    try:
        if "://" not in image:
            references.image(image)
            return
    except SpecError:
        pass
    if unset:
        names = " and ".join(f"${name}" for name in sorted(unset))
        raise refused(
            line,
            f"which image it names depends on {names[:_SHOWN]}, without a default",
            hint="give it one: ARG NAME=VALUE before the first FROM",
        )
    raise refused(line, f"found {shown(image)}, expected an image like 'python:3.12'")


def _expanded(word: str, values: Mapping[str, str], escape: str, line: int) -> Expansion:
    try:
        return expanded(word, values, escape)
    except Unclear as error:
        raise refused(line, f"{error}") from error


def _quoted_words(text: str, escape: str) -> list[str]:
    """Split at white space outside quotes; the quotes stay."""
    e = re.escape(escape)
    plain = rf"[^{SPACE}'\"{e}]"
    word = rf"(?:{plain}|{e}.|'[^']*(?:'|\Z)|\"(?:[^\"{e}]|{e}.)*(?:\"|\Z)|{e}\Z)+"
    return re.findall(word, text, re.DOTALL)
