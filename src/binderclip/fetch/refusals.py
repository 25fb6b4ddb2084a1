"""What a server's refusal means, for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from binderclip.addresses.link import Link
from binderclip.addresses.masking import masked
from binderclip.errors import SourceError
from binderclip.fetch.misses import NotThere

_LONGEST_WAIT_S = 10 * 24 * 3600
_LIMITING = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})

# Whose answer to what is private is "not found".
_HIDING: dict[str, str] = {
    "raw.githubusercontent.com": "a private repository",
    "github.com": "a private repository",
    "api.github.com": "a deleted gist",
    "bitbucket.org": "a private repository",
    "huggingface.co": "a private or gated repository",
    "doi.org": "a DOI that was never registered",
    "www.dropbox.com": "a link that was withdrawn, or that lost its rlkey",
    "docs.google.com": "a file that is not shared with everybody",
    "api.onedrive.com": "a link that was withdrawn",
}


def refused(status: int, headers: Mapping[str, str], link: Link) -> SourceError:
    """The error for any status but success and redirects."""
    place = masked(link.url)
    if status in _LIMITING or _github_limit(status, headers):
        return _wait(status, headers, link)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}:
        return SourceError(
            f"{place}: {link.host} wants a login ({status})",
            hint="if it is private, download the notebook in a browser, and give its path",
        )
    if status == HTTPStatus.FORBIDDEN:
        return SourceError(
            f"{place}: {link.host} refused ({status}): private, or closed to programs",
            hint="download the notebook in a browser, and give its path",
        )
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        hidden = _HIDING.get(link.host, "something private, which many servers hide like that")
        return NotThere(
            f"{place}: not found ({status}): a wrong ref or path, or {hidden}",
            hint="open the address in a browser to see which",
        )
    reason = _reason(status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SourceError(f"{place}: {link.host} has a fault ({reason})", hint="try again later")
    return SourceError(f"{place}: {link.host} answered {reason}, expected a notebook")


def _reason(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _github_limit(status: int, headers: Mapping[str, str]) -> bool:
    return status == HTTPStatus.FORBIDDEN and headers.get("x-ratelimit-remaining") == "0"


def _wait(status: int, headers: Mapping[str, str], link: Link) -> SourceError:
    seconds = _retry_after_s(headers)
    when = f"in {_duration(seconds)}" if seconds else "in some minutes"
    busy = "is busy" if status == HTTPStatus.SERVICE_UNAVAILABLE else "limits how often it is asked"
    return SourceError(
        f"{masked(link.url)}: {link.host} {busy} ({status})", hint=f"try again {when}"
    )


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """``Retry-After`` in seconds or as a date, or GitHub's time of reset; None without any."""
    value = headers.get("retry-after", "").strip()
    now = datetime.now(UTC)
    if value.isdecimal():
        seconds = float(value[:12])
    elif value:
        from email.utils import parsedate_to_datetime  # noqa: PLC0415 - only on the way to an error

        try:
            date = parsedate_to_datetime(value)
            seconds = (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
        except ValueError:
            return None
    else:
        reset = headers.get("x-ratelimit-reset", "")
        seconds = float(reset[:12]) - now.timestamp() if reset.isdecimal() else 0
    return seconds if 0 < seconds <= _LONGEST_WAIT_S else None


def _duration(seconds: float) -> str:
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{-(-seconds // size):.0f} {unit}"
    return f"{max(seconds, 1):.0f} seconds"
