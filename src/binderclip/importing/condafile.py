"""``environment.yml`` out of other tools' lists.

Format: https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html
"""

from __future__ import annotations

import re
from typing import Any

from binderclip.importing.model import Remarks, secret
from binderclip.importing.requirements import items, plain, requirements
from binderclip.spec.model import Text, lined

NAME = "environment.yml"
_CHANNEL = re.compile(r"[A-Za-z0-9][\w./+-]*|https?://[^\s\"']+", re.ASCII)
_SPEC = re.compile(r"[A-Za-z0-9_*][^\"']*")
_BUILD = re.compile(r"[^=<>!~\s\[]+=[^=<>!~\s]+=[^=<>!~\s]+")


def environment(
    channels: object,
    dependencies: object,
    remarks: Remarks,
    *,
    name: object = None,
    python: object = None,
) -> Text | None:
    """The file's text; None where nothing is left to say. ``python`` is a version of its own."""
    specs, pip = _dependencies(dependencies, remarks)
    version = plain(python)
    if version is not None and re.fullmatch(r"[\d.*]+", version):
        specs.insert(0, f"python={version}")
    elif python is not None:
        remarks.left_out("the Python", python, "it is no version like '3.12'")
    if any(_BUILD.fullmatch(one) for one in specs):
        remarks.say("it names exact builds, which are those of one platform")
    content: dict[str, Any] = {}
    stated = plain(name)
    if stated is not None and re.fullmatch(r"[\w.-]+", stated):
        content["name"] = stated
    if found := _channels(channels, remarks):
        content["channels"] = found
    if pip and not any(re.match(r"pip(?:$|[\s=<>])", one) for one in specs):
        specs.append("pip")
    if not specs:
        return None
    content["dependencies"] = [*specs, {"pip": pip}] if pip else specs
    return lined(_dumped(content))


def _dumped(content: dict[str, Any]) -> str:
    import yaml  # noqa: PLC0415 - only conda's environments are YAML

    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1 << 20))


def _channels(values: object, remarks: Remarks) -> list[str]:
    found = []
    for value in items(values, "channels", remarks):
        channel = plain(value)
        if channel is None or not _CHANNEL.fullmatch(channel):
            remarks.left_out("the channel", value, "it is neither a name nor an http(s) address")
        elif secret(channel):
            remarks.say("a channel is left out: its address has credentials in it")
        elif channel not in found:
            found.append(channel)
    return found


def _dependencies(values: object, remarks: Remarks) -> tuple[list[str], list[str]]:
    """Conda's packages, and pip's."""
    specs: list[str] = []
    pip: list[str] = []
    for value in items(values, "dependencies", remarks):
        if isinstance(value, dict):
            for key in value:
                if key == "pip":
                    pip += requirements(value[key], remarks, options=True)
                else:
                    remarks.left_out("the dependencies of", str(key), "conda knows pip's alone")
            continue
        spec = plain(value)
        if spec is None or not _SPEC.fullmatch(spec) or secret(spec):
            remarks.left_out("the dependency", value, "it is no package like 'numpy=2'")
        elif spec not in specs:
            specs.append(spec)
    return specs, pip
