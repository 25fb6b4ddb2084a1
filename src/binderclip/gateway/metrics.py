"""What Prometheus is told. No label has values that visitors choose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LAUNCH_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_REQUEST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})


class Metrics:
    """One of a process, with a registry of its own: several services can live in one process."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self._requests = Counter(
            "binderclip_requests",
            "Requests that were answered",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "binderclip_request_seconds",
            "From the request to the end of its answer; event streams are left out",
            ("route",),
            buckets=_REQUEST_S,
            registry=registry,
        )
        self._launches = Counter(
            "binderclip_launches", "Launches that ended", ("place", "outcome"), registry=registry
        )
        self._launch_seconds = Histogram(
            "binderclip_launch_seconds",
            "From the order to its end",
            ("place", "outcome"),
            buckets=_LAUNCH_S,
            registry=registry,
        )
        self._streams = Gauge(
            "binderclip_streams", "Event streams that are open", registry=registry
        )
        self._sessions = Gauge(
            "binderclip_sessions", "Sessions that this process keeps", ("place",), registry=registry
        )
        self._looks = Counter(
            "binderclip_looks", "Notebooks that were looked at", ("outcome",), registry=registry
        )

    def answered(
        self, method: str, route: str, status: int, seconds: float, *, stream: bool = False
    ) -> None:
        """``route`` is a template, such as ``/v2/launches/{id}``. A ``stream``'s time says nothing
        of how quick answers are.
        """
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        if not stream:
            self._seconds.labels(route).observe(seconds)

    def launched(self, place: str, outcome: str, seconds: float) -> None:
        """``place`` is a name of the settings; ``outcome`` is "ready", "stopped", or an error's
        code.
        """
        self._launches.labels(place, outcome).inc()
        self._launch_seconds.labels(place, outcome).observe(seconds)

    def looked(self, outcome: str) -> None:
        """``outcome`` is "read", or an error's code."""
        self._looks.labels(outcome).inc()

    def session(self, place: str, change: int) -> None:
        """One more of those that live in this process, or one less."""
        self._sessions.labels(place).inc(change)

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Around an event stream, while it is open."""
        self._streams.inc()
        try:
            yield
        finally:
            self._streams.dec()

    def text(self) -> bytes:
        """In Prometheus' text format, of which CONTENT_TYPE is the type."""
        return generate_latest(self.registry)
