"""A conda channel of hand-made packages.

    with channel(folder) as ch:
        ch.add("numpy", "2.1", depends=["python >=3.11"], files={"share/x": b"…"})
        ch.url              # file:///…
        ch.http             # http://127.0.0.1:PORT, served while the block runs
        ch.remove(…), ch.replace(…)

The index is made anew with each change, by py-rattler's own indexer.
"""

from __future__ import annotations

import asyncio
import bz2
import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rattler import index


@dataclass(frozen=True, slots=True)
class ChannelFolder:
    """``url``: over file://; ``http``: over loopback; ``asked``: the paths asked for there;
    ``statuses``: a part of a path to the HTTP status that is answered there instead.
    """

    folder: Path
    http: str
    asked: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def add(
        self,
        name: str,
        version: str,
        *,
        build: str = "0",
        number: int = 0,
        depends: Sequence[str] = (),
        files: Mapping[str, bytes | tuple[bytes, int]] | None = None,
        links: Mapping[str, str] | None = None,
        prefixed: Mapping[str, str] | None = None,
        noarch: str | None = "generic",
        subdir: str = "noarch",
        entry_points: Sequence[str] = (),
        indexed: bool = True,
    ) -> Path:
        """Write a package (``.tar.bz2``), and index the channel unless ``indexed`` is False.

        ``files``: content, or content and mode (0o755 for what lies in ``bin``). ``links``: path to
        what it links to. ``prefixed``: path of a text or binary to the placeholder of the prefix
        in it. ``noarch``: "generic", "python" (files in ``site-packages/``, with ``entry_points``
        like "x = x:main"), or None for a package of a platform, whose ``subdir`` names it.
        """
        about = {
            "name": name,
            "version": version,
            "build": build,
            "build_number": number,
            "depends": list(depends),
            "subdir": subdir,
            "timestamp": 1_700_000_000_000,
            **({"noarch": noarch} if noarch else {}),
        }
        entries = {path: _entry(path, one) for path, one in (files or {}).items()}
        info = {"info/index.json": about, "info/paths.json": _paths(entries, links, prefixed)}
        if noarch == "python":
            info["info/link.json"] = {
                "noarch": {"type": "python", "entry_points": list(entry_points)},
                "package_metadata_version": 1,
            }
        texts = {path: json.dumps(value).encode() for path, value in info.items()}
        texts["info/files"] = "".join(f"{path}\n" for path in entries).encode()
        place = self.folder / subdir
        place.mkdir(parents=True, exist_ok=True)
        target = place / f"{name}-{version}-{build}.tar.bz2"
        archive = _archive(texts, entries, links or {})
        staged = target.with_suffix(".new")
        staged.write_bytes(bz2.compress(archive, 1))
        staged.replace(target)
        if indexed:
            self.index()
        return target

    def remove(self, name: str, version: str, *, build: str = "0", subdir: str = "noarch") -> None:
        (self.folder / subdir / f"{name}-{version}-{build}.tar.bz2").unlink()
        self.index()

    def index(self) -> None:
        # Called from tests with and without a running loop.
        def work() -> None:
            asyncio.run(
                index.index_fs(self.folder, write_zst=False, write_shards=False, force=True)
            )

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()


@contextmanager
def channel(folder: Path) -> Iterator[ChannelFolder]:
    (folder / "noarch").mkdir(parents=True, exist_ok=True)
    asked: list[str] = []
    statuses: dict[str, int] = {}
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0),
        partial(_Quiet, directory=os.fspath(folder), asked=asked, statuses=statuses),
    )
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    made = ChannelFolder(folder, f"http://127.0.0.1:{server.server_port}", asked, statuses)
    try:
        made.index()
        yield made
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


class _Quiet(SimpleHTTPRequestHandler):
    def __init__(
        self, *args: Any, asked: list[str], statuses: dict[str, int], **options: Any
    ) -> None:
        self._asked, self._statuses = asked, statuses
        super().__init__(*args, **options)

    def do_GET(self) -> None:
        self._asked.append(self.path)
        for part, status in self._statuses.items():
            if part in self.path:
                self.send_error(status)
                return
        # Indexes change more than once within the second that a file's date tells.
        del self.headers["If-Modified-Since"]
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


def _entry(path: str, one: bytes | tuple[bytes, int]) -> tuple[bytes, int]:
    if isinstance(one, tuple):
        return one
    return one, 0o755 if path.startswith("bin/") else 0o644


def _paths(
    entries: Mapping[str, tuple[bytes, int]],
    links: Mapping[str, str] | None,
    prefixed: Mapping[str, str] | None,
) -> dict[str, object]:
    paths: list[dict[str, object]] = []
    for path, (content, _) in entries.items():
        one: dict[str, object] = {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_in_bytes": len(content),
        }
        if prefixed and path in prefixed:
            mode = "binary" if b"\0" in content else "text"
            one |= {"file_mode": mode, "prefix_placeholder": prefixed[path]}
        paths.append(one)
    paths += [{"_path": path, "path_type": "softlink"} for path in links or {}]
    return {"paths": paths, "paths_version": 1}


def _archive(
    texts: Mapping[str, bytes], entries: Mapping[str, tuple[bytes, int]], links: Mapping[str, str]
) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, (content, mode) in {
            **{p: (c, 0o644) for p, c in texts.items()},
            **entries,
        }.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), mode
            archive.addfile(member, io.BytesIO(content))
        for path, target in links.items():
            member = tarfile.TarInfo(path)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return buffer.getvalue()
