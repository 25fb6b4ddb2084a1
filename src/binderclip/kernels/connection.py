"""How a kernel is reached: its connection file, over unix sockets where that is possible.

https://jupyter-client.readthedocs.io/en/stable/kernels.html#connection-files
"""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import mkdtemp

import msgspec

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")

# sockaddr_un holds 104 bytes on macOS and 108 on Linux, the final NUL among them.
_LONGEST = 103


def describe(run: Path, *, unix: bool) -> tuple[Path, dict[str, str | int]]:
    """Write a connection file (mode 0600) into ``run``; its path and what it says.

    With ``unix`` the channels are sockets in ``run``, or in a private folder of their own where
    ``run`` cannot hold them: no other account can reach them and no other program can take them
    first. Without, or where there are no such sockets, ports of loopback. Raises OSError.
    """
    name = f"kernel-{secrets.token_hex(4)}"
    folder = _socket_folder(run, name) if unix else None
    info: dict[str, str | int] = {
        "key": secrets.token_hex(32),
        "signature_scheme": "hmac-sha256",
        "kernel_name": "",
    }
    if folder is not None:
        ports = list(range(1, len(CHANNELS) + 1))
        info |= {"transport": "ipc", "ip": str(folder / name)}
    else:
        ports = _free_ports(len(CHANNELS))
        info |= {"transport": "tcp", "ip": "127.0.0.1"}
    info |= {f"{channel}_port": port for channel, port in zip(CHANNELS, ports, strict=True)}
    path = run / f"{name}.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(msgspec.json.encode(info))
    return path, info


def remove(path: Path, info: dict[str, str | int]) -> None:
    """Remove the connection file and the sockets."""
    path.unlink(missing_ok=True)
    if info["transport"] == "ipc":
        for channel in CHANNELS:
            Path(f"{info['ip']}-{info[f'{channel}_port']}").unlink(missing_ok=True)
        folder = Path(str(info["ip"])).parent
        if folder != path.parent:
            with suppress(OSError):
                folder.rmdir()


def _socket_folder(run: Path, name: str) -> Path | None:
    if _holds_sockets(run / f"{name}-0"):
        return run
    folder = Path(mkdtemp(prefix="binderclip-"))
    if _holds_sockets(folder / f"{name}-0"):
        return folder
    folder.rmdir()
    return None


def _holds_sockets(path: Path) -> bool:
    """Whether a socket can be made there: some network file systems have none."""
    if not hasattr(socket, "AF_UNIX") or len(os.fsencode(path)) > _LONGEST:
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(str(path))
        except OSError:
            return False
    path.unlink()
    return True


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
