"""Docker's credential helpers: programs that hand out one login.

The protocol: https://github.com/docker/docker-credential-helpers#development.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import suppress

from binderclip.errors import ConfigError
from binderclip.inheritance import inherited

_MAX_BYTES = 1 << 16
_TIME_S = 30.0
_END_S = 5.0
_NOT_FOUND = b"credentials not found"


async def ask_helper(command: str, registry: str, where: str) -> tuple[str, str] | None:
    """What ``command get`` knows of ``registry``: user and secret, or None. ``where`` names the
    file that wants the helper asked. Raises ConfigError.
    """
    try:
        code, printed = await _run(command, registry)
    except FileNotFoundError as error:
        raise ConfigError(
            f"{where} names the credential helper {command}, which was not found",
            hint="install it, or take it out of that file",
        ) from error
    except OSError as error:
        raise ConfigError(f"{command}: could not be started ({error.strerror})") from error
    except TimeoutError as error:
        raise ConfigError(
            f"{command}: did not answer within {_TIME_S:.0f} seconds",
            hint=f"try `echo {registry} | {command} get`",
        ) from error
    if code:
        if _NOT_FOUND in printed:
            return None
        raise ConfigError(
            f"{command}: exit status {code}, expected a login for {registry}",
            hint=f"try `echo {registry} | {command} get`",
        )
    return _login(printed, command)


def _login(printed: bytes, command: str) -> tuple[str, str] | None:
    try:
        value = json.loads(printed) if len(printed) <= _MAX_BYTES else None
    except (ValueError, RecursionError):
        value = None
    user = value.get("Username") if isinstance(value, dict) else None
    secret = value.get("Secret") if isinstance(value, dict) else None
    if not isinstance(user, str) or not isinstance(secret, str):
        # Neither quoted nor chained: whatever it printed may be a secret.
        raise ConfigError(f"{command}: printed something other than a login")
    return (user, secret) if secret else None


async def _run(command: str, registry: str) -> tuple[int, bytes]:
    """Its status and what it printed, cut. Raises OSError, TimeoutError."""
    process = await asyncio.create_subprocess_exec(
        command,
        "get",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=inherited(),
        start_new_session=True,
    )
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    assert process.stdout is not None  # noqa: S101 - as above
    try:
        async with asyncio.timeout(_TIME_S):
            with suppress(ConnectionError):  # one that does not read what it is asked
                process.stdin.write(registry.encode())
                await process.stdin.drain()
            process.stdin.close()
            printed = await _bounded(process.stdout)
            if len(printed) > _MAX_BYTES:
                return 0, printed
            return await process.wait(), printed
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await _ended(process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Once its pipe is empty: asyncio waits for that too, and reads no more of a full one by
    itself. What left the group and keeps the pipe open is not waited for.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_S):
            while process.stdout is not None and await process.stdout.read(_MAX_BYTES):
                pass
            await process.wait()


async def _bounded(stream: asyncio.StreamReader) -> bytes:
    printed = b""
    while len(printed) <= _MAX_BYTES and (part := await stream.read(_MAX_BYTES)):
        printed += part
    return printed
