"""A person's changes to ``metadata.binder``: everything that was not asked for stays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from binderclip import spec
from binderclip.errors import Problem, SpecError
from binderclip.notebook import MISSING, Missing
from binderclip.spec import Reading
from binderclip.spec.model import JSON, Binder, Dialect, Fetch, Frozen, Reference, Text, joined
from binderclip.spec.places import DEFAULT_REFS, pinned

KEYS = ("host", "image", "build", "files", "config", "content", "frozen", "auto")
"""What can be removed by its name; beside these ``file:NAME``, a reference's part
(``build.hash``) and unknown keys.
"""

# These decide which Python or which packages the pinned files were pinned for.
_DECISIVE = frozenset({"runtime.txt", "pyproject.toml", "setup.py", "setup.cfg"})
_PARTS = frozenset({"ref", "hash", "copy"})
_NOT_AUTO = "auto is gone: a save hook no longer rewrites what you set"


@dataclass(frozen=True, slots=True)
class Fetching:
    """What is to change of ``config`` or ``content``: the repository, the map, or both."""

    repository: Reference | None = None
    copy: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to change; what is empty stays as it is.

    ``host`` replaces all hosts. ``ref`` is the build's. ``files`` are added to those there or
    replace those of the same name. ``dialect`` is the form to write, None for the notebook's
    own. ``force`` writes over an opt-out.
    """

    host: tuple[str, ...] = ()
    image: Reference | None = None
    build: Reference | None = None
    ref: str | None = None
    files: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))
    config: Fetching | None = None
    content: Fetching | None = None
    remove: tuple[str, ...] = ()
    opt_out: bool = False
    dialect: Dialect | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Edited:
    """``value`` is the new ``metadata.binder``, MISSING where it is to go. ``changes`` names its
    keys that changed; ``notes`` tells, a line each, what changed beyond what was asked for.
    """

    value: JSON | Missing
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def edited(value: JSON | Missing, wish: Wish) -> Edited:
    """``value`` as ``wish`` wants it.

    Raises SpecError where ``value`` or the result breaks the specification, where the notebook
    opted out, or is of a newer version; LossError where the asked dialect cannot say it all.
    """
    if wish.opt_out:
        return _opted_out(value)
    if value is False and not wish.force:
        raise SpecError(
            (Problem("binder", "false, the notebook's opt-out", "nothing written over it"),),
            hint="the opt-out goes with --force, or with `binderclip strip --force`",
        )
    reading, raw = (None, None) if value is MISSING or value is False else _read(value, wish)
    old = reading.binder if reading and reading.binder else Binder()
    # A person's edit: no save hook may rewrite it.
    new = replace(old, auto=False)
    for step in _STEPS:
        new = step(new, wish)
    new, notes = _without_stale(old, new)
    if old.auto and not new.auto and "auto" not in wish.remove:
        notes = (*notes, _NOT_AUTO)
    return _finished(value, raw, reading, new, notes=notes, dialect=wish.dialect)


def _finished(
    value: JSON | Missing,
    raw: JSON | None,
    reading: Reading | None,
    new: Binder,
    *,
    notes: tuple[str, ...] = (),
    dialect: Dialect | None = None,
) -> Edited:
    """``new`` written in the place of ``value``, of which ``reading`` and ``raw`` are."""
    old = reading.binder if reading and reading.binder else Binder()
    if new == Binder():
        if value is MISSING:
            return Edited(MISSING)
        gone = "nothing is left to say, so `binder` is gone"
        return Edited(MISSING, ("binder",), (*notes, gone))
    result, more = _written(old, new, raw, reading, dialect)
    if result == value:
        return Edited(value)
    if problems := spec.problems(result):
        raise SpecError(problems)
    changes = _changes(old, new)
    if isinstance(value, dict) and isinstance(raw, dict):
        changes = (*changes, *(key for key in value if key not in {*raw, *changes}))
    return Edited(result, changes or ("binder",), (*notes, *more))


def frozen(value: JSON | Missing, hashes: Mapping[str, str], pinned: Frozen | None) -> Edited:
    """With ``hashes`` for the references that are their keys, and ``pinned`` as what a machine
    pinned. Nothing is written where these are what is there already, or over an opt-out.

    Raises SpecError for a value that is wrong, or of a newer version.
    """
    reading = readable(value)
    if reading is None or reading.binder is None:
        return Edited(value)
    old = reading.binder
    parts = {key: replace(getattr(old, key), hash=pin) for key, pin in hashes.items()}
    new = replace(old, **{**parts, "frozen": pinned})
    if new == old:
        return Edited(value)
    if reading.dialect == "v0" and pinned and not pinned.files:
        new = replace(new, frozen=None)  # it has no word for when
    notes = (_NOT_AUTO,) if old.auto else ()
    return _finished(value, _raw(value), reading, replace(new, auto=False), notes=notes)


def thawed(value: JSON | Missing, only: Collection[str] = ()) -> Edited:
    """Without what was pinned: of the parts ``only`` names (references, ``files``, names of files),
    or of all. Opt-outs stay. Raises SpecError for a value that is wrong, or of a newer version.
    """
    reading = readable(value)
    if reading is None or reading.binder is None:
        return Edited(value)
    old = reading.binder
    new = _thawed_in_part(old, only) if only else _removed(old, "frozen")
    if new == old:
        return Edited(value)
    notes = tuple(
        f"{key}: {before.hash[:19]} had no ref beside it, so {default} is meant now"
        for key, default in DEFAULT_REFS.items()
        if (before := getattr(old, key))
        and before.hash
        and before.ref is None
        and getattr(new, key).hash is None
    )
    notes = (*notes, _NOT_AUTO) if old.auto else notes
    return _finished(value, _raw(value), reading, replace(new, auto=False), notes=notes)


def readable(value: JSON | Missing) -> Reading | None:
    """What ``value`` says; None where there is nothing. Raises SpecError for what is wrong, and
    for a newer version, which is not ours to rewrite.
    """
    if value is MISSING:
        return None
    reading = spec.read(value)
    _refuse_newer(reading)
    return reading


def _raw(value: JSON | Missing) -> JSON | None:
    return None if value is MISSING else value


def _thawed_in_part(binder: Binder, only: Collection[str]) -> Binder:
    for key in DEFAULT_REFS:
        if key in only and getattr(binder, key):
            binder = _removed(binder, f"{key}.hash")
    if binder.frozen is None:
        return binder
    files = binder.frozen.files
    kept = {
        name: text
        for name, text in files.items()
        if not {name.rpartition("/")[2], "files"} & set(only)
    }
    if {name.rpartition("/")[2] for name in kept} <= {
        "runtime.txt"
    }:  # it came with what was pinned for that Python
        kept = {}
    hashed = any((one := getattr(binder, key)) and one.hash for key in DEFAULT_REFS)
    if not kept and not hashed:
        return replace(binder, frozen=None)
    platform = binder.frozen.platform if kept else None
    return replace(binder, frozen=replace(binder.frozen, files=kept, platform=platform))


def check(wish: Wish) -> None:
    """Raises SpecError for what no notebook at all can take."""
    places = {
        key: one for key in ("config", "content") if (one := getattr(wish, key)) and one.repository
    }
    edited(
        MISSING,
        Wish(
            host=wish.host,
            image=wish.image,
            build=wish.build,
            files=wish.files,
            config=places.get("config"),
            content=places.get("content"),
        ),
    )


def stripped(value: JSON | Missing, *, force: bool = False) -> Edited:
    """Without ``binder``; an opt-out stays unless ``force``."""
    if value is MISSING:
        return Edited(MISSING)
    if value is False and not force:
        return Edited(value, notes=("the opt-out stays (--force takes it out too)",))
    return Edited(MISSING, ("binder",))


def converted(value: JSON | Missing, dialect: Dialect, *, accept_loss: bool = False) -> Edited:
    """The same in another form. Raises SpecError; LossError unless ``accept_loss``."""
    if value is MISSING or value is False:
        return Edited(value)
    reading = spec.read(value)
    _refuse_newer(reading)
    if reading.binder is None or reading.dialect == dialect:
        return Edited(value)
    opens = reading.opens if dialect == "url" or not accept_loss else {}
    written = spec.write(reading.binder, dialect, accept_loss=accept_loss, opens=opens)
    return Edited(written, ("binder",), (f"the form was {reading.dialect}, it is {dialect} now",))


def _opted_out(value: JSON | Missing) -> Edited:
    if value is False:
        return Edited(False)
    notes = () if value is MISSING else ("what the notebook named is gone",)
    return Edited(False, ("binder",), notes)


def _read(value: JSON, wish: Wish) -> tuple[Reading, JSON]:
    """The reading, and the value that it is of: ``value``, without what broke it and goes."""
    try:
        reading = spec.read(value)
    except SpecError:
        # What is wrong may be just what is to be replaced.
        if not isinstance(value, dict):
            raise
        kept = {key: part for key, part in value.items() if key not in _replaced(wish)}
        if kept.keys() == value.keys():
            raise
        value, reading = kept, spec.read(kept)
    _refuse_newer(reading)
    return reading, value


def _replaced(wish: Wish) -> set[str]:
    """The keys whose old values do not matter."""
    whole = {key for key in ("host", "image", "build") if getattr(wish, key)}
    fetched = {
        key
        for key in ("config", "content")
        if (one := getattr(wish, key)) and one.repository and one.copy is not None
    }
    return whole | fetched | set(wish.remove)


def _refuse_newer(reading: Reading) -> None:
    if reading.newer:
        raise SpecError(
            (Problem("binder.version", "a newer version", "1, the newest that is known here"),),
            hint="it is left as it is; `pip install --upgrade binderclip` may know it",
        )


def _remove(binder: Binder, wish: Wish) -> Binder:
    for key in wish.remove:
        binder = _removed(binder, key)
    return binder


def _removed(binder: Binder, key: str) -> Binder:
    if key == "frozen":
        return replace(
            binder,
            frozen=None,
            image=binder.image and replace(binder.image, hash=None),
            build=binder.build and replace(binder.build, hash=None),
            config=binder.config and replace(binder.config, hash=None),
            content=binder.content and replace(binder.content, hash=None),
        )
    if key in KEYS:
        return replace(binder, **{key: getattr(Binder(), key)})
    if key.startswith("file:"):
        name = key.removeprefix("file:")
        return replace(binder, files={n: t for n, t in binder.files.items() if n != name})
    name, dot, part = key.partition(".")
    one = getattr(binder, name, None) if name in KEYS else None
    if dot and part in _PARTS and isinstance(one, Reference) and hasattr(one, part):
        changes: dict[str, Any] = {part: None}
        whole: dict[str, Any] = {name: replace(one, **changes)}
        return replace(binder, **whole)
    if key in binder.extra:
        return replace(binder, extra={k: v for k, v in binder.extra.items() if k != key})
    if not dot and (near := get_close_matches(key, KEYS, n=1)):
        problem = Problem(f"binder.{key}", "no such key", f"one of {', '.join(KEYS)}, file:NAME")
        raise SpecError((problem,), hint=f"did you mean {near[0]!r}?")
    return binder


def _set_host(binder: Binder, wish: Wish) -> Binder:
    return replace(binder, host=wish.host) if wish.host else binder


def _set_image(binder: Binder, wish: Wish) -> Binder:
    if wish.image is None:
        return binder
    return replace(binder, image=_successor(binder.image, wish.image, "latest"))


def _set_build(binder: Binder, wish: Wish) -> Binder:
    if wish.build is not None:
        binder = replace(binder, build=_successor(binder.build, wish.build, "HEAD"))
    if wish.ref is None:
        return binder
    if binder.build is None:
        problem = Problem("binder.build", "nothing", "a repository that --ref is a ref of")
        raise SpecError((problem,), hint="add --build; an image takes its tag as NAME:TAG")
    ref, pin = pinned(wish.ref)
    if wish.ref in {binder.build.ref, binder.build.hash}:
        return binder
    return replace(binder, build=replace(binder.build, ref=ref, hash=pin))


def _successor(old: Reference | None, new: Reference, default_ref: str) -> Reference:
    """``new``, with what still holds of ``old``: unknown keys of the same repository, and the
    hash where the ref is the same too.
    """
    if old is None or (old.host.rstrip("/"), old.path) != (new.host.rstrip("/"), new.path):
        return new
    if new.hash in {None, old.hash} and (new.ref or default_ref) == (old.ref or default_ref):
        return old
    return replace(new, extra=old.extra)


def _set_fetches(binder: Binder, wish: Wish) -> Binder:
    config = _fetched("config", binder.config, wish.config)
    content = _fetched("content", binder.content, wish.content)
    return replace(binder, config=config, content=content)


def _fetched(key: str, old: Fetch | None, change: Fetching | None) -> Fetch | None:
    if change is None:
        return old
    place = _successor(old, change.repository, "HEAD") if change.repository else old
    if place is None:
        problem = Problem(f"binder.{key}", "nothing", "a repository to copy from")
        raise SpecError((problem,), hint=f"add --{key}")
    copy = old.copy if change.copy is None and old else change.copy
    return Fetch(place.host, place.path, place.ref, place.hash, place.extra, copy)


def _set_files(binder: Binder, wish: Wish) -> Binder:
    fresh = {
        name: text
        for name, text in wish.files.items()
        if name not in binder.files or joined(binder.files[name]) != joined(text)
    }
    return replace(binder, files={**binder.files, **fresh}) if fresh else binder


_STEPS: tuple[Callable[[Binder, Wish], Binder], ...] = (
    _remove,
    _set_host,
    _set_image,
    _set_build,
    _set_fetches,
    _set_files,
)


def _without_stale(old: Binder, new: Binder) -> tuple[Binder, tuple[str, ...]]:
    """``new`` without what was frozen for another environment; and a note for each loss."""
    notes = [
        f"{name}: the hash that it was frozen to is gone, for it was another's"
        for name in ("image", "build", "config", "content")
        if (before := getattr(old, name))
        and before.hash
        and (after := getattr(new, name))
        and not after.hash
        and (after.path, after.ref) != (before.path, before.ref)
    ]
    if new.frozen is None:
        return new, tuple(notes)
    stale = _stale(old, new, new.frozen)
    if not stale:
        return new, tuple(notes)
    notes += [f"frozen: the pinned {name} is gone, for it no longer holds" for name in stale]
    kept = {name: text for name, text in new.frozen.files.items() if name not in stale}
    frozen = replace(new.frozen, files=kept) if kept else None
    return replace(new, frozen=frozen), tuple(notes)


def _stale(old: Binder, new: Binder, frozen: Frozen) -> list[str]:
    changed = {
        name
        for name in old.files.keys() | new.files.keys()
        if joined(old.files.get(name, "\0")) != joined(new.files.get(name, "\0"))
    }
    if old.build != new.build or not _DECISIVE.isdisjoint(changed):
        return list(frozen.files)
    return [name for name in frozen.files if name in changed]


def _changes(old: Binder, new: Binder) -> tuple[str, ...]:
    known = [f.name for f in fields(Binder) if f.name != "extra"]
    changed = [name for name in known if getattr(old, name) != getattr(new, name)]
    return (*changed, *(key for key in old.extra if key not in new.extra))


def _written(
    old: Binder, new: Binder, raw: JSON | None, reading: Reading | None, dialect: Dialect | None
) -> tuple[JSON, tuple[str, ...]]:
    """``new`` in the asked dialect, or in the notebook's own where that can say it; and a note
    where it is another than before.
    """
    own = reading.dialect if reading else "v1"
    opens = reading.opens if reading else {}
    try:
        value = spec.write(new, dialect or own, opens=opens if (dialect or own) == "url" else {})
    except SpecError:
        if dialect or own == "v1":
            raise
        dialect, value = "v1", spec.write(new)
    if reading and (dialect or own) != own:
        note = f"the form was {own}, it is {dialect} now"
        lost = ", ".join(f"{key}={word}" for key, word in opens.items())
        return value, (f"{note}, which does not say what to open ({lost})" if lost else note,)
    if isinstance(raw, dict) and isinstance(value, dict):
        value = _merged(raw, value, _changes(old, new))
    return value, ()


def _merged(raw: dict[str, JSON], value: dict[str, JSON], changes: tuple[str, ...]) -> JSON:
    """``value`` in the order of ``raw``, and what did not change exactly as it was there."""
    version = value.get("version")
    if version is None or raw.get("version") != version:
        return value
    if version == 0 and "host" in changes:  # it is written into an object of its own
        raw = {key: part for key, part in raw.items() if key not in {"host", "binder"}}
    elif version == 0:
        value = {key: part for key, part in value.items() if key != "binder"}
    kept = {
        key: value[key] if key in changes else part
        for key, part in raw.items()
        if key not in changes or key in value
    }
    return kept | {key: part for key, part in value.items() if key not in raw}
