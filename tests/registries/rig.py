"""A real registry (Debian's ``docker-registry``) on loopback with images made by hand, for any
suite. It starts in under a second and ends with the test run, even where that is killed.

    from tests.registries.rig import registry

    def test_it(tmp_path: Path, lacking: Callable[[str, str], NoReturn]) -> None:
        with registry(tmp_path, lacking) as there:              # auth="basic" or auth="token"
            digest = there.push("a/b", "1.0")                   # an OCI manifest for linux/amd64
            there.push("a/b", "1.0", content="other")           # the tag moves on
            there.push("a/b", "old", kind="docker")             # Docker's own v2 manifest
            there.push_index("a/b", "2.0", platforms=("linux/amd64", "linux/arm64"))
            there.remove("a/b", digest)                         # withdrawn
            there.reference("a/b")                              # {"host": "http://127.0.0.1:…", …}
            there.image("a/b:1.0")                              # as in a FROM line, no scheme

With "basic" all need the login ``there.user``, ``there.password``. With "token" the registry sends
askers to a token server of the test, where names below ``public/`` are everybody's and all others
need the login; ``there.grants`` lists what that server was asked for.
``there.docker_config(folder)`` writes a config.json with the login, for $DOCKER_CONFIG.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeAlias

from tests.registries.tokens import Grants, token_server

Auth: TypeAlias = Literal["none", "basic", "token"]
Kind: TypeAlias = Literal["oci", "docker"]

_LEASH = Path(__file__).resolve().parent.parent / "hubs" / "leash.py"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

INDEX: dict[Kind, str] = {
    "oci": "application/vnd.oci.image.index.v1+json",
    "docker": "application/vnd.docker.distribution.manifest.list.v2+json",
}
MANIFEST: dict[Kind, str] = {
    "oci": "application/vnd.oci.image.manifest.v1+json",
    "docker": "application/vnd.docker.distribution.manifest.v2+json",
}
_CONFIG: dict[Kind, str] = {
    "oci": "application/vnd.oci.image.config.v1+json",
    "docker": "application/vnd.docker.container.image.v1+json",
}
_LAYER: dict[Kind, str] = {
    "oci": "application/vnd.oci.image.layer.v1.tar",
    "docker": "application/vnd.docker.image.rootfs.diff.tar",
}


@dataclass
class Registry:
    """``url`` is ``http://127.0.0.1:PORT``, ``host`` the same without the scheme."""

    url: str
    auth: Auth
    user: str = "ann"
    password: str = field(default="a-password-nobody-may-see", repr=False)
    grants: Grants | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def reference(self, name: str, ref: str | None = None) -> dict[str, str]:
        """``metadata.binder.image`` of an image here."""
        return {"host": self.url, "path": name, **({"ref": ref} if ref else {})}

    def image(self, text: str) -> str:
        """``NAME[:TAG]`` as a FROM line has it."""
        return f"{self.host}/{text}"

    def push(
        self,
        name: str,
        tag: str | None,
        *,
        kind: Kind = "oci",
        content: str = "",
        platform: str = "linux/amd64",
    ) -> str:
        """An image of one platform; its digest. The same content has the same digest."""
        manifest = self._manifest(name, kind, content, platform)
        return self._put(name, tag, manifest, MANIFEST[kind])

    def push_index(
        self,
        name: str,
        tag: str | None,
        *,
        kind: Kind = "oci",
        content: str = "",
        platforms: Sequence[str] = ("linux/amd64", "linux/arm64"),
    ) -> str:
        """An image of several platforms ("linux/arm64/v8" has a variant); the index's digest."""
        entries = []
        for platform in platforms:
            data = _encoded(self._manifest(name, kind, content, platform))
            digest = self._put(name, None, json.loads(data), MANIFEST[kind])
            system, processor, *variant = platform.split("/")
            described = {"os": system, "architecture": processor}
            described |= {"variant": variant[0]} if variant else {}
            entries.append(
                {
                    "mediaType": MANIFEST[kind],
                    "digest": digest,
                    "size": len(data),
                    "platform": described,
                }
            )
        index = {"schemaVersion": 2, "mediaType": INDEX[kind], "manifests": entries}
        return self._put(name, tag, index, INDEX[kind])

    def remove(self, name: str, digest: str) -> None:
        """Take back a manifest, and with it every tag that leads to it."""
        self._ask("DELETE", f"{self.url}/v2/{name}/manifests/{digest}", name)

    def docker_config(self, folder: Path, login: Mapping[str, str] | None = None) -> Path:
        """``folder``, with a config.json as ``docker login`` leaves it."""
        folder.mkdir(parents=True, exist_ok=True)
        auth = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        auths = {self.host: dict(login or {"auth": auth})}
        (folder / "config.json").write_text(json.dumps({"auths": auths}))
        return folder

    def _manifest(self, name: str, kind: Kind, content: str, platform: str) -> dict[str, Any]:
        system, processor, *variant = platform.split("/")
        config = {"os": system, "architecture": processor, "config": {"Labels": {"it": content}}}
        config |= {"variant": variant[0]} if variant else {}
        return {
            "schemaVersion": 2,
            "mediaType": MANIFEST[kind],
            "config": self._blob(name, _encoded(config), _CONFIG[kind]),
            "layers": [self._blob(name, b"no real layer", _LAYER[kind])],
        }

    def _blob(self, name: str, data: bytes, kind: str) -> dict[str, Any]:
        digest = _digest(data)
        begun = self._ask("POST", f"{self.url}/v2/{name}/blobs/uploads/", name)
        place = urllib.parse.urljoin(self.url, begun["Location"])
        where = f"{place}{'&' if '?' in place else '?'}digest={digest}"
        self._ask("PUT", where, name, data, "application/octet-stream")
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    def _put(self, name: str, tag: str | None, manifest: Mapping[str, Any], kind: str) -> str:
        data = _encoded(manifest)
        digest = _digest(data)
        self._ask("PUT", f"{self.url}/v2/{name}/manifests/{tag or digest}", name, data, kind)
        return digest

    def _ask(
        self, method: str, url: str, name: str, data: bytes | None = None, kind: str = ""
    ) -> Mapping[str, str]:
        headers = {"Content-Type": kind} if kind else {}
        if self.auth == "basic":
            both = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            headers["Authorization"] = f"Basic {both}"
        elif self.grants is not None:
            token = self.grants.token(name, ("pull", "push", "delete"))
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with _OPENER.open(request, timeout=20) as response:
                return dict(response.headers)
        except urllib.error.HTTPError as error:
            with error:
                words = error.read(4000).decode("utf-8", "replace")
            raise AssertionError(f"{method} {url}: {error.code} {words}") from error


@contextmanager
def registry(
    folder: Path, lacking: Callable[[str, str], NoReturn], *, auth: Auth = "none"
) -> Iterator[Registry]:
    """A registry of its own, empty, its files in a new folder below ``folder``."""
    for command, needed in (("docker-registry", True), ("htpasswd", auth == "basic")):
        if needed and shutil.which(command) is None:
            lacking(command, "dev/test")
    number = len(list(folder.glob("registry-*")))
    place = folder / f"registry-{number}"
    place.mkdir(parents=True)
    there = Registry("", auth)
    if auth != "token":
        with _serving(place, there):
            yield there
        return
    there.grants = Grants(there.user, there.password)
    with token_server(there.grants) as realm:
        there.grants.realm = realm
        (place / "root.pem").write_bytes(there.grants.certificate)
        with _serving(place, there):
            yield there


@contextmanager
def _serving(place: Path, there: Registry) -> Iterator[None]:
    log = place / "log"
    (place / "config.yml").write_text(json.dumps(_settings(place, there)))
    command = [sys.executable, str(_LEASH), str(log), "docker-registry", "serve"]
    with subprocess.Popen(
        [*command, str(place / "config.yml")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as leash:
        try:
            there.url = f"http://127.0.0.1:{_port(log)}"
            yield
        finally:
            leash.communicate()


def _settings(place: Path, there: Registry) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "info"},
        "storage": {
            "filesystem": {"rootdirectory": str(place / "data")},
            "delete": {"enabled": True},
        },
        "http": {"addr": "127.0.0.1:0", "secret": "only for tests"},
    }
    if there.auth == "basic":
        words = ["htpasswd", "-Bbn", "-C", "4", there.user, there.password]
        (place / "users").write_bytes(subprocess.run(words, capture_output=True, check=True).stdout)
        settings["auth"] = {"htpasswd": {"realm": "test", "path": str(place / "users")}}
    elif there.grants is not None:
        settings["auth"] = {
            "token": {
                "realm": there.grants.realm,
                "service": there.grants.service,
                "issuer": there.grants.issuer,
                "rootcertbundle": str(place / "root.pem"),
            }
        }
    return settings


def _port(log: Path, within_s: float = 30) -> int:
    """Which port the system gave it: it says so itself."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        text = log.read_text("utf-8", "replace") if log.exists() else ""
        _, found, rest = text.partition("listening on 127.0.0.1:")
        if found and not rest[:6].isdigit():
            return int(rest[: next(i for i, c in enumerate(rest) if not c.isdigit())])
        time.sleep(0.02)
    raise AssertionError(f"docker-registry did not start: {text[-2000:]}")


def _encoded(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=3).encode()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
