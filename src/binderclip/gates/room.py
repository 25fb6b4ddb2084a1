"""Where a program works that works for strangers: a folder, an environment, limits."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Where programs, their libraries and the certificates of authorities lie: nothing that is a secret.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "NIX_SSL_CERT_FILE")
_PROXIES = ("all_proxy", "http_proxy", "https_proxy")
"""In lower case: libcurl reads http_proxy so alone, and uv fills upper case into addresses."""

# Linux enforces both; elsewhere the memory may stay unlimited.
_LIMITS = "ulimit -d {memory} 2>/dev/null; ulimit -c 0; "
_SCRIPT = f'{_LIMITS}exec "$@"'
# uv asks git to clone between folders of its own, and nothing else is to be read from here.
# Submodules may lie anywhere, and are left out as they are of a notebook's repositories. A ticket
# of this machine's owner (Kerberos) is not shown.
_GIT = """#!/bin/sh
ulimit -v {memory} 2>/dev/null
case "$1" in
  submodule) exit 0 ;;
  clone) GIT_ALLOW_PROTOCOL=file; export GIT_ALLOW_PROTOCOL ;;
esac
exec {git} -c http.emptyAuth=false -c http.lowSpeedLimit=1000 -c http.lowSpeedTime=60 \
-c core.bigFileThreshold=16m -c pack.threads=1 -c gc.auto=0 -c maintenance.auto=false "$@"
"""
_GIT_MEMORY = 2**30


@dataclass(frozen=True, slots=True)
class Room:
    """``folder`` is private, temporary, and the caller's to remove."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Room:
        """In ``folder``, which is there. The git of this machine, if there is one, is wrapped."""
        for name in ("home", "tmp", "bin"):
            (folder / name).mkdir(exist_ok=True)
        if git := shutil.which("git"):
            script = folder / "bin" / "git"
            words = _GIT.format(git=shlex.quote(git), memory=_GIT_MEMORY // 1024)
            script.write_text(words, "utf-8")
            script.chmod(0o700)
        return cls(folder)

    def environ(self, proxy: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """All of a program's environment: nobody's home, settings, logins, keys and agents."""
        around = {name: os.environ[name] for name in _KEPT if name in os.environ}
        programs = around.get("PATH", os.defpath)
        return {
            **around,
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{programs}",
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "NETRC": os.devnull,
            "LC_ALL": "C",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_ALLOW_PROTOCOL": "http:https",
            "GIT_SSH_COMMAND": "false",
            **dict.fromkeys(_PROXIES, proxy),
            **(more or {}),
        }

    def limited(self, argv: Sequence[str], memory_bytes: int) -> list[str]:
        """The command ``argv``, held to so much memory."""
        script = _SCRIPT.format(memory=memory_bytes // 1024)
        return ["/bin/sh", "-c", script, "sh", *argv]
