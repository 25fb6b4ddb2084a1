"""py-rattler, and its errors put into ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from binderclip._version import __version__
from binderclip.addresses.masking import masked, printable
from binderclip.errors import (
    BinderclipError,
    BuildFailed,
    RateLimited,
    Refused,
    ResolveError,
    Unreachable,
)

if TYPE_CHECKING:
    from rattler import Subdir
    from rattler.networking import Client

_RETRIES = 2
_MAX_CHARS = 1500
_MAX_LINES = 15
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^\s'\"`<>)\]]+", re.IGNORECASE)
_TOKEN = re.compile(r"/t/[^/\s]+")
_NO_NETWORK = re.compile(
    r"error sending request|connect|dns error|timed? ?out|timeout|unreachable"
    r"|HTTP status server error|error decoding response body|end of file before message"
    r"|broken pipe|reset by peer",
    re.IGNORECASE,
)
_STATUS = re.compile(r"HTTP status client error \((?P<status>\d{3})")
_LOGIN, _PROXY_LOGIN, _BUSY = frozenset({"401", "403"}), "407", "429"
NOT_KEPT = "no usable repodata cache"
"""What py-rattler says where nothing was kept of a channel that it may not ask."""
_NO_CHANNEL = re.compile(r"could not find subdir '[^']*' in channel '(?P<url>[^']*)'")


def available() -> None:
    """Raises Refused, with what brings it, when py-rattler is not here."""
    try:
        import rattler  # noqa: F401, PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise Refused(
            "conda environments need py-rattler, which is not installed",
            hint="pip install 'binderclip[conda]'",
        ) from error


def subdir(platform: str) -> Subdir:
    """Raises Refused for a platform that conda does not have."""
    from rattler import Subdir  # noqa: PLC0415 - an extra
    from rattler.exceptions import ParseSubdirError  # noqa: PLC0415 - an extra

    try:
        return Subdir(platform)
    except ParseSubdirError as error:
        raise Refused(f"found the platform {platform!r}, expected one like 'linux-64'") from error


def client(*, public: bool = False) -> Client:
    """Tries again what may pass, and takes the logins that the person has stored for py-rattler's
    kin (pixi, rattler): each for its own host; a ``public`` one takes none.
    """
    from rattler.networking import Client  # noqa: PLC0415 - an extra
    from rattler.networking.middleware import (  # noqa: PLC0415 - an extra
        AuthenticationMiddleware,
        RetryMiddleware,
    )

    logins = [] if public else [AuthenticationMiddleware()]
    return Client([RetryMiddleware(_RETRIES), *logins], user_agent=f"binderclip/{__version__}")


def safe(text: str) -> str:
    """Words of py-rattler's as they may be shown: no secrets, no escapes, not too many."""
    clean = _URL.sub(lambda found: _TOKEN.sub("/t/***", masked(found[0])), text.strip())
    lines = [printable(line.rstrip(), 300) for line in clean.splitlines()]
    if len(lines) > _MAX_LINES:
        lines = [*lines[:_MAX_LINES], f"… and {len(lines) - _MAX_LINES} more lines"]
    shown = "\n".join(lines)
    return shown if len(shown) <= _MAX_CHARS else f"{shown[:_MAX_CHARS]}…"


@contextmanager
def translated(where: str) -> Iterator[None]:
    """py-rattler's errors as ours, their messages beginning with ``where``."""
    from rattler import exceptions  # noqa: PLC0415 - an extra

    try:
        yield
    except BinderclipError:
        raise
    except exceptions.SolverError as error:
        raise ResolveError(
            f"{where}: its packages do not go together. {explained(str(error))}"
        ) from error
    except (exceptions.GatewayError, exceptions.FetchRepoDataError) as error:
        raise _of_channel(where, str(error)) from error
    except exceptions.InvalidMatchSpecError as error:
        raise Refused(f"{where}: {safe(str(error))}") from error
    except (exceptions.InstallerError, exceptions.LinkError, exceptions.IoError) as error:
        raise _of_install(where, str(error)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise BuildFailed(f"{where}: py-rattler gave up ({safe(str(error))})") from error


def explained(text: str) -> str:
    """Why there is no solution, in py-rattler's words."""
    return safe(text.removeprefix("Cannot solve the request because of: "))


def _of_channel(where: str, text: str) -> BinderclipError:
    found = _NO_CHANNEL.search(text)
    status = _STATUS.search(text)
    at = f"the channel {safe(found['url'])}" if found else "a channel"
    if NOT_KEPT in text:
        return Unreachable(
            f"{where}: offline, and nothing is known of {safe(text.rpartition(' ')[2])}",
            hint="launch it once with a connection",
        )
    if status and (refusal := _of_status(where, at, status["status"])):
        return refusal
    if found and not _NO_NETWORK.search(text):
        return ResolveError(
            f"{where}: there is no channel at {safe(found['url'])}",
            hint="look at the names in 'channels'; a private one is known by its address",
        )
    if _NO_NETWORK.search(text):
        return Unreachable(f"{where}: {at} cannot be reached: {_cause(text)}")
    return ResolveError(f"{where}: {at} answers what no channel says: {_cause(text)}")


def _of_status(where: str, at: str, status: str) -> BinderclipError | None:
    if status in _LOGIN:
        return ResolveError(
            f"{where}: {at} asks for a login",
            hint="store one with 'rattler auth login' or 'pixi auth login'; it is used on your own "
            "command line",
        )
    if status == _PROXY_LOGIN:
        # reqwest drops the proxy's password, too, where it follows a redirect over plain http.
        return ResolveError(
            f"{where}: {at} cannot be asked: a proxy on the way wants a password",
            hint="if the channel redirects to another host over plain http, name it by the "
            "https:// address that it has there",
        )
    if status == _BUSY:
        return RateLimited(f"{where}: {at} wants fewer requests for a while")
    return None


def _cause(text: str) -> str:
    """On one line: what failed, and what lies at the bottom of it."""
    stripped = (line.strip().removeprefix("Caused by: ") for line in safe(text).splitlines())
    lines = [line for line in stripped if line] or ["no reason told"]
    first = next((line for line in lines if "://" in line), lines[0])
    return first if first == lines[-1] else f"{first} ({lines[-1]})"


def _of_install(where: str, text: str) -> BinderclipError:
    if _NO_NETWORK.search(text):
        return Unreachable(f"{where}: a package cannot be fetched: {_cause(text)}")
    return BuildFailed(f"{where}: its packages cannot be installed: {safe(text)}")
