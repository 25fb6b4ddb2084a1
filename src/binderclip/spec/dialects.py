"""The forms of ``metadata.binder`` from before version 1, read into a Binder.

``components`` and ``environment-url`` are the first two forms of the proposal of 2021, ``v0``
is its third. They are read for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from binderclip.spec.addresses import read_address
from binderclip.spec.faults import Faults
from binderclip.spec.grammar import (
    BINDER_KEYS,
    COMPONENTS_KEYS,
    ENVIRONMENT_URL_KEYS,
    V0_KEYS,
    Kind,
    fits,
)
from binderclip.spec.model import JSON, Binder, Dialect, Reference
from binderclip.spec.places import GITHUB, canonical, pinned
from binderclip.spec.v1 import Object, fetch, reference, text, unknown_keys

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")


def components(value: Object, faults: Faults) -> Binder:
    """``{"binder_url", "binder_repo", "binder_ref"}``."""
    _no_strangers(value, COMPONENTS_KEYS, "binder_url", faults)
    hub = text(value, "binder_url", "binder", "host", faults)
    if "binder_ref" in value and "binder_repo" not in value:
        faults.missing("binder", value, "binder_repo", "address")
    ref = text(value, "binder_ref", "binder", "ref", faults)
    build = _repository(value, faults)
    if build and ref:
        build = _at(build, ref, faults)
    extra = unknown_keys(value, "binder", COMPONENTS_KEYS, faults)
    return Binder(host=(hub,) if hub else (), build=build, extra=extra)


def _repository(value: Object, faults: Faults) -> Reference | None:
    if "binder_repo" not in value:
        return None
    repo = value["binder_repo"]
    if isinstance(repo, str) and _NAME.fullmatch(repo) and fits("path", repo):
        return Reference(GITHUB, repo.removesuffix(".git"))
    return _address(repo, "binder.binder_repo", faults)


def _address(value: JSON, path: str, faults: Faults) -> Reference | None:
    if isinstance(value, str):
        return read_address(value, path, faults)
    faults.wrong(path, value, "address")
    return None


def _at(build: Reference, word: str, faults: Faults) -> Reference:
    """``build`` at ``word``, which must not contradict the address."""
    ref, pin = pinned(word)
    if (build.ref or build.hash) and (build.ref, build.hash) != (ref, pin):
        faults.say(
            "binder.binder_ref",
            "another ref than the one in binder_repo",
            "one ref",
            "take it out of binder_repo",
        )
    return canonical(replace(build, ref=ref, hash=pin))


def environment_url(value: Object, faults: Faults) -> Binder:
    """``{"binder_url", "environment_url"}``."""
    _no_strangers(value, ENVIRONMENT_URL_KEYS, "environment_url", faults)
    hub = text(value, "binder_url", "binder", "host", faults)
    build = _address(value["environment_url"], "binder.environment_url", faults)
    extra = unknown_keys(value, "binder", ENVIRONMENT_URL_KEYS, faults)
    return Binder(host=(hub,) if hub else (), build=build, extra=extra)


def v0(value: Object, faults: Faults) -> Binder:
    """``{"version": 0, …}``: as version 1, without files, frozen and auto."""
    _no_strangers(value, V0_KEYS, "version 0", faults)
    for key in ("config", "content"):
        part = value.get(key)
        if isinstance(part, dict) and "copy" in part:
            faults.say(f"binder.{key}.copy", "'copy' in version 0", "'files', its old name")
    host, held = _v0_host(value, faults)
    mended = _with_hashes_mended(value, faults)
    extra = dict(unknown_keys(value, "binder", V0_KEYS, faults))
    if held:
        faults.unknown("binder.binder", held, ("host",))
        extra["binder"] = held
    return Binder(
        host=host,
        image=reference(mended, "image", "binder", faults),
        build=reference(mended, "build", "binder", faults),
        config=fetch(mended, "config", "binder", faults, copy="files"),
        content=fetch(mended, "content", "binder", faults, copy="files"),
        extra=MappingProxyType(extra),
    )


def _v0_host(value: Object, faults: Faults) -> tuple[tuple[str, ...], dict[str, JSON]]:
    """The host, from ``"host"`` or from ``"binder": {"host"}``, and what else is in that."""
    outer = value.get("binder", {})
    if isinstance(outer, str):
        outer = {"host": outer}
    if not isinstance(outer, dict):
        faults.wrong("binder.binder", outer, "host")
        return (), {}
    if "host" in value and "host" in outer:
        faults.say("binder.binder.host", "a second host", "one, in 'host' or in 'binder'")
    owner, path = (value, "binder") if "host" in value else (outer, "binder.binder")
    host = text(owner, "host", path, "host", faults)
    held = {key: kept for key, kept in outer.items() if key != "host"}
    return (host,) if host else (), held


def _with_hashes_mended(value: Object, faults: Faults) -> dict[str, JSON]:
    """Version 0 never said how a hash looks: an image's may lack ``sha256:``, and one that is
    no hash at all, as in the proposal's own example, is set aside with a warning.
    """
    mended = dict(value)
    for key in ("image", "build", "config", "content"):
        part = value.get(key)
        pin = part.get("hash") if isinstance(part, dict) else None
        if not isinstance(part, dict) or not isinstance(pin, str):
            continue
        kind: Kind = "digest" if key == "image" else "commit"
        if fits("digest", f"sha256:{pin}") and key == "image":
            mended[key] = {**part, "hash": f"sha256:{pin}"}
        elif not fits(kind, pin) and re.fullmatch(r"[0-9a-f]{1,63}", pin):
            mended[key] = {name: held for name, held in part.items() if name != "hash"}
            aside = Faults()
            aside.wrong(f"binder.{key}.hash", pin, kind)
            faults.warnings += (
                replace(problem, hint="set aside: the ref decides") for problem in aside.problems
            )
    return mended


def _no_strangers(value: Object, known: tuple[str, ...], dialect: str, faults: Faults) -> None:
    """Keys of another dialect beside this one's cannot be kept: two would say one thing."""
    others = (*COMPONENTS_KEYS, *ENVIRONMENT_URL_KEYS, *BINDER_KEYS)
    for key in value:
        if key in others and key not in known:
            faults.say(
                f"binder.{key}",
                f"a key of another dialect beside {dialect}",
                "keys of one dialect",
                'version 1 says everything: {"version": 1, …}' if key in BINDER_KEYS else None,
            )


READERS: dict[Dialect, Callable[[Object, Faults], Binder]] = {
    "components": components,
    "environment-url": environment_url,
    "v0": v0,
}
