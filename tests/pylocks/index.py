"""A real, small package index on loopback, whose packages can come and go while it runs.

Pages: https://packaging.python.org/en/latest/specifications/simple-repository-api/ in HTML and in
JSON, whichever is asked for. Wheels and sdists are made by hand: no build tool is needed.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

JSON_PAGE = "application/vnd.pypi.simple.v1+json"


@dataclass
class File:
    """A file of a project's page, and where it lies."""

    path: Path
    sha256: str
    requires_python: str | None = None
    yanked: str | None = None
    hashed: bool = True


@dataclass
class Index:
    """``url`` is what ``--index-url`` takes; ``seen``: the paths that were asked for, in order.

    ``login`` ("name:password") makes it ask for one; ``broken`` makes it answer that status;
    its pages may be kept for ``max_age_s``, as those of large indexes may.
    """

    folder: Path
    origin: str = ""
    seen: list[str] = field(default_factory=list)
    login: str | None = None
    broken: int | None = None
    max_age_s: int = 600
    projects: dict[str, dict[str, File]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.origin}/simple/"

    def add(
        self,
        name: str,
        version: str,
        *,
        requires: Sequence[str] = (),
        extras: Mapping[str, Sequence[str]] | None = None,
        sdist_only: bool = False,
        sdist: bool = False,
        tag: str = "py3-none-any",
        requires_python: str | None = None,
        setup: str = "",
        files: Mapping[str, str] | None = None,
        hashed: bool = True,
    ) -> str:
        """Publish a version; return the SHA-256 of its wheel (of its sdist, without a wheel).

        The wheel holds one module of the distribution's name, with ``__version__``, and ``files``
        besides. See ``source`` for sdists and ``setup``. ``hashed=False``: the pages tell none.
        """
        meta = metadata(name, version, requires, extras or {}, requires_python)
        made = {}
        if not sdist_only:
            stem = f"{re.sub('[-.]+', '_', name)}-{version}"
            made[f"{stem}-{tag}.whl"] = wheel(name, version, meta, tag=tag, files=files or {})
        if sdist or sdist_only:
            filename, content = source(name, version, requires, setup)
            made[filename] = content
        page = self.projects.setdefault(canonical(name), {})
        for filename, content in made.items():
            path = self.folder / filename
            path.write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            page[filename] = File(path, digest, requires_python, hashed=hashed)
        return page[next(iter(made))].sha256

    def remove(self, name: str, version: str | None = None) -> None:
        """Take a version off the index, or the whole project."""
        if version is None:
            del self.projects[canonical(name)]
            return
        page = self.projects[canonical(name)]
        for filename in [f for f in page if f"-{version}" in f]:
            del page[filename]

    def yank(self, name: str, version: str, why: str = "") -> None:
        for filename, file in self.projects[canonical(name)].items():
            if f"-{version}" in filename:
                file.yanked = why

    def replace(self, name: str, version: str) -> None:
        """Other bytes under the same names, as an index should never have."""
        for filename, file in self.projects[canonical(name)].items():
            if f"-{version}" in filename:
                content = file.path.read_bytes()
                with zipfile.ZipFile(file.path, "a") as archive:
                    archive.comment = b"rebuilt"
                assert file.path.read_bytes() != content
                file.sha256 = hashlib.sha256(file.path.read_bytes()).hexdigest()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def metadata(
    name: str,
    version: str,
    requires: Sequence[str] = (),
    extras: Mapping[str, Sequence[str]] | None = None,
    requires_python: str | None = None,
) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Requires-Dist: {one}" for one in requires]
    for extra, more in (extras or {}).items():
        lines.append(f"Provides-Extra: {extra}")
        for one in more:
            requirement, _, marker = one.partition(";")
            when = f'({marker.strip()}) and extra == "{extra}"' if marker else f'extra == "{extra}"'
            lines.append(f"Requires-Dist: {requirement.strip()}; {when}")
    return "\n".join(lines) + "\n"


def wheel(
    name: str,
    version: str,
    meta: str | None = None,
    *,
    tag: str = "py3-none-any",
    files: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a wheel; the same arguments give the same bytes."""
    module = re.sub("[-.]+", "_", name)
    info = f"{module}-{version}.dist-info"
    content = {
        f"{module}.py": f"__version__ = {version!r}\n",
        **(files or {}),
        f"{info}/METADATA": meta or metadata(name, version),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(_recorded(path, text) for path, text in content.items())
    content[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in content.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


_BACKEND = """
{setup}
import base64, os

WHEEL = base64.b64decode({wheel!r})


def build_wheel(folder, config_settings=None, metadata_directory=None):
    with open(os.path.join(folder, {filename!r}), "wb") as stream:
        stream.write(WHEEL)
    return {filename!r}
"""


def source(name: str, version: str, requires: Sequence[str], setup: str) -> tuple[str, bytes]:
    """An sdist that tells what it requires only when its code runs: a build backend of its own,
    which needs no other package, runs ``setup`` first.
    """
    stem = f"{re.sub('[-.]+', '_', name)}-{version}"
    filename = f"{stem}-py3-none-any.whl"
    made = base64.b64encode(wheel(name, version, metadata(name, version, requires))).decode()
    content = {
        "backend.py": _BACKEND.format(setup=setup, wheel=made, filename=filename),
        "pyproject.toml": (
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        ),
        "PKG-INFO": f"Metadata-Version: 1.1\nName: {name}\nVersion: {version}\n",
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, text in content.items():
            info = tarfile.TarInfo(f"{stem}/{path}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return f"{stem}.tar.gz", out.getvalue()


@contextmanager
def index(folder: Path) -> Iterator[Index]:
    """Serve an empty index; what is added lies in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    given = Index(folder)
    handler = type("Pages", (_Pages,), {"index": given})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    given.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield given
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Pages(BaseHTTPRequestHandler):
    index: Index
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        self.index.seen.append(self.path)
        status, kind, content = self._found()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="packages"')
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", f"max-age={self.index.max_age_s}")
        self.end_headers()
        if body:
            self.wfile.write(content)

    def _found(self) -> tuple[int, str, bytes]:
        if self.index.broken:
            return self.index.broken, "text/plain", b"broken"
        if self.index.login is not None:
            wanted = base64.b64encode(self.index.login.encode()).decode()
            if self.headers.get("Authorization") != f"Basic {wanted}":
                return 401, "text/plain", b"who are you?"
        parts = [part for part in self.path.partition("?")[0].split("/") if part]
        if parts[:1] == ["files"] and len(parts) == 2:
            for page in self.index.projects.values():
                if parts[1] in page:
                    return 200, "application/octet-stream", page[parts[1]].path.read_bytes()
        if parts[:1] == ["simple"] and len(parts) == 2 and parts[1] in self.index.projects:
            return self._page(parts[1])
        return 404, "text/plain", b"no such project"

    def _page(self, name: str) -> tuple[int, str, bytes]:
        page = self.index.projects[name]
        if JSON_PAGE in self.headers.get("Accept", ""):
            files = [_in_json(filename, file) for filename, file in page.items()]
            whole = {"meta": {"api-version": "1.0"}, "name": name, "files": files}
            return 200, JSON_PAGE, json.dumps(whole).encode()
        links = "\n".join(_in_html(filename, file) for filename, file in page.items())
        return 200, "text/html", f"<!DOCTYPE html><html><body>{links}</body></html>".encode()

    def log_message(self, *_: object) -> None:
        pass


def _in_json(filename: str, file: File) -> dict[str, object]:
    entry: dict[str, object] = {
        "filename": filename,
        "url": f"/files/{filename}",
        "hashes": {"sha256": file.sha256} if file.hashed else {},
    }
    if file.requires_python:
        entry["requires-python"] = file.requires_python
    if file.yanked is not None:
        entry["yanked"] = file.yanked or True
    return entry


def _in_html(filename: str, file: File) -> str:
    wanted = file.requires_python
    more = f' data-requires-python="{html.escape(wanted)}"' if wanted else ""
    more += f' data-yanked="{html.escape(file.yanked)}"' if file.yanked is not None else ""
    fragment = f"#sha256={file.sha256}" if file.hashed else ""
    return f'<a href="/files/{filename}{fragment}"{more}>{filename}</a><br>'


def _recorded(path: str, text: str) -> str:
    content = text.encode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(content)}\n"
