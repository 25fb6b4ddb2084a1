"""What httpx, httpcore and TLS raise, as errors of ours."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urljoin

import httpcore
import httpx

from binderclip.addresses.link import Link, parse
from binderclip.addresses.masking import masked
from binderclip.errors import AddressForbidden, BinderclipError, SourceError, TooLarge


@contextmanager
def translated(link: Link, failure: type[BinderclipError] = SourceError) -> Iterator[None]:
    """Raise ``failure`` for whatever keeps ``link`` from answering. Neither of the libraries has
    one root for all of its own.
    """
    try:
        yield
    except (AddressForbidden, TooLarge):
        raise
    except SourceError as exc:  # the guard's word on names, and a body that cannot be read
        if failure is SourceError:
            raise
        raise failure(f"{masked(link.url)}: {exc.message}", hint=exc.hint) from exc
    except (httpx.TimeoutException, httpcore.TimeoutException) as exc:
        raise late(link, failure) from exc
    except (httpx.ProxyError, httpcore.ProxyError) as exc:
        raise failure(
            f"{masked(link.url)}: the proxy of this environment refused",
            hint="look at HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY",
        ) from exc
    except (httpcore.ConnectError, ssl.SSLError) as exc:
        raise _unreachable(link, exc, failure) from exc
    except (httpcore.NetworkError, httpcore.ProtocolError, httpx.TransportError) as exc:
        raise failure(
            f"{masked(link.url)}: the connection to {link.host} broke before all had come",
            hint="try again",
        ) from exc
    except (httpx.InvalidURL, httpcore.UnsupportedProtocol, UnicodeError) as exc:
        raise failure(
            f"found {masked(link.url)!r}, expected an address such as https://example.org/x"
        ) from exc


def late(link: Link, failure: type[BinderclipError]) -> BinderclipError:
    return failure(
        f"{masked(link.url)}: {link.host} did not answer in time",
        hint="try again; if it stays so, ask those who run it",
    )


def redirected(link: Link, location: str, failure: type[BinderclipError] = SourceError) -> Link:
    """Where a redirect leads. Raises ``failure`` for anything but http(s), or less safe."""
    try:
        following = parse(urljoin(link.url, location))
    except (SourceError, ValueError) as exc:
        raise failure(
            f"{masked(link.url)}: redirects to something that is no http(s) address"
        ) from exc
    if link.scheme == "https" and following.scheme == "http":
        raise failure(
            f"{masked(link.url)}: redirects from https to http, to {masked(following.url)}",
            hint="if you trust that, give the second address yourself",
        )
    return following


@asynccontextmanager
async def within(seconds: float, error: BinderclipError) -> AsyncIterator[None]:
    """Raise ``error`` where all that is done in it takes longer."""
    clock = asyncio.timeout(seconds)
    try:
        async with clock:
            yield
    except TimeoutError as exc:
        if not clock.expired():
            raise
        raise error from exc


def _unreachable(link: Link, exc: BaseException, failure: type[BinderclipError]) -> BinderclipError:
    if "CERTIFICATE_VERIFY_FAILED" in str(exc):
        return failure(
            f"{masked(link.url)}: the certificate of {link.host} is not one to be trusted",
            hint="for an authority of your own, set SSL_CERT_FILE to its certificate",
        )
    return failure(
        f"{masked(link.url)}: no connection to {link.host}",
        hint="check the address, and that this machine is online",
    )
