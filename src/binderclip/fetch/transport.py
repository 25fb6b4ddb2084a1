"""httpx over connections that a guard allows.

The guard's answer and the connection are one step, in ``connect_tcp``: nothing can be resolved
anew between the check and the use. TLS verifies the name that was asked for, and so says Host.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from binderclip.errors import SourceError
from binderclip.guard import Guard

_FIRST_TRY_S = 2.0
"""Another address of the host is tried after that long; only the last gets all the time left."""


def environment_proxy(scheme: str, host: str) -> str:
    """The address of the environment's proxy for ``host``, or an empty string. ``NO_PROXY`` is
    honoured.
    """
    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(host):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


class GuardedBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        endpoints = await self._guard.endpoints(host, port)
        until = None if timeout is None else time.monotonic() + timeout
        for address, number in endpoints[:-1]:
            left = _FIRST_TRY_S if until is None else min(_FIRST_TRY_S, until - time.monotonic())
            try:
                return await self._backend.connect_tcp(
                    address, number, left, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        address, number = endpoints[-1]
        left_s = None if until is None else max(0.0, until - time.monotonic())
        return await self._backend.connect_tcp(
            address, number, left_s, local_address, socket_options
        )

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class GuardedTransport(httpx.AsyncBaseTransport):
    """One fetch's connections; through the environment's proxies where the guard is personal.

    Exceptions are httpcore's own: the caller translates them.
    """

    def __init__(self, guard: Guard) -> None:
        self._personal = guard.personal
        self._backend = GuardedBackend(guard)
        self._tls = httpx.create_ssl_context(trust_env=guard.personal)
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        response = await self._pool(url.scheme, url.host).handle_async_request(asked)
        return httpx.Response(response.status, headers=response.headers, stream=_Stream(response))

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()

    def _pool(self, scheme: str, host: str) -> httpcore.AsyncConnectionPool:
        proxy = environment_proxy(scheme, host) if self._personal else ""
        if proxy not in self._pools:
            self._pools[proxy] = self._new_pool(proxy)
        return self._pools[proxy]

    def _new_pool(self, proxy: str) -> httpcore.AsyncConnectionPool:
        if not proxy:
            return httpcore.AsyncConnectionPool(
                ssl_context=self._tls, network_backend=self._backend
            )
        try:
            url = httpx.Proxy(proxy)
        except (ValueError, httpx.InvalidURL) as exc:
            raise _bad_proxy() from exc
        place = httpcore.URL(
            scheme=url.url.raw_scheme, host=url.url.raw_host, port=url.url.port, target=b"/"
        )
        if url.url.scheme.startswith("socks"):
            try:
                return httpcore.AsyncSOCKSProxy(
                    place, url.raw_auth, self._tls, network_backend=self._backend
                )
            except (ImportError, RuntimeError) as exc:
                raise SourceError(
                    "found a SOCKS proxy in the environment, which needs a package more",
                    hint="pip install 'httpx[socks]', or unset ALL_PROXY",
                ) from exc
        return httpcore.AsyncHTTPProxy(
            place,
            url.raw_auth,
            ssl_context=self._tls,
            proxy_ssl_context=self._tls if url.url.scheme == "https" else None,
            network_backend=self._backend,
        )


def _bad_proxy() -> SourceError:
    return SourceError(
        "found a proxy in the environment that cannot be used, expected http://HOST:PORT",
        hint="look at HTTP_PROXY, HTTPS_PROXY and ALL_PROXY",
    )


class _Stream(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._response.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()
