"""Where a branch's name ends in an address, as its repository knows. The one part that asks over
the network, by git, with the person's credential helpers.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

from binderclip.links.model import Place

_SECONDS = 20
_HEAD, _TAG = "refs/heads/", "refs/tags/"


def settled(place: Place) -> Place:
    """``place``, whose branch was a guess, with the branch or tag that there is. As it was, its
    note too, where the repository cannot be asked or knows none.
    """
    parts = f"{place.repository.ref}/{place.path}".split("/")
    names = ["/".join(parts[:end]) for end in range(len(parts) - 1, 0, -1)]
    there = _known(place.repository.url, names)
    name = next((name for name in names if name in there), None)
    if name is None:
        return place
    path = "/".join(parts[name.count("/") + 1 :])
    return Place(replace(place.repository, ref=name), path)


def _known(url: str, names: list[str]) -> set[str]:
    from binderclip.errors import Refused  # noqa: PLC0415 - asked seldom
    from binderclip.repositories import git  # noqa: PLC0415 - as above

    patterns = [f"{kind}{name}" for name in names for kind in (_HEAD, _TAG)]
    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", "ls-remote", "--", git.checked(url), *patterns],
            cwd=os.sep,  # not in a repository, whose own settings would count
            env=git.environ(url, network=True),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, Refused, subprocess.TimeoutExpired):
        return set()
    refs = (line.partition("\t")[2] for line in done.stdout.decode("utf-8", "replace").splitlines())
    return {ref.removeprefix(_HEAD).removeprefix(_TAG) for ref in refs}
