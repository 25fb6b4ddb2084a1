"""A Binder as JSON, in any dialect; what a dialect cannot say is named, not dropped.

Whether something is lost is not guessed: what was written is read back and compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from binderclip.errors import LossError, Problem, SpecError
from binderclip.spec.grammar import (
    BINDER_KEYS,
    COMPONENTS_KEYS,
    ENVIRONMENT_URL_KEYS,
    FETCH_KEYS,
    FROZEN_KEYS,
    REFERENCE_KEYS,
    V0_KEYS,
)
from binderclip.spec.model import (
    JSON,
    NO_TEXTS,
    Binder,
    Dialect,
    Frozen,
    Reference,
    Text,
)
from binderclip.spec.parse import problems, read
from binderclip.spec.places import DOI, GITHUB, HEAD, HYDROSHARE, canonical, looks_like_dataset
from binderclip.spec.shown import key_path, shown

Object = dict[str, JSON]


def write(
    binder: Binder | None,
    dialect: Dialect = "v1",
    *,
    accept_loss: bool = False,
    opens: Mapping[str, str] = NO_TEXTS,
) -> JSON:
    """``binder`` as the value of ``metadata.binder``; None is the opt-out, in every dialect.

    Unknown values are not copied: the result shares them with ``binder``.
    ``opens`` are the parameters of a launch link (``labpath`` …), which ``url`` alone can say.
    Raises LossError naming what ``dialect`` cannot say, unless ``accept_loss``; SpecError where
    ``binder`` breaks the rules of version 1, or lacks what ``dialect`` cannot do without.
    """
    if binder is None:
        return False
    full = as_v1(binder)
    if faults := (*_shadowed(binder), *problems(full)):
        raise SpecError(faults)
    if dialect == "v1":
        value: JSON = full
    elif lacks := _lacks(binder, dialect):
        losses = (
            *_losses(binder, Binder(host=binder.host[:1], build=binder.build), dialect),
            *lacks,
        )
        raise SpecError(lacks) if accept_loss or losses == lacks else _loss(losses, dialect)
    else:
        value = _written(binder, dialect, opens)
    losses = () if dialect == "v1" else _losses(binder, _read_back(value, binder, dialect), dialect)
    if opens and dialect != "url":
        losses += tuple(_lost(key_path("binder", f"?{key}"), opens[key], dialect) for key in opens)
    if losses and not accept_loss:
        raise _loss(losses, dialect)
    return value


def as_v1(binder: Binder) -> Object:
    """The object of version 1, keys in the order of the specification, unchecked."""
    value: Object = {"version": 1}
    if binder.host:
        value["host"] = binder.host[0] if len(binder.host) == 1 else list(binder.host)
    if binder.image:
        value["image"] = _reference(binder.image)
    if binder.build:
        value["build"] = _reference(binder.build)
    if binder.files:
        value["files"] = _files(binder.files)
    value |= _fetches(binder, "copy")
    if binder.frozen:
        value["frozen"] = _frozen(binder.frozen)
    if binder.auto:
        value["auto"] = True
    return {**value, **binder.extra}


def _reference(reference: Reference) -> Object:
    value: Object = {"host": reference.host, "path": reference.path}
    if reference.ref is not None:
        value["ref"] = reference.ref
    if reference.hash is not None:
        value["hash"] = reference.hash
    return {**value, **reference.extra}


def _fetches(binder: Binder, copy: str) -> Object:
    """``config`` and ``content``, with their maps of globs under the key that ``copy`` names."""
    value: Object = {}
    for key, part in (("config", binder.config), ("content", binder.content)):
        if part:
            said = {k: v for k, v in _reference(part).items() if k != copy}
            value[key] = said if part.copy is None else {**said, copy: dict(part.copy)}
    return value


def _frozen(frozen: Frozen) -> Object:
    value: Object = {}
    if frozen.at is not None:
        value["at"] = frozen.at
    if frozen.platform is not None:
        value["platform"] = frozen.platform
    if frozen.files:
        value["files"] = _files(frozen.files)
    return {**value, **frozen.extra}


def _files(files: Mapping[str, Text]) -> Object:
    return {name: text if isinstance(text, str) else list(text) for name, text in files.items()}


def _shadowed(binder: Binder) -> Iterator[Problem]:
    """Unknown keys with the name of a known one: they would replace it."""
    parts = (
        ("binder", binder, BINDER_KEYS),
        ("binder.image", binder.image, REFERENCE_KEYS),
        ("binder.build", binder.build, REFERENCE_KEYS),
        ("binder.config", binder.config, FETCH_KEYS),
        ("binder.content", binder.content, FETCH_KEYS),
        ("binder.frozen", binder.frozen, FROZEN_KEYS),
    )
    for path, part, known in parts:
        for key in part.extra if part else ():
            if key in known:
                yield Problem(f"{path}.{key}", "a known key among the unknown", "other names")


def _lacks(binder: Binder, dialect: Dialect) -> tuple[Problem, ...]:
    """What ``dialect`` cannot do without and ``binder`` does not have."""
    lacks = []
    if dialect == "url" and not binder.host:
        lacks.append(Problem("binder.host", "nothing", "a hub: a launch link begins with it"))
    if dialect in {"url", "environment-url"} and binder.build is None:
        lacks.append(Problem("binder.build", "nothing", f"a repository: '{dialect}' names one"))
    if dialect == "components" and not binder.host and binder.build is None:
        lacks.append(Problem("binder.build", "nothing", "a hub or a repository"))
    return tuple(lacks)


def _written(binder: Binder, dialect: Dialect, opens: Mapping[str, str]) -> JSON:
    if dialect == "v0":
        return _v0(binder)
    if dialect == "url" and binder.build:
        from binderclip.spec.launch_link import write_link  # noqa: PLC0415 - loads urllib

        return write_link(binder.host[0], binder.build, opens)
    value: Object = {"binder_url": binder.host[0]} if binder.host else {}
    if binder.build:
        value |= _components(binder.build) if dialect == "components" else _url(binder.build)
    taken = {*BINDER_KEYS, *COMPONENTS_KEYS, *ENVIRONMENT_URL_KEYS}
    return value | {k: v for k, v in binder.extra.items() if k not in taken}


def _components(build: Reference) -> Object:
    from binderclip.spec.addresses import write_address  # noqa: PLC0415 - loads urllib

    place = canonical(build)
    pair = place.host == GITHUB and place.path.count("/") == 1
    repo = place.path if pair else write_address(replace(place, ref=None, hash=None))
    word = place.hash or place.ref
    if place.host in {DOI, HYDROSHARE} or (
        word is None and looks_like_dataset(place.host, place.path)
    ):
        return {"binder_repo": repo}
    return {"binder_repo": repo, "binder_ref": word or HEAD}


def _url(build: Reference) -> Object:
    from binderclip.spec.addresses import write_address  # noqa: PLC0415 - loads urllib

    return {"environment_url": write_address(build)}


def _v0(binder: Binder) -> Object:
    value: Object = {"version": 0}
    held = binder.extra.get("binder", {})
    outer: Object = {"host": binder.host[0]} if binder.host else {}
    if isinstance(held, dict) and "host" not in held:
        outer |= held
    if outer:
        value["binder"] = outer
    if binder.image:
        value["image"] = _reference(binder.image)
    if binder.build:
        value["build"] = _reference(binder.build)
    value |= _fetches(binder, "files")
    taken = {*BINDER_KEYS, *COMPONENTS_KEYS, *ENVIRONMENT_URL_KEYS, *V0_KEYS}
    return value | {k: v for k, v in binder.extra.items() if k not in taken}


def _read_back(value: JSON, binder: Binder, dialect: Dialect) -> Binder:
    try:
        return read(value).binder or Binder()
    except SpecError as error:
        lost = _lost("binder.build", binder.build.url if binder.build else None, dialect)
        raise LossError((lost,), hint="no address of that form names it; write it as v1") from error


def _losses(binder: Binder, said: Binder, dialect: Dialect) -> tuple[Problem, ...]:
    return tuple(_differences(_normal(binder), _normal(said), "binder", dialect))


def _differences(whole: Object, part: Object, path: str, dialect: Dialect) -> Iterator[Problem]:
    for key, value in whole.items():
        here = key_path(path, key)
        other = part.get(key)
        if other is value and key in part:
            continue  # unknown values are shared; they may be deep
        if isinstance(value, dict) and isinstance(other, dict):
            yield from _differences(value, other, here, dialect)
        elif key == "host" and isinstance(value, list) and isinstance(other, list):
            for index, host in enumerate(value):
                if other[index : index + 1] != [host]:
                    yield _lost(f"{here}[{index}]", host, dialect)
        elif key not in part or value != other:
            yield _lost(here, value, dialect)
    for key in part.keys() - whole.keys():
        yield Problem(key_path(path, key), "nothing", f"{shown(part[key])}, as '{dialect}' says")


_HAS: Mapping[Dialect, str] = {
    "v1": "an environment, and not what a link opens",
    "v0": "one hub, an image, a build, config and content alone",
    "url": "one hub and one repository alone",
    "environment-url": "one hub and one repository alone",
    "components": "one hub and one repository alone",
}


def _lost(path: str, value: JSON, dialect: Dialect) -> Problem:
    return Problem(path, shown(value), f"what '{dialect}' has a place for: {_HAS[dialect]}")


def _loss(losses: tuple[Problem, ...], dialect: Dialect) -> LossError:
    hint = "accept the loss" if dialect == "v1" else "write it as v1, or accept the loss"
    return LossError(losses, hint=hint)


def _normal(binder: Binder) -> Object:
    """As version 1, in one form for all that means the same."""
    image = binder.image
    if image:
        ref = None if image.ref == "latest" else image.ref
        image = replace(image, host=image.host.rstrip("/"), ref=ref)
    value = as_v1(
        replace(
            binder,
            image=image,
            build=binder.build and canonical(binder.build),
            config=binder.config and canonical(binder.config),
            content=binder.content and canonical(binder.content),
        )
    )
    if binder.host:
        value["host"] = [host.rstrip("/") for host in binder.host]
    return value
