"""Registries that want to know who asks; the person's logins, and where they never go."""

from __future__ import annotations

import base64
import json
import os
import traceback
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.registries.asking import asked, at
from tests.registries.rig import Registry

from binderclip.errors import BinderclipError, ConfigError, RateLimited, ResolveError
from binderclip.guard import PublicGuard
from binderclip.registries import Image, Login, StoredCredentials
from binderclip.registries.challenges import challenges

if TYPE_CHECKING:
    from tests.registries.conftest import NewRegistry

SECRET = "a-password-nobody-may-see"


class Kept:
    """Credentials that always have this login."""

    def __init__(self, login: Login) -> None:
        self._login = login

    async def login(self, image: Image) -> Login | None:  # noqa: ARG002
        return self._login


ANN = Kept(Login("ann", SECRET))


def helper(folder: Path, name: str, script: str) -> None:
    """A credential helper that logs what it is asked."""
    folder.mkdir(exist_ok=True)
    path = folder / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\ncat >> {folder}/asked\n{script}\n")
    path.chmod(0o755)


def test_basic(new_registry: NewRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = new_registry("basic")
    digest = there.push("a/b", "1")
    with pytest.raises(ResolveError, match="no such image, or it is private") as error:
        asked(lambda r: r.digest(at(there, "a/b", "1")))
    assert f"`docker login {there.host}`" in str(error.value.hint)
    monkeypatch.setenv("DOCKER_CONFIG", str(there.docker_config(tmp_path / "docker")))
    assert asked(lambda r: r.digest(at(there, "a/b", "1"))) == digest
    assert asked(lambda r: r.tags(at(there, "a/b"))) == ("1",)


def test_bearer_for_everybody(new_registry: NewRegistry) -> None:
    there = new_registry("token")
    digest = there.push("public/b", "1")
    assert asked(lambda r: r.digest(at(there, "public/b", "1"), platform="linux-64")) == digest
    assert there.grants is not None
    scope = "repository:public/b:pull"
    service = there.grants.service
    asks = {"method": "GET", "as": "nobody", "scope": scope, "service": service}
    assert there.grants.asked == [asks]  # one token for all that was asked
    with pytest.raises(ResolveError, match="no tag '2'"):
        asked(lambda r: r.digest(at(there, "public/b", "2")))


@pytest.mark.parametrize("field", ["token", "access_token"])
def test_bearer_with_a_login(
    new_registry: NewRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    there = new_registry("token")
    digest = there.push("own/b", "1")
    assert there.grants is not None
    there.grants.field = field
    with pytest.raises(ResolveError, match="or it is private"):
        asked(lambda r: r.digest(at(there, "own/b", "1")))
    monkeypatch.setenv("DOCKER_CONFIG", str(there.docker_config(tmp_path / "docker")))
    assert asked(lambda r: r.digest(at(there, "own/b", "1"))) == digest
    assert there.grants.asked[-1]["as"] == "ann"


def test_an_identity_token_is_exchanged(
    new_registry: NewRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = new_registry("token")
    digest = there.push("own/b", "1")
    assert there.grants is not None
    login = {
        "auth": base64.b64encode(b"ann:").decode(),
        "identitytoken": there.grants.refresh_token,
    }
    folder = there.docker_config(tmp_path / "docker", login)
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    assert asked(lambda r: r.digest(at(there, "own/b", "1"))) == digest
    assert there.grants.asked[-1]["method"] == "POST"


def test_an_old_login_does_not_lock_out(new_registry: NewRegistry) -> None:
    there = new_registry("token")
    digest = there.push("public/b", "1")
    stale = Kept(Login("ann", "last-year"))
    assert asked(lambda r: r.digest(at(there, "public/b", "1")), credentials=stale) == digest
    there.push("own/b", "1")
    with pytest.raises(ResolveError, match="the login that is kept for it was refused"):
        asked(lambda r: r.digest(at(there, "own/b", "1")), credentials=stale)
    basic = new_registry("basic")
    with pytest.raises(ResolveError, match="the login that is kept for it was refused"):
        asked(lambda r: r.digest(at(basic, "a/b", "1")), credentials=stale)


def test_a_token_that_ran_out_is_renewed(new_registry: NewRegistry) -> None:
    there = new_registry("token")
    digest = there.push("public/b", "1")
    assert there.grants is not None
    there.grants.lasts_s = -3600

    async def twice(registries: Any) -> str:
        with pytest.raises(ResolveError):
            await registries.exists(at(there, "public/b", "0"))
        assert there.grants is not None
        there.grants.lasts_s = 300
        return str(await registries.digest(at(there, "public/b", "1")))

    assert asked(twice) == digest


def test_credential_helpers(
    new_registry: NewRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = new_registry("basic")
    digest = there.push("a/b", "1")
    folder, config = tmp_path / "bin", tmp_path / "docker"
    answer = json.dumps({"ServerURL": there.host, "Username": "ann", "Secret": SECRET})
    helper(folder, "test", f"[ $1 = get ] && echo '{answer}'")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_CONFIG", str(config))
    config.mkdir()
    for stated in ({"credsStore": "test"}, {"credHelpers": {there.host: "test"}}):
        (config / "config.json").write_text(json.dumps(stated))
        (folder / "asked").unlink(missing_ok=True)
        assert asked(lambda r: r.digest(at(there, "a/b", "1"))) == digest
        assert (folder / "asked").read_text() == there.host


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo nonsense", "printed something other than a login"),
        ("echo '[1]'", "printed something other than a login"),
        (f"echo {SECRET}; exit 3", "exit status 3, expected a login"),
        ("yes", "printed something other than a login"),
    ],
)
def test_helpers_that_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    helper(tmp_path / "bin", "test", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", '{"credsStore": "test"}')
    with pytest.raises(ConfigError, match=message) as error:
        found(Image.parse("quay.io/a/b"))
    assert SECRET not in "".join(traceback.format_exception(error.value))


def test_a_helper_that_knows_nothing_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path / "bin", "test", "echo credentials not found in native keychain; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    auth = base64.b64encode(b"bob:x:y").decode()
    config = {"credsStore": "test", "auths": {"https://quay.io/v1/": {"auth": auth}}}
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", json.dumps(config))
    assert found(Image.parse("quay.io/a/b")) == Login("bob", "x:y")
    assert found(Image.parse("ghcr.io/a/b")) is None


@pytest.mark.parametrize("name", ["../x", "a b", "", "x/y", ["x"], "-x\n"])
def test_a_helper_is_a_plain_word(monkeypatch: pytest.MonkeyPatch, name: object) -> None:
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", json.dumps({"credsStore": name}))
    if not name:
        assert found(Image.parse("quay.io/a/b")) is None
        return
    with pytest.raises(ConfigError, match="no plain word"):
        found(Image.parse("quay.io/a/b"))


def test_a_helper_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", '{"credsStore": "no-such"}')
    with pytest.raises(ConfigError, match="docker-credential-no-such, which was not found"):
        found(Image.parse("quay.io/a/b"))


def test_where_logins_are_looked_for(tmp_path: Path) -> None:
    def write(path: str, user: str, key: str = "quay.io") -> None:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        auth = base64.b64encode(f"{user}:p".encode()).decode()
        (tmp_path / path).write_text(json.dumps({"auths": {key: {"auth": auth}}}))

    environ = {"HOME": str(tmp_path)}
    image = Image.parse("quay.io/owner/b")
    assert found(image, environ) is None
    write(".config/containers/auth.json", "podman")
    assert found(image, environ) == Login("podman", "p")
    write("run/containers/auth.json", "runtime")
    assert found(image, environ | {"XDG_RUNTIME_DIR": f"{tmp_path}/run"}) == Login("runtime", "p")
    write(".docker/config.json", "docker")
    assert found(image, environ) == Login("docker", "p")
    write("else/config.json", "else")
    assert found(image, environ | {"DOCKER_CONFIG": f"{tmp_path}/else"}) == Login("else", "p")
    write("file", "file", "quay.io/owner")
    assert found(image, environ | {"REGISTRY_AUTH_FILE": f"{tmp_path}/file"}) == Login("file", "p")
    write(".docker/config.json", "hub", "https://index.docker.io/v1/")
    assert found(Image.parse("python"), environ) == Login("hub", "p")
    (tmp_path / ".docker/config.json").write_text(f'{{"auths": "{SECRET}"')
    with pytest.raises(ConfigError, match=r"config\.json: found no JSON") as error:
        found(Image.parse("python"), environ)
    assert SECRET not in "".join(traceback.format_exception(error.value))


def found(image: Image, environ: dict[str, str] | None = None) -> Login | None:
    return asked(lambda _: StoredCredentials(environ).login(image))


def test_a_service_for_strangers_uses_no_login(
    new_registry: NewRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = new_registry("basic")
    there.push("a/b", "1")
    monkeypatch.setenv("DOCKER_CONFIG", str(there.docker_config(tmp_path / "docker")))
    guard = PublicGuard(allow=[ip_network("127.0.0.0/8")])
    with pytest.raises(ResolveError, match="or it is private"):
        asked(lambda r: r.digest(at(there, "a/b", "1")), guard=guard)


def challenged(serve: Callable[[Any], str], challenge: str) -> tuple[str, list[str]]:
    """A registry with that challenge, and the logins and tokens that reached it."""
    seen: list[str] = []

    def site(request: Any) -> tuple[int, dict[str, str], bytes]:
        if stated := request.headers.get("Authorization"):
            seen.append(stated)
        return 401, {"WWW-Authenticate": challenge}, b""

    return serve(site), seen


@pytest.mark.parametrize(
    "realm",
    [
        "ftp://example.org/token",
        "/token",
        "",
        "http://ann:x@127.0.0.1:1/t",
        "javascript:alert(1)",
        "http://[::1",
        "file:///etc/passwd",
    ],
)
def test_realms_that_are_none(serve: Callable[[Any], str], realm: str) -> None:
    url, _ = challenged(serve, f'Bearer realm="{realm}",service="x"')
    with pytest.raises(ResolveError, match="wants a token from"):
        asked(lambda r: r.digest(at(url, "a/b", "1")), credentials=ANN)


def test_a_login_goes_nowhere_over_plain_http(serve: Callable[[Any], str]) -> None:
    """The realm's host is this machine, but not by its name: nobody could tell."""
    seen: list[str] = []

    def tokens(request: Any) -> tuple[int, dict[str, str], bytes]:
        seen.append(request.headers.get("Authorization") or "nothing")
        return 200, {}, b'{"token": "x"}'

    realm = serve(tokens).replace("127.0.0.1", "0.0.0.0")
    url, reached = challenged(serve, f'Bearer realm="{realm}/token"')
    with pytest.raises(ResolveError, match="is not sent over plain http"):
        asked(lambda r: r.digest(at(url, "a/b", "1")), credentials=ANN)
    assert seen == ["nothing"]
    assert reached == ["Bearer x"]
    url, reached = challenged(serve, 'Basic realm="x"')
    far = url.replace("127.0.0.1", "0.0.0.0")
    with pytest.raises(ResolveError, match="is not sent over plain http"):
        asked(lambda r: r.digest(at(far, "a/b", "1")), credentials=ANN)
    assert not reached


def test_another_host_gets_neither_login_nor_token(serve: Callable[[Any], str]) -> None:
    """Not by redirects, not by a challenge after one, not by the address of the next page."""
    other, seen = challenged(serve, 'Basic realm="give me"')

    def site(request: Any) -> tuple[int, dict[str, str], bytes]:
        if not request.headers.get("Authorization"):
            return 401, {"WWW-Authenticate": 'Basic realm="x"'}, b""
        if request.path.startswith("/v2/a/b/tags"):
            host = other.removeprefix("http:")
            link = f'<{host}/v2/a/b/tags/list>; rel="next"'
            return 200, {"Link": link}, b'{"tags": ["1"]}'
        if request.path.startswith("/v2/a/c/tags"):
            if "again" in request.path:
                return 200, {}, b'{"tags": ["2"]}'
            link = f'<{url}//{other[7:]}/again>; rel="next"'
            return 200, {"Link": link}, b'{"tags": ["1"]}'
        return 307, {"Location": f"{other}{request.path}"}, b""

    url = serve(site)
    with pytest.raises(ResolveError, match="or it is private"):
        asked(lambda r: r.digest(at(url, "a/b", "1")), credentials=ANN)
    assert asked(lambda r: r.tags(at(url, "a/b")), credentials=ANN) == ("1",)
    with pytest.raises(BinderclipError):
        asked(lambda r: r.tags(at(url, "a/c")), credentials=ANN)
    assert not seen


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b"no json"),
        (200, {}, b'{"token": ["x"]}'),
        (200, {}, b'{"token": "x\\r\\nHost: evil"}'),
        (200, {}, b'{"token": ""}'),
        (200, {}, b"[" * 100_000),
        (200, {}, b'{"token": "' + b"x" * 300_000 + b'"}'),
        (404, {}, b'{"token": "x"}'),
        (200, {"Content-Encoding": "gzip"}, b"no gzip"),
    ],
)
def test_token_servers_that_answer_nonsense(
    serve: Callable[[Any], str], answer: tuple[int, dict[str, str], bytes]
) -> None:
    realm = serve(lambda _: answer)
    url, reached = challenged(serve, f'Bearer realm="{realm}/token"')
    with pytest.raises(BinderclipError):
        asked(lambda r: r.digest(at(url, "a/b", "1")))
    assert not reached


@pytest.mark.parametrize("where", ["registry", "realm"])
def test_limits_are_told(serve: Callable[[Any], str], where: str) -> None:
    url = serve(lambda _: (429, {"Retry-After": "17"}, b""))
    if where == "realm":
        url, _ = challenged(serve, f'Bearer realm="{url}/token"')
    with pytest.raises(RateLimited, match="limits how often it is asked") as error:
        asked(lambda r: r.digest(at(url, "a/b", "1")))
    assert error.value.retry_after_s == 17


def test_no_secret_is_shown(new_registry: NewRegistry) -> None:
    there: Registry = new_registry("basic")
    login = Login("ann", SECRET + "-no-more", identity_token="another-secret")
    assert SECRET not in repr(login)
    assert "another" not in repr(login)
    with pytest.raises(ResolveError) as error:
        asked(lambda r: r.digest(at(there, "a/b", "1")), credentials=Kept(Login("ann", SECRET[:5])))
    said = "".join(traceback.format_exception(error.value)) + str(error.value.hint)
    assert SECRET[:5] not in said
    assert base64.b64encode(f"ann:{SECRET[:5]}".encode()).decode() not in said


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('Basic realm="a, b"', [("basic", {"realm": "a, b"})]),
        (
            'Bearer realm="https://x/t",service=y,scope="repository:a/b:pull,push"',
            [
                (
                    "bearer",
                    {"realm": "https://x/t", "service": "y", "scope": "repository:a/b:pull,push"},
                )
            ],
        ),
        (
            'Negotiate, Basic realm="q\\"x", BEARER Realm=y',
            [("negotiate", {}), ("basic", {"realm": 'q"x'}), ("bearer", {"realm": "y"})],
        ),
        ('realm="x"', []),
        ("", []),
        ('Bearer realm="never ends', [("bearer", {"realm": ""}), ("never", {}), ("ends", {})]),
    ],
)
def test_challenges(header: str, found: list[tuple[str, dict[str, str]]]) -> None:
    assert [(one.scheme, one.parameters) for one in challenges([header])] == found
