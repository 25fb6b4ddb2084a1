"""What registries keep under a tag: an image, or an index of images of several platforms.

Sources: https://github.com/opencontainers/image-spec (image-index.md, manifest.md, config.md) and
https://distribution.github.io/distribution/spec/manifest-v2-2/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["index", "single", "old"]

_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPT = ", ".join(_TYPES)
"""All four: a registry that is asked for fewer denies what it has, or converts it into something
with another digest.
"""
MAX_BYTES = 4 << 20
"""Of a manifest: what the distribution specification lets registries limit them to."""
MAX_CONFIG_BYTES = 1 << 20

_WORD = re.compile("[A-Za-z0-9._-]{1,40}")


def is_manifest(content_type: str) -> bool:
    """Does a registry say that it answers with an image or an index?"""
    return content_type.partition(";")[0].strip().lower() in _TYPES


def kind_in(data: bytes) -> Kind | None:
    """What a manifest is by what it holds: some registries give all of them one type."""
    value = parsed(data)
    if value.get("schemaVersion") == 1:
        return "old"
    if isinstance(value.get("manifests"), list):
        return "index"
    return "single" if isinstance(value.get("config"), dict) else None


def parsed(data: bytes) -> Mapping[str, Any]:
    """A JSON object; an empty one for everything else."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def offered(index: bytes) -> tuple[str, ...]:
    """The platforms of an index: ``linux/arm64/v8``. Without those of attestations, "unknown"."""
    entries = parsed(index).get("manifests")
    found = [_platform(entry.get("platform")) for entry in _objects(entries)]
    return tuple(dict.fromkeys(one for one in found if one and "unknown" not in one))


def config_of(manifest: bytes) -> str | None:
    """The digest of a single image's configuration, where that is small enough to be read."""
    config = parsed(manifest).get("config")
    if not isinstance(config, dict):
        return None
    digest, size = config.get("digest"), config.get("size")
    small = isinstance(size, int) and 0 < size <= MAX_CONFIG_BYTES
    return digest if small and isinstance(digest, str) else None


def made_for(config: bytes) -> tuple[str, ...]:
    """The platform that a single image's configuration states; empty where it states none."""
    found = _platform(parsed(config))
    return (found,) if found else ()


def fits(wanted: str, offers: tuple[str, ...]) -> bool:
    """Is ``wanted`` among ``offers``? A variant counts only where both state one: arm64 is v8."""
    system, processor, variant = _parts(wanted)
    for offer in offers:
        its_system, its_processor, its_variant = _parts(offer)
        if (system, processor) == (its_system, its_processor) and (
            variant == its_variant or not variant or not its_variant
        ):
            return True
    return False


def _parts(platform: str) -> tuple[str, str, str]:
    system, processor, variant, *_ = (*platform.split("/"), "", "")
    return system, processor, variant


def _platform(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    parts = [value.get(name) for name in ("os", "architecture", "variant")]
    if not all(isinstance(part, str) and _WORD.fullmatch(part) for part in parts[:2]):
        return None
    return "/".join(part for part in parts if isinstance(part, str) and _WORD.fullmatch(part))


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
