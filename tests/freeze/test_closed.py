"""Freezing for strangers: real uv, git, py-rattler and registries on loopback. 127.0.0.1 is the
public internet here, 127.0.0.2 a network inside.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from tests.conda.channel import ChannelFolder, channel
from tests.local.conftest import Origin, Served
from tests.pylocks.index import JSON_PAGE, Index, index, metadata, wheel
from tests.repositories.conftest import start_server
from tests.repositories.hostile import Hostile, plain, redirect

from binderclip.cache import Cache
from binderclip.errors import BinderclipError, FreezeFailed
from binderclip.freeze.freezer import Freezer
from binderclip.freeze.options import Options
from binderclip.freeze.sources import NetworkSources
from binderclip.guard import PublicGuard

# Servers and programs that start for each.
pytestmark = pytest.mark.slow

__all__ = ["start_server"]

SECRET = "hunter2"
INDEXES = ("repodata_shards.msgpack.zst", "repodata.json.zst", "repodata.json")
Freeze = Callable[[dict[str, str]], str]


@pytest.fixture
def inside(start_server: Callable[..., Hostile]) -> Hostile:
    return start_server("127.0.0.2")


@pytest.fixture
def outside(start_server: Callable[..., Hostile]) -> Hostile:
    return start_server()


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[Index]:
    with index(tmp_path / "packages") as made:
        made.add("thing", "1.2", requires=["part"])
        made.add("part", "1.0")
        yield made


@pytest.fixture
def ch(tmp_path: Path) -> Iterator[ChannelFolder]:
    with channel(tmp_path / "channel") as made:
        made.add("tool", "1.0", indexed=False)
        made.add("pip", "1.0", indexed=False)
        made.add("python", "3.11.4")
        yield made


def frozen(folder: Path, value: dict[str, Any]) -> dict[str, Any]:
    """Frozen for strangers. Raises FreezeFailed."""
    guard = PublicGuard(allow=[ip_network("127.0.0.1/32")])

    async def run() -> Any:
        options = Options(python="3.11", platform="linux-64")
        async with (
            asyncio.timeout(120),
            NetworkSources(Cache(folder / "cache"), guard) as sources,
            Freezer(sources, options) as freezer,
        ):
            return (await freezer.freeze({"version": 1, **value})).value

    found: dict[str, Any] = asyncio.run(run())
    return found


@pytest.fixture
def freeze(tmp_path: Path) -> Freeze:
    """What the first of some files becomes."""

    def run(files: dict[str, str]) -> str:
        pinned = frozen(tmp_path, {"files": files})["frozen"]["files"]
        return "".join(pinned[next(iter(files))])

    return run


def refused(freeze: Freeze, files: dict[str, str], code: str = "address-forbidden") -> str:
    with pytest.raises(FreezeFailed) as caught:
        freeze(files)
    (failure,) = caught.value.failures
    assert failure.error.code == code, failure.error
    assert failure.error.hint or code != "address-forbidden"
    return failure.error.message


def environment(*channels: str, dependencies: str = "tool") -> dict[str, str]:
    named = ", ".join(f'"{one}"' for one in channels)
    return {"environment.yml": f"channels: [{named}, nodefaults]\ndependencies: [{dependencies}]\n"}


# What is open to everybody is frozen.


def test_packages(freeze: Freeze, packages: Index) -> None:
    text = freeze({"requirements.txt": f"-i {packages.url}\nthing\n"})
    assert "thing==1.2" in text
    assert "part==1.0" in text


def test_packages_from_git(
    freeze: Freeze,
    tmp_path: Path,
    origin: Origin,
    serve: Callable[..., AbstractContextManager[Served]],
) -> None:
    project = '[project]\nname = "apkg"\nversion = "1"\n'
    # Where submodules lie nobody asks: this one would be read from the disk.
    modules = f'[submodule "x"]\npath = x\nurl = {tmp_path}/elsewhere\n'
    commit = origin.commit({"pyproject.toml": project, ".gitmodules": modules})
    with serve(origin.path.parent) as web:
        place = f"git+{web.url}/{origin.path.name}"
        assert f"{place}@{commit}" in freeze({"requirements.txt": f"apkg @ {place}\n"})


def test_channels_and_their_pip_list(freeze: Freeze, ch: ChannelFolder, packages: Index) -> None:
    wanted = f"tool, pip, {{pip: ['-i {packages.url}', thing]}}"
    text = freeze(environment(ch.http, dependencies=wanted))
    assert "tool==1.0" in text
    assert "thing==1.2" in text


# What leads inside is not.


@pytest.mark.parametrize(
    "lines",
    [
        "--index-url {url}/simple\nthing\n",
        "--index-url \\\nhttp://\\\n127.0.0.2:{port}/simple\nthing\n",
        "--index-url http:\\\n//127.0.0.2:{port}/simple\nthing\n",
        "--index-url http://2130706434:{port}/simple\nthing\n",
        "--index-url http://127.2:{port}/simple\nthing\n",
        "--index-url http://[::ffff:127.0.0.2]:{port}/simple\nthing\n",
        "--no-index\n--find-links {url}/links\nthing\n",
        "--extra-index-url {url}/simple\nthing\n",
        "thing @ {url}/thing-1.2-py3-none-any.whl\n",
        "thing @ git+{url}/r.git\n",
    ],
)
def test_no_requirement_leads_inside(freeze: Freeze, inside: Hostile, lines: str) -> None:
    text = lines.format(url=inside.url, port=inside.port)
    message = refused(freeze, {"requirements.txt": text})
    assert "does not lead to a public web server" in message
    assert inside.seen == []


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.2:{port}/c",
        "http:\\x2f\\x2f127.0.0.2:{port}/c",
        "http://\\x31\\x32\\x37.0.0.2:{port}/c",
        "https://127.0.0.2:{port}/c",
    ],
)
@pytest.mark.parametrize("form", ["channel", "spec"])
def test_no_channel_leads_inside(
    freeze: Freeze, inside: Hostile, ch: ChannelFolder, address: str, form: str
) -> None:
    place = address.format(port=inside.port)
    spec = f'"{place}::tool"'
    files = environment(place) if form == "channel" else environment(ch.http, dependencies=spec)
    assert "127.0.0.2 does not lead" in refused(freeze, files)
    assert inside.seen == []


def test_an_index_sends_nobody_inside(freeze: Freeze, outside: Hostile, inside: Hostile) -> None:
    name = "thing-1.2-py3-none-any.whl"
    page = f'<a href="{inside.url}/latest/{name}" data-core-metadata="true">{name}</a>'
    outside.answers["/names/thing/"] = plain(page.encode(), "text/html")
    outside.answers["/redirects/thing/"] = redirect(f"{inside.url}/secret")
    for kind in ("names", "redirects"):
        files = {"requirements.txt": f"-i {outside.url}/{kind}\nthing\n"}
        assert "127.0.0.2 does not lead" in refused(freeze, files)
    assert inside.seen == []


@pytest.mark.parametrize(
    ("scheme", "ends"),
    [
        ("https", ("address-forbidden", "127.0.0.2 does not lead")),
        # py-rattler forgets the gate's password, which ends it, too.
        ("http", ("resolve", "a proxy on the way wants a password")),
    ],
)
def test_a_channel_sends_nobody_inside(
    freeze: Freeze, outside: Hostile, inside: Hostile, scheme: str, ends: tuple[str, str]
) -> None:
    for place in ("linux-64", "noarch"):
        for name in INDEXES:
            to = f"{scheme}://127.0.0.2:{inside.port}/{name}"
            outside.answers[f"/c/{place}/{name}"] = redirect(to)
    assert ends[1] in refused(freeze, environment(f"{outside.url}/c"), ends[0])
    assert inside.seen == []


def test_a_repository_sends_nobody_inside(
    freeze: Freeze, outside: Hostile, inside: Hostile
) -> None:
    outside.answers["info"] = redirect(f"{inside.url}/r.git/info/refs?service=git-upload-pack")
    files = {"requirements.txt": f"thing @ git+{outside.url}/r.git\n"}
    assert "127.0.0.2 does not lead" in refused(freeze, files)
    assert inside.seen == []


def test_a_package_sends_nobody_inside(freeze: Freeze, outside: Hostile, inside: Hostile) -> None:
    """What packages at addresses need may be at addresses too."""
    for scheme in ("", "git+"):
        meta = metadata("thing", "1.2", [f"part @ {scheme}{inside.url}/part-1-py3-none-any.whl"])
        answer = plain(wheel("thing", "1.2", meta), "application/octet-stream")
        outside.answers["/thing-1.2-py3-none-any.whl"] = answer
        files = {"requirements.txt": f"thing @ {outside.url}/thing-1.2-py3-none-any.whl\n"}
        assert "127.0.0.2 does not lead" in refused(freeze, files)
    assert inside.seen == []


# Nothing is read that lies here.


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("apkg @ git+ssh://git@127.0.0.1/r.git", "refused"),
        ("-e git+ssh://git@127.0.0.1/r.git#egg=apkg", "refused"),
        ("apkg @ git+file://{folder}", "refused"),
        ("apkg @ file://{folder}", "refused"),
        ("--find-links file://{folder}\napkg", "refused"),
        ("-r {folder}/requirements.txt", "refused"),
    ],
)
def test_no_requirement_is_read_here(freeze: Freeze, tmp_path: Path, line: str, code: str) -> None:
    refused(freeze, {"requirements.txt": f"{line.format(folder=tmp_path)}\n"}, code)


def test_no_channel_is_read_here(freeze: Freeze, ch: ChannelFolder) -> None:
    assert "file:///" in refused(freeze, environment(ch.url), "refused")
    spec = f"'{ch.url}::tool'"
    refused(freeze, environment(ch.http, dependencies=spec), "refused")


@pytest.mark.parametrize("where", ["git+file://{path}", "git+ssh://git@127.0.0.1{path}"])
def test_no_package_leads_git_here(
    freeze: Freeze, outside: Hostile, origin: Origin, where: str
) -> None:
    origin.commit({"pyproject.toml": '[project]\nname = "apkg"\nversion = "1"\n'})
    meta = metadata("thing", "1.2", [f"apkg @ {where.format(path=origin.path)}"])
    answer = plain(wheel("thing", "1.2", meta), "application/octet-stream")
    outside.answers["/thing-1.2-py3-none-any.whl"] = answer
    with pytest.raises(FreezeFailed, match=r"transport '.*' not allowed"):
        freeze({"requirements.txt": f"thing @ {outside.url}/thing-1.2-py3-none-any.whl\n"})


# Nobody's logins and settings.


@pytest.fixture
def somebody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outside: Hostile) -> Path:
    """A home with a login for ``outside`` wherever programs look for one."""
    home = tmp_path / "somebody"
    port, netloc = outside.port, f"127.0.0.1:{outside.port}"
    login = f"victim:{SECRET}"
    auth = base64.b64encode(login.encode()).decode()
    texts = {
        ".netrc": f"machine 127.0.0.1 login victim password {SECRET}\n",
        ".git-credentials": f"http://{login}@127.0.0.1%3a{port}\n",
        ".gitconfig": f"[credential]\nhelper = store\n[http]\nextraHeader = X: {SECRET}\n",
        ".condarc": f"channel_alias: http://{login}@{netloc}\n",
        ".docker/config.json": json.dumps({"auths": {netloc: {"auth": auth}}}),
        ".config/uv/uv.toml": f'[[index]]\nurl = "http://{login}@{netloc}/mine"\n',
        "rattler.json": json.dumps(
            {"127.0.0.1": {"BasicHTTP": {"username": "victim", "password": SECRET}}}
        ),
    }
    for name, text in texts.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
        (home / name).chmod(0o600)
    variables = {
        "HOME": str(home),
        "NETRC": str(home / ".netrc"),
        "RATTLER_AUTH_FILE": str(home / "rattler.json"),
        "CONDARC": str(home / ".condarc"),
        "UV_INDEX": f"http://{login}@{netloc}/indexes",
        "UV_INDEX_MINE_PASSWORD": SECRET,
        "UV_KEYRING_PROVIDER": "subprocess",
        "GIT_ASKPASS": "echo",
        "GIT_CONFIG_PARAMETERS": f"'http.extraheader=X: {SECRET}'",
    }
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    ask = plain(b"", status=401, WWW_Authenticate='Basic realm="x"')
    for path in ("/mine/thing/", "/indexes/thing/", "/files/x/thing/", "info"):
        outside.answers[path] = ask
    for place in ("linux-64", "noarch"):
        for name in INDEXES:
            outside.answers[f"/c/{place}/{name}"] = ask
            outside.answers[f"/own/{place}/{name}"] = ask
    return home


def sent(outside: Hostile) -> str:
    """All that was told to it."""
    assert outside.seen
    return "".join(outside.headers).lower()


@pytest.mark.parametrize(
    "files",
    [
        {"requirements.txt": "-i {url}/files/x\nthing\n"},
        {"requirements.txt": "thing\n"},
        {"requirements.txt": "thing @ git+{url}/priv/r.git@main\n"},
        {"environment.yml": "channels: ['{url}/c', nodefaults]\ndependencies: [tool]\n"},
    ],
)
def test_nobodys_logins_are_sent(
    freeze: Freeze, somebody: Path, outside: Hostile, files: dict[str, str]
) -> None:
    assert somebody.is_dir()
    with pytest.raises(FreezeFailed) as caught:
        freeze({name: text.replace("{url}", outside.url) for name, text in files.items()})
    told = sent(outside)
    assert "authorization" not in told
    assert SECRET not in told
    assert SECRET not in str(caught.value)
    assert not any("/mine/" in path for path in outside.seen)


def test_nobodys_names_for_channels_count(
    freeze: Freeze, somebody: Path, outside: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But an operator's mirror does, without its token."""
    assert somebody.is_dir()
    alias = f"http://victim:{SECRET}@127.0.0.1:{outside.port}/t/{SECRET}"
    monkeypatch.setenv("CONDA_CHANNEL_ALIAS", alias)
    with pytest.raises(FreezeFailed):
        freeze(environment("own"))
    assert any(path.startswith("/own/noarch/") for path in outside.seen)
    assert SECRET not in sent(outside) + "".join(outside.seen)


def test_nobodys_logins_are_sent_to_registries(
    tmp_path: Path, somebody: Path, outside: Hostile
) -> None:
    assert somebody.is_dir()
    outside.answers["/v2/o/r/manifests/latest"] = plain(
        b"", status=401, WWW_Authenticate=f'Bearer realm="{outside.url}/token",service="x"'
    )
    outside.answers["/v2/"] = outside.answers["/v2/o/r/manifests/latest"]
    with pytest.raises(FreezeFailed):
        frozen(tmp_path, {"image": {"host": outside.url, "path": "o/r"}})
    assert any(path.startswith("/token") for path in outside.seen)
    assert "authorization" not in sent(outside)


def test_an_operators_index_is_asked_where_the_guard_lets_us(
    freeze: Freeze, packages: Index, inside: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", packages.url)
    assert "thing==1.2" in freeze({"requirements.txt": "thing\n"})
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{inside.url}/simple")
    assert "127.0.0.2 does not lead" in refused(freeze, {"requirements.txt": "thing\n"})
    assert inside.seen == []


def test_what_was_asked_is_not_kept(
    freeze: Freeze, tmp_path: Path, ch: ChannelFolder, packages: Index
) -> None:
    freeze({**environment(ch.http), "requirements.txt": f"-i {packages.url}\nthing\n"})
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert [path.name for path in kept] == ["CACHEDIR.TAG"]


def test_programs_that_ask_by_themselves_are_refused() -> None:
    """See tests/gates/test_kept_to.py; here, that nothing is built for strangers."""
    with pytest.raises(ValueError, match="nothing is built"):
        NetworkSources(Cache(), PublicGuard(), allow_builds=True)


def test_errors_are_ours(freeze: Freeze) -> None:
    with pytest.raises(BinderclipError):
        freeze({"requirements.txt": f"-i http://127.0.0.1:1/simple/{JSON_PAGE}\nthing\n"})
