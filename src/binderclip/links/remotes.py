"""Where git fetches from → the repository on the web that others can reach.

The forms: https://git-scm.com/docs/git-clone#_git_urls
"""

from __future__ import annotations

import re
from urllib.parse import quote

from binderclip.spec.model import Reference
from binderclip.spec.places import FORGES, GIST, canonical, sound

_URL = re.compile(r"(?P<scheme>https?|ssh|git)://(?:[^/]*@)?(?P<host>[^/@]+?)(?P<port>:\d*)?/+(.+)")
_SCP = re.compile(r"(?:[^@/:\s]+@)?(?P<host>[\w.-]+\.[\w-]+|localhost):/*([^\s:]+)", re.ASCII)
# Doors for ssh where port 22 is closed.
_DOORS = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}


def on_the_web(remote: str) -> Reference | None:
    """The repository over http(s), without user or password; None for folders, ``file:`` and
    names that only this machine's ssh knows.
    """
    text = remote.strip().removeprefix("git+")
    if found := _URL.fullmatch(text):
        web = found["scheme"].startswith("http")
        scheme, port = (found["scheme"], found["port"] or "") if web else ("https", "")
    elif found := _SCP.fullmatch(text):
        scheme, port = "https", ""
    else:
        return None
    host = found["host"].lower()
    path = quote(found.groups()[-1].strip("/"), safe="/%~!$&'()*+,;=:@")
    reference = Reference(f"{scheme}://{_DOORS.get(host, host)}{port.rstrip(':')}", path)
    return canonical(reference) if sound(reference) else None


def same(one: Reference, other: Reference) -> bool:
    """Whether both are one repository, whatever the ref and however it is written."""
    return _identity(one) == _identity(other)


def _identity(reference: Reference) -> tuple[str, str]:
    place = canonical(reference)
    path = place.path.removesuffix(".git")
    if place.host in FORGES:
        path = path.lower()
    return place.host, path.rpartition("/")[2] if place.host == GIST else path
