"""Version 1: the object of ``metadata.binder`` into a Binder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from binderclip.spec.faults import Faults
from binderclip.spec.grammar import (
    BINDER_KEYS,
    FETCH_KEYS,
    FROZEN_KEYS,
    MAX_BYTES,
    MAX_COPIES,
    MAX_FILES,
    MAX_HOSTS,
    REFERENCE_KEYS,
    Kind,
    fits,
    fits_utf8,
)
from binderclip.spec.model import JSON, NO_FILES, NOTHING, Binder, Fetch, Frozen, Reference, Text
from binderclip.spec.shown import key_path

Object: TypeAlias = Mapping[str, JSON]
ELSEWHERE = "what is large belongs into the repository of build or content"


def binder(value: Object, faults: Faults) -> Binder:
    """What ``value`` says; whatever is at fault is left out and told to ``faults``."""
    path = "binder"
    found = Binder(
        host=hosts(value["host"], f"{path}.host", faults) if "host" in value else (),
        image=reference(value, "image", path, faults),
        build=reference(value, "build", path, faults),
        files=files(value["files"], f"{path}.files", faults) if "files" in value else NO_FILES,
        config=fetch(value, "config", path, faults),
        content=fetch(value, "content", path, faults),
        frozen=_frozen(value["frozen"], f"{path}.frozen", faults) if "frozen" in value else None,
        auto=_auto(value, path, faults),
        extra=unknown_keys(value, path, BINDER_KEYS, faults),
    )
    if found.files or (found.frozen and found.frozen.files):
        _nested(found, faults)
    return found


def unknown_keys(value: Object, path: str, known: tuple[str, ...], faults: Faults) -> Object:
    """The keys of ``value`` that are not ``known``, each with a warning."""
    strange = {key: held for key, held in value.items() if key not in known}
    if not strange:
        return NOTHING
    faults.unknown(path, strange, known)
    return MappingProxyType(strange)


def text(
    owner: Object, key: str, path: str, kind: Kind, faults: Faults, *, required: bool = False
) -> str | None:
    """``owner[key]`` where it fits ``kind``, or None."""
    if key not in owner:
        if required:
            faults.missing(path, owner, key, kind)
        return None
    value = owner[key]
    if isinstance(value, str) and fits(kind, value):
        return value
    faults.wrong(f"{path}.{key}", value, kind)
    return None


def hosts(value: JSON, path: str, faults: Faults) -> tuple[str, ...]:
    """One host or a list of them."""
    if isinstance(value, str):
        if fits("host", value):
            return (value,)
        faults.wrong(path, value, "host")
        return ()
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_HOSTS:
        faults.wrong(path, value, "hosts")
        return ()
    found = []
    for index, item in enumerate(value):
        if isinstance(item, str) and fits("host", item):
            found.append(item)
        else:
            faults.wrong(f"{path}[{index}]", item, "host")
    return tuple(found)


def reference(owner: Object, key: str, path: str, faults: Faults) -> Reference | None:
    """``owner[key]``: the image for that key, a repository for others."""
    if key not in owner:
        return None
    value, path = owner[key], f"{path}.{key}"
    if not isinstance(value, dict):
        faults.wrong(path, value, "reference")
        return None
    image = key == "image"
    host = text(value, "host", path, "host", faults, required=True)
    place = text(value, "path", path, "image" if image else "path", faults, required=True)
    ref = text(value, "ref", path, "tag" if image else "ref", faults)
    pin = text(value, "hash", path, "digest" if image else "commit", faults)
    others = unknown_keys(value, path, REFERENCE_KEYS, faults)
    return Reference(host, place, ref, pin, others) if host and place else None


def fetch(
    owner: Object, key: str, path: str, faults: Faults, *, copy: str = "copy"
) -> Fetch | None:
    """A repository to fetch; its map of globs lies under the key that ``copy`` names."""
    if key not in owner:
        return None
    value, path = owner[key], f"{path}.{key}"
    if not isinstance(value, dict):
        faults.wrong(path, value, "reference")
        return None
    known = FETCH_KEYS if copy == "copy" else (*REFERENCE_KEYS, copy)
    host = text(value, "host", path, "host", faults, required=True)
    place = text(value, "path", path, "path", faults, required=True)
    ref = text(value, "ref", path, "ref", faults)
    pin = text(value, "hash", path, "commit", faults)
    targets = _copy(value[copy], f"{path}.{copy}", faults) if copy in value else None
    others = unknown_keys(value, path, known, faults)
    return Fetch(host, place, ref, pin, others, targets) if host and place else None


def _copy(value: JSON, path: str, faults: Faults) -> Mapping[str, str] | None:
    if not isinstance(value, dict):
        faults.wrong(path, value, "copy")
        return None
    if len(value) > MAX_COPIES:
        faults.say(path, f"{len(value)} entries", f"at most {MAX_COPIES}")
        return None
    found = {}
    for glob, target in value.items():
        if not fits("name", glob):
            faults.wrong(key_path(path, glob), glob, "name")
        elif isinstance(target, str) and fits("target", target):
            found[glob] = target
        else:
            faults.wrong(key_path(path, glob), target, "target")
    return MappingProxyType(found)


def files(value: JSON, path: str, faults: Faults) -> Mapping[str, Text]:
    """Names and contents. Sizes are counted in UTF-8."""
    if not isinstance(value, dict):
        faults.wrong(path, value, "files")
        return NO_FILES
    if len(value) > MAX_FILES:
        faults.say(path, f"{len(value)} files", f"at most {MAX_FILES}", ELSEWHERE)
        return NO_FILES
    found: dict[str, Text] = {}
    size_bytes = 0
    for name, content in value.items():
        if not fits("name", name):
            faults.wrong(key_path(path, name), name, "name")
        if (lines := _lines(content)) is None:
            _tell_content(content, key_path(path, name), faults)
        else:
            size_bytes += sum(map(_size_bytes, lines))
            found[name] = content if isinstance(content, str) else lines
    if size_bytes > MAX_BYTES:
        faults.say(path, f"{size_bytes} bytes", f"at most {MAX_BYTES} bytes in all", ELSEWHERE)
    return MappingProxyType(found)


def _lines(content: JSON) -> tuple[str, ...] | None:
    if isinstance(content, str):
        return (content,) if fits_utf8(content) else None
    if not isinstance(content, list):
        return None
    lines = tuple(line for line in content if isinstance(line, str) and fits_utf8(line))
    return lines if len(lines) == len(content) else None


def _tell_content(content: JSON, path: str, faults: Faults) -> None:
    """What is wrong with a file's content: the first line of it that is."""
    if isinstance(content, list):
        index = next(
            i for i, line in enumerate(content) if isinstance(line, list) or not _lines(line)
        )
        content, path = content[index], f"{path}[{index}]"
    if isinstance(content, str):
        faults.say(path, "half of a surrogate pair", "Unicode text, which UTF-8 can hold")
    else:
        faults.wrong(path, content, "text")


def _size_bytes(line: str) -> int:
    return len(line) if line.isascii() else len(line.encode())


def _nested(found: Binder, faults: Faults) -> None:
    """No file's name may be a folder of another's, those of ``frozen`` included."""
    frozen = found.frozen.files if found.frozen else NO_FILES
    for names, path in ((found.files, "binder.files"), (frozen, "binder.frozen.files")):
        for name in names:
            if folder := _file_above(name, (found.files, frozen)):
                faults.say(
                    key_path(path, name),
                    f"a file inside '{folder}', which is a file too",
                    "names of which none is the folder of another",
                )


def _file_above(name: str, maps: Iterable[Mapping[str, Text]]) -> str | None:
    if "/" not in name:
        return None
    above = [name[:index] for index, char in enumerate(name) if char == "/"]
    return next((folder for names in maps for folder in above if folder in names), None)


def _frozen(value: JSON, path: str, faults: Faults) -> Frozen | None:
    if not isinstance(value, dict):
        faults.wrong(path, value, "frozen")
        return None
    return Frozen(
        at=text(value, "at", path, "at", faults),
        platform=text(value, "platform", path, "platform", faults),
        files=files(value["files"], f"{path}.files", faults) if "files" in value else NO_FILES,
        extra=unknown_keys(value, path, FROZEN_KEYS, faults),
    )


def _auto(value: Object, path: str, faults: Faults) -> bool:
    auto = value.get("auto", False)
    if not isinstance(auto, bool):
        faults.wrong(f"{path}.auto", auto, "auto")
        return False
    return auto
