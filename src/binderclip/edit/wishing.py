"""What a person asked for, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from binderclip import spec
from binderclip.edit.model import Edited, Fetching, Wish
from binderclip.edit.removing import removed
from binderclip.edit.writing import NOT_AUTO, finished, refuse_newer
from binderclip.errors import Problem, SpecError
from binderclip.notebook import MISSING, Missing
from binderclip.spec import Reading
from binderclip.spec.model import JSON, Binder, Fetch, Frozen, Reference, joined
from binderclip.spec.places import DEFAULT_REFS, pinned

# These decide which Python or which packages the pinned files were pinned for.
_DECISIVE = frozenset({"runtime.txt", "pyproject.toml", "setup.py", "setup.cfg"})


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
        notes = (*notes, NOT_AUTO)
    return finished(value, raw, reading, new, notes=notes, dialect=wish.dialect)


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
    refuse_newer(reading)
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


def _remove(binder: Binder, wish: Wish) -> Binder:
    for key in wish.remove:
        binder = removed(binder, key)
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
    before = new.frozen
    if before is None:
        return new, tuple(notes)
    stale = _stale(old, new, before)
    notes += [f"frozen: the pinned {name} is gone, for it no longer holds" for name in stale]
    if stale:
        kept = {name: text for name, text in before.files.items() if name not in stale}
        new = replace(new, frozen=replace(before, files=kept) if kept else None)
    elif not before.files and _hashed(old) and not _hashed(new):
        new = replace(new, frozen=None)
    return new, tuple(notes)


def _hashed(binder: Binder) -> bool:
    return any((one := getattr(binder, key)) and one.hash for key in DEFAULT_REFS)


def _stale(old: Binder, new: Binder, frozen: Frozen) -> list[str]:
    changed = {
        name
        for name in old.files.keys() | new.files.keys()
        if joined(old.files.get(name, "\0")) != joined(new.files.get(name, "\0"))
    }
    if old.build != new.build or not _DECISIVE.isdisjoint(changed):
        return list(frozen.files)
    return [name for name in frozen.files if name in changed]
