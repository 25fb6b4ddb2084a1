"""The git binary: how it is run, and what its errors mean.

Nothing that a repository brings is run: no hooks, no filters, no file-system monitor; commands
that need no network also ignore the person's configuration.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import NoReturn

from binderclip import processes
from binderclip.errors import Refused, ResolveError, TooLarge, Unreachable

_URL = re.compile(
    r"(?:https?|ssh|git)://[^-\s\x00-\x1f][^\s\x00-\x1f]*|file:///[^\s\x00-\x1f]+"
    r"|[\w.][\w.-]*@[\w.][\w.-]*:[^\s\x00-\x1f:-][^\s:]*"
)

_NO_CODE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "filter.lfs.process=",
    "filter.lfs.smudge=",
    "filter.lfs.clean=",
    "filter.lfs.required=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
    "advice.detachedHead=false",
)
# No redirect is followed, and no ticket of this machine's owner (Kerberos) is shown: git tries one
# by itself where a server asks for it (http.c, http_reauth_prepare).
_CLOSED = ("http.followRedirects=false", "http.emptyAuth=false")
_WHERE_PROGRAMS_LIE = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")
_NO_SUCH_COMMAND = 127  # of the shell's
# What says where a repository lies (git rev-parse --local-env-vars): set when binderclip is
# called from a hook, and then about another repository.
_ABOUT_ANOTHER = (
    "ALTERNATE_OBJECT_DIRECTORIES COMMON_DIR CONFIG CONFIG_PARAMETERS DIR GRAFT_FILE INDEX_FILE "
    "IMPLICIT_WORK_TREE INTERNAL_SUPER_PREFIX NAMESPACE NO_REPLACE_OBJECTS OBJECT_DIRECTORY "
    "PREFIX QUARANTINE_PATH REPLACE_REF_BASE SHALLOW_FILE WORK_TREE TEMPLATE_DIR"
)


def checked(url: str) -> str:
    """``url``, if git may be given it. Raises Refused."""
    if re.match(r"file:/[^/]", url):
        url = f"file://{url.removeprefix('file:')}"
    if not _URL.fullmatch(url) or re.match(r"https?://[^/]*@|ssh://[^/@]*:[^/]*@", url):
        raise Refused(
            f"found the repository {shown(url)!r}, expected an http(s), ssh or file URL "
            "without a password",
            hint="git's credential helpers know passwords; a notebook should not",
        )
    return url


def shown(url: str) -> str:
    """A repository's address as it may be printed."""
    return processes.printable(url)


async def run(
    words: Sequence[str],
    url: str,
    folder: Path,
    *,
    network: bool = True,
    anonymous: bool = False,
) -> processes.Finished:
    """Run git with ``folder`` as its working and run folder; ``anonymous`` as ``environ`` has it.
    Raises Refused without git.
    """
    argv = ["git", *(part for one in _NO_CODE for part in ("-c", one)), *words]
    ceiling = {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    around = environ(url, network=network, anonymous=anonymous) | ceiling
    try:
        return await processes.output(argv, cwd=folder, environ=around, run=folder)
    except processes.CommandFailed as error:
        raise no_git() from error


async def run_closed(
    words: Sequence[str],
    folder: Path,
    *,
    called: Sequence[str],
    proxy: str | None,
    max_bytes: int,
) -> processes.Finished:
    """Run git for strangers: ``called`` begins its command, ``closed`` is its environment. What it
    prints on either stream is the output; of a failure it is the last lines, as the errors too.
    Raises Refused without git and TooLarge for more than ``max_bytes`` of output.
    """
    argv = [*called, *(part for one in (*_NO_CODE, *_CLOSED) for part in ("-c", one)), *words]
    around = closed(proxy) | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    said_lines, said_bytes = [], 0
    try:
        running = processes.lines(argv, cwd=folder, environ=around, run=folder)
        async with aclosing(running) as lines:
            async for line in lines:
                said_bytes += len(line) + 1
                if said_bytes > max_bytes:
                    raise TooLarge(f"git printed more than {max_bytes} bytes about a repository")
                said_lines.append(f"{line}\n")
    except processes.CommandFailed as error:
        if error.code == _NO_SUCH_COMMAND:
            raise no_git() from error
        return processes.Finished(error.code, b"", "\n".join(error.tail))
    return processes.Finished(0, "".join(said_lines).encode(), "")


def no_git() -> Refused:
    return Refused(
        "this environment is built from a git repository, and git was not found",
        hint="install git, so that `git --version` works",
    )


# https://github.com/git/git: remote-curl.c, connect.c, and what ssh and common forges answer.
_NETWORK = re.compile(
    r"unable to access|could not resolve host|failed to connect|connection (?:refused|reset|timed"
    r" out|closed)|network is unreachable|operation too slow|early EOF|hung up unexpectedly|"
    r"could not read from remote|authentication failed|could not read (?:username|password)|"
    r"repository .{0,2100}not found|does not appear to be a git",
    re.IGNORECASE,
)
_NOT_THERE = re.compile(
    r"repository .{0,2100}not found|not found: |returned error: 40[134]|authentication failed|"
    r"could not read (?:username|password)|does not appear to be a git|permission denied|"
    r"project you were looking for could not be found",
    re.IGNORECASE,
)


def fail(url: str, stderr: str) -> NoReturn:
    """Raise the error that git's words about a remote stand for."""
    place = shown(url)
    if is_not_there(stderr):
        raise ResolveError(
            f"{place}: no such repository, or it is private ({said(stderr)})",
            hint="for a private one, set up git's credential helper: `git ls-remote` must work",
        )
    raise Unreachable(
        f"{place}: could not be reached ({said(stderr)})",
        hint="check the network and the address; `git ls-remote` with it says more",
    )


def is_not_there(stderr: str) -> bool:
    """Nothing for us at that address, or nothing at all."""
    return bool(_NOT_THERE.search(stderr))


def is_network(stderr: str) -> bool:
    """Would asking the same server in another way be in vain?"""
    return bool(_NETWORK.search(stderr))


def is_absent(stderr: str) -> bool:
    """A server that gives any commit by name says that it has none of this name."""
    return "not our ref" in stderr


def environ(url: str, *, network: bool, anonymous: bool = False) -> dict[str, str]:
    """The whole environment of a git process. An ``anonymous`` one gets what everybody gets over
    http(s): it knows no credential helper, key, .netrc or configuration of the person's.
    """
    about = {f"GIT_{name}" for name in _ABOUT_ANOTHER.split()}
    around = {name: value for name, value in os.environ.items() if name not in about}
    allowed = "file:git:http:https:ssh" if url.startswith("file:") else "git:http:https:ssh"
    around |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": allowed if network else "file",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C",
    }
    if anonymous:
        around |= {"GIT_ALLOW_PROTOCOL": "http:https", "GIT_ASKPASS": "", "HOME": os.devnull}
        for name in ("GIT_SSL_CERT", "GIT_SSL_KEY", "SSH_ASKPASS", "XDG_CONFIG_HOME"):
            around.pop(name, None)
    if anonymous or not network:
        around |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        around.pop("GIT_CONFIG_COUNT", None)
    return around


def closed(proxy: str | None) -> dict[str, str]:
    """The whole environment of a git process that works for strangers: nothing of ours but where
    programs lie. Without a ``proxy`` it may not use the network.
    """
    around = {name: os.environ[name] for name in _WHERE_PROGRAMS_LIE if name in os.environ}
    around |= {
        "LC_ALL": "C",
        "HOME": os.devnull,  # not unset: libcurl would look up where .netrc is
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ALLOW_PROTOCOL": "http:https" if proxy else "file",
    }
    return around | ({"ALL_PROXY": proxy} if proxy else {})


def said(stderr: str) -> str:
    """The most telling line of what git printed, safe to show."""
    lines = [processes.printable(line).strip() for line in stderr.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("hint:", "warning:"))]
    for line in lines:
        if line.startswith(("fatal:", "error:", "remote:")):
            return line.partition(":")[2].strip()[:300]
    return (lines or ["git said nothing"])[-1][:300]
