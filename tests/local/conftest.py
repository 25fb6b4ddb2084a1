"""Real git repositories served over loopback, caches, and ways to launch into them."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
import trustme

from binderclip.cache import Cache
from binderclip.environment import Environment
from binderclip.events import Event, Progress, Ready
from binderclip.repositories import Repository
from binderclip.session import Session
from binderclip.spec.model import Reference
from binderclip.targets import Target
from binderclip.targets.local import LocalTarget, Plan


@pytest.fixture(autouse=True)
def _quiet_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of whoever runs the tests."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Does a process run? One that ended and waits for its parent does not."""

    def check(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return check


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """Shared by the tests of one worker: an environment with a kernel takes seconds to make."""
    return Cache(tmp_path_factory.mktemp("cache") / "shared")


@pytest.fixture
def fresh_cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@dataclass
class Origin:
    """A repository to fetch from. ``path`` is bare, so that servers can give it out."""

    work: Path
    path: Path

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "core.hooksPath="]
        done = subprocess.run(
            ["git", "-C", str(self.work), *who, *words], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | Path], *, message: str = "change") -> str:
        """Write files (a Path is a link to there), commit on the current branch, publish."""
        for name, content in files.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if isinstance(content, Path):
                path.symlink_to(content)
            else:
                path.write_text(content)
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        self.publish()
        return self.git("rev-parse", "HEAD")

    def publish(self) -> None:
        self.git("push", "-q", "--force", "--all", str(self.path))
        self.git("push", "-q", "--force", "--tags", str(self.path))

    @property
    def reference(self) -> Reference:
        return Reference(f"file://{self.path.parent}", self.path.name)


@pytest.fixture
def make_origin(tmp_path: Path) -> Callable[..., Origin]:
    def make(name: str = "origin", *, kind: str = "sha1") -> Origin:
        folder = tmp_path / "origins"
        work, bare = folder / f"{name}-work", folder / f"{name}.git"
        for path, more in ((work, ()), (bare, ("--bare",))):
            command = ["git", "init", "-q", "-b", "main", f"--object-format={kind}", *more]
            subprocess.run([*command, str(path)], check=True)
        return Origin(work, bare)

    return make


@pytest.fixture
def origin(make_origin: Callable[..., Origin]) -> Origin:
    return make_origin()


class _Backend(BaseHTTPRequestHandler):
    """``git http-backend`` as CGI. https://git-scm.com/docs/git-http-backend"""

    root: Path
    variables: Mapping[str, str]
    seen: list[str]

    def do_GET(self) -> None:
        self._run(b"")

    def do_POST(self) -> None:
        self._run(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _run(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        self.seen.append(self.path)
        if "/private.git/" in path:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            **self.variables,
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environ, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Served:
    """A running server: its base address, and the paths that were asked for."""

    url: str
    seen: list[str] = field(default_factory=list)


@contextmanager
def serving(
    root: Path, *, tls: ssl.SSLContext | None = None, variables: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Serve a folder of bare repositories over http, or https with a context."""
    seen: list[str] = []
    given = {"root": root, "variables": variables or {}, "seen": seen}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Backend", (_Backend,), given))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        scheme = "https" if tls else "http"
        yield Served(f"{scheme}://127.0.0.1:{server.server_port}", seen)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def serve() -> Callable[..., AbstractContextManager[Served]]:
    """``serving``, for tests that do not import it."""
    return serving


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's context; git trusts its authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("GIT_SSL_CAINFO", str(path))
    return context


@asynccontextmanager
async def _no_lock(name: str) -> AsyncIterator[None]:  # noqa: ARG001 - the seam's own name
    yield


@pytest.fixture
def open_repository(tmp_path: Path) -> Callable[..., Repository]:
    def make(url: str, **named: bool) -> Repository:
        return Repository(url, tmp_path / "repositories", _no_lock, **named)

    return make


@dataclass
class Launched:
    """What a launch told, and its session."""

    events: Sequence[Event]
    session: Session

    @property
    def told(self) -> list[str]:
        return [event.message for event in self.events if isinstance(event, Progress)]


async def _launch(target: Target, env: Environment) -> Launched:
    events: list[Event] = []
    async with aclosing(target.launch(env)) as stream:
        events.extend([event async for event in stream])
    last = events[-1]
    assert isinstance(last, Ready)
    return Launched(events, last.session)


@dataclass
class Approvals:
    """An ``approve`` that says yes and remembers, or raises what it was given."""

    plans: list[Plan] = field(default_factory=list)
    refuse: Exception | None = None

    def __call__(self, plan: Plan) -> None:
        self.plans.append(plan)
        if self.refuse:
            raise self.refuse


@pytest.fixture
def approvals() -> Approvals:
    return Approvals()


@pytest.fixture
def local(cache: Cache, approvals: Approvals) -> LocalTarget:
    return LocalTarget(cache, approvals)


@pytest.fixture
def launched() -> Iterator[Callable[[LocalTarget, Environment], Launched]]:
    """Launch to Ready; sessions are stopped at the end."""
    begun: list[tuple[LocalTarget, Session]] = []

    def run(target: LocalTarget, env: Environment) -> Launched:
        found = asyncio.run(_launch(target, env))
        begun.append((target, found.session))
        return found

    yield run
    for target, session in begun:
        asyncio.run(target.stop(session))
