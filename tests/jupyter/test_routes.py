"""The routes that answer at once, of a real server: who may come, what is refused and how."""

from __future__ import annotations

import http.client
import json
import select
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from tests.jupyter.rig import Answer, notebook, served

if TYPE_CHECKING:
    from tests.jupyter.rig import Served

API = "binderclip/api/v1"
ERROR = {"code", "message", "hint"}
JSON = {"Content-Type": "application/json"}
BODIES: dict[str, dict[str, Any]] = {
    "validate": {"binder": False},
    "buildpack": {"files": {}},
    "fill": {"metadata": {}},
    "links": {"metadata": {}, "place": {"repository": "o/r", "path": "a.ipynb"}},
    "import": {"notebook": notebook()},
    "freeze": {"metadata": {}},
}
GETS = ["facts", "files", "openapi.json"]


def get(server: Served, path: str, **headers: str) -> Answer:
    return server.ask("GET", f"{API}/{path}", headers=headers)


def post(server: Served, path: str, body: object, **headers: str) -> Answer:
    return server.ask("POST", f"{API}/{path}", body, headers)


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The error, in the one shape."""
    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    error: dict[str, Any] = answer.json()["error"]
    assert answer.json().keys() == {"error"}
    assert error.keys() >= ERROR
    assert error["code"] == code
    return error


# Who may come


@pytest.mark.parametrize("path", [*GETS, "jobs/x", "jobs/x/events", "", "there/is/nothing"])
def test_strangers_see_nothing(server: Served, path: str) -> None:
    for token in ("", "token wrong"):
        error = refused(get(server, path, Authorization=token), 403, "forbidden")
        assert "signed in" in error["message"]
    assert get(server, path, Authorization="").body == get(server, path, Authorization="x").body


@pytest.mark.parametrize("path", BODIES)
def test_strangers_do_nothing(server: Served, path: str) -> None:
    refused(post(server, path, BODIES[path], Authorization=""), 403, "forbidden")
    big = b'{"metadata": {"x": "' + b"x" * 300_000 + b'"}}'
    headers = {**JSON, "Authorization": ""}
    answer = server.ask("POST", f"{API}/{path}", data=big, headers=headers)
    refused(answer, 403, "forbidden")


def test_people_with_a_cookie_need_the_xsrf_one_too(server: Served) -> None:
    came = server.ask("GET", f"tree?token={server.token}", headers={"Authorization": ""})
    cookies = "; ".join(one.partition(";")[0] for one in came.cookies)
    signed_in = {"Authorization": "", "Cookie": cookies}
    xsrf = next(one for one in cookies.split("; ") if one.startswith("_xsrf=")).partition("=")[2]

    error = refused(post(server, "fill", {"metadata": {}}, **signed_in), 403, "forbidden")
    assert "XSRF" in error["message"]
    headers = {**signed_in, "X-XSRFToken": xsrf}
    assert post(server, "fill", {"metadata": {}}, **headers).status == 200
    job = post(server, "freeze", {"metadata": {}}, **headers).json()["id"]
    refused(server.ask("DELETE", f"{API}/jobs/{job}", headers=signed_in), 403, "forbidden")
    assert server.ask("DELETE", f"{API}/jobs/{job}", headers=headers).status == 204


def test_another_site_is_refused_in_the_same_shape(server: Served) -> None:
    came = server.ask("GET", f"tree?token={server.token}", headers={"Authorization": ""})
    cookies = "; ".join(one.partition(";")[0] for one in came.cookies)
    headers = {"Authorization": "", "Cookie": cookies, "Origin": "https://evil.example"}
    assert get(server, "facts", **headers).json()["error"].keys() == ERROR
    assert get(server, "facts", **headers).status == 404


READ_ONLY = """
from jupyter_server.auth import Authorizer
class ReadOnly(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return action == "read" and resource != "contents"
c.ServerApp.authorizer_class = ReadOnly
c.ServerApp.base_url = "/user/a.b/"
"""


def test_authorizers_are_asked(jupyter_python: Path, tmp_path: Path) -> None:
    with served(jupyter_python, tmp_path / "root", config=READ_ONLY) as one:
        assert one.url.endswith("/user/a.b/")
        for path in GETS:
            assert get(one, path).status == 200
        for path in BODIES.keys() - {"freeze"}:
            assert post(one, path, BODIES[path]).status == 200, path
        refused(post(one, "freeze", BODIES["freeze"]), 403, "forbidden")
        # What others' contents are is another resource.
        refused(post(one, "import", {"path": "a.ipynb"}), 403, "forbidden")
        refused(post(one, "links", {"metadata": {}, "path": "a.ipynb"}), 403, "forbidden")


# What is refused


@pytest.mark.parametrize("path", ["", "/", "nothing", "facts/", "validate/x", "jobs", "jobs/a/b"])
def test_there_is_nothing_else(server: Served, path: str) -> None:
    refused(server.ask("GET", f"{API}/{path}".rstrip() if path else API), 404, "not-found")


@pytest.mark.parametrize("job", ["x", "../facts", "%2e%2e", "a" * 65])
def test_jobs_that_are_none(server: Served, job: str) -> None:
    for path in (f"jobs/{job}", f"jobs/{job}/events"):
        if job != "../facts":
            refused(get(server, path), 404, "not-found")
        refused(server.ask("DELETE", f"{API}/jobs/{job}"), 404, "not-found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "NONSENSE"])
def test_other_methods(server: Served, method: str) -> None:
    for path, allowed in (("facts", "GET, HEAD, OPTIONS"), ("validate", "OPTIONS, POST")):
        answer = server.ask(method, f"{API}/{path}")
        refused(answer, 405, "method-not-allowed")
        assert answer.headers["allow"] == allowed
    refused(get(server, "validate"), 405, "method-not-allowed")
    refused(post(server, "facts", {}), 405, "method-not-allowed")


@pytest.mark.parametrize("path", GETS)
def test_head_is_get_without_the_body(server: Served, path: str) -> None:
    whole, head = get(server, path), server.ask("HEAD", f"{API}/{path}")
    assert (head.status, head.body) == (200, b"")
    for name in ("content-type", "content-length", "cache-control"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "json"])
@pytest.mark.parametrize("path", BODIES)
def test_other_content_types(server: Served, path: str, kind: str) -> None:
    data, headers = json.dumps(BODIES[path]).encode(), {"Content-Type": kind}
    answer = server.ask("POST", f"{API}/{path}", data=data, headers=headers)
    refused(answer, 415, "content-type")
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    answer = server.ask("POST", f"{API}/{path}", data=data, headers=headers)
    assert answer.status in {200, 202}


BROKEN = {
    "nothing": b"",
    "no-json": b"{",
    "two": b"{} {}",
    "a-list": b"[]",
    "a-number": b"1",
    "null": b"null",
    "not-utf-8": b'{"metadata": {"binder": "\xff"}}',
    "half-of-a-pair": b'{"metadata": {"binder": "\\ud800"}}',
    "deep": b'{"metadata": {"binder": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "nan": b'{"metadata": {"binder": NaN}}',
    "unknown-key": b'{"metadata": {}, "binder_": 1}',
    "wrong-kind": b'{"metadata": 1, "files": 1, "notebook": 1}',
    "nothing-of-it": b"{}",
}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("name", BROKEN)
def test_broken_bodies(server: Served, path: str, name: str) -> None:
    answer = server.ask("POST", f"{API}/{path}", data=BROKEN[name], headers=JSON)
    error = refused(answer, 400, "bad-request")
    assert error["hint"]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("validate", {"metadata": {}, "binder": 1}, "either `metadata` or `binder`"),
        ("validate", {"metadata": {}, "extra": 1}, "unknown field `extra`"),
        ("fill", {"metadata": []}, "metadata: expected `object`, got `array`"),
        ("buildpack", {"files": {"a": 1}}, "files"),
        ("links", {"metadata": {}, "ui": "vim"}, "ui"),
        ("links", {"metadata": {}, "kinds": ["x"]}, "kinds"),
        ("links", {"metadata": {}, "badge": "javascript:x"}, "badge"),
        (
            "links",
            {"metadata": {}, "path": "a", "place": {"repository": "o/r", "path": "a"}},
            "either `path` or `place`",
        ),
        ("links", {"metadata": {}, "place": {"repository": "o/r"}}, "place"),
        ("import", {"path": "a", "notebook": {}}, "either `notebook` or `path`"),
        ("freeze", {"metadata": {}, "options": {"allow_builds": True}}, "allow_builds"),
        ("freeze", {"metadata": {}, "options": {"only": ["x"]}}, "expected some of image, build"),
        ("freeze", {"metadata": {}, "options": {"platform": "win-64"}}, "linux-64"),
        ("freeze", {"metadata": {}, "options": {"python": "3"}}, "like 3.12"),
        ("freeze", {"metadata": {}, "options": {"python": "3.12\n"}}, "like 3.12"),
    ],
)
def test_messages_say_what_and_where(
    server: Served, path: str, body: dict[str, Any], said: str
) -> None:
    assert said in refused(post(server, path, body), 400, "bad-request")["message"]


def test_large_bodies_are_refused_and_not_kept(server: Served) -> None:
    data = b" " * ((4 << 20) + 1)
    for path in BODIES.keys() - {"import"}:
        answer = server.ask("POST", f"{API}/{path}", data=data, headers=JSON)
        assert "4 MiB" in refused(answer, 413, "too-large")["message"]
    largest = json.dumps({"metadata": {"x": "x" * ((4 << 20) - 30)}}).encode()
    assert len(largest) <= 4 << 20
    assert server.ask("POST", f"{API}/fill", data=largest, headers=JSON).status == 200


def test_large_bodies_that_do_not_say_how_large_they_are(server: Served) -> None:
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(where.netloc, timeout=60)
    headers = {**JSON, "Authorization": f"token {server.token}", "Transfer-Encoding": "chunked"}
    pieces = (b" " * (1 << 20) for _ in range(6))
    connection.request("POST", f"{where.path}{API}/fill", pieces, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]["code"]) == (413, "too-large")
    connection.close()


def test_nothing_of_the_server_is_in_an_answer(server: Served) -> None:
    """Neither its folders nor a line of its code, whatever goes wrong."""
    (server.root / "folder.ipynb").mkdir(exist_ok=True)
    (server.root / "bytes.ipynb").write_bytes(b"\xff\xfe")
    for body in ({"path": "folder.ipynb"}, {"path": "bytes.ipynb"}, {"path": "../x"}, {"path": ""}):
        answer = post(server, "import", body)
        assert answer.status in {404, 422}
        assert "/" not in answer.json()["error"]["message"]
        assert "Traceback" not in answer.text


ELSEWHERE = """
from jupyter_server.services.contents.manager import ContentsManager
class Shelf(ContentsManager):
    def get(self, path, content=True, type=None, format=None):
        if path == "broken.ipynb":
            raise ValueError("/srv/secret is full")
        text = '{"metadata": {}, "cells": [], "nbformat": 4, "nbformat_minor": 5}'
        return {"path": path, "type": "file", "format": "text", "content": text}
c.ServerApp.contents_manager_class = Shelf
"""


def test_contents_that_lie_in_no_folder(jupyter_python: Path, tmp_path: Path) -> None:
    with served(jupyter_python, tmp_path / "root", config=ELSEWHERE) as one:
        assert post(one, "import", {"path": "a.ipynb"}).json() == {"found": []}
        error = refused(post(one, "links", {"metadata": {}, "path": "a.ipynb"}), 422, "refused")
        assert "in no folder of this server" in error["message"]
        build = {"host": "https://github.com", "path": "o/r"}
        body = {"binder": {"version": 1, "build": build}, "path": "a.ipynb"}
        assert "no folder" in post(one, "links", body).json()["nowhere"]

        answer = post(one, "import", {"path": "broken.ipynb"})
        refused(answer, 500, "internal")
        assert "secret" not in answer.text
        assert "ValueError: /srv/secret is full" in one.log


# What is answered


def test_facts(jupyter_python: Path, tmp_path: Path) -> None:
    config = 'c.Binderclip.image = "quay.io/o/name:tag"\nc.Binderclip.policy = "managed"'
    environ = {"BINDERCLIP_HUB": "https://hub.example.org/prefix"}
    with served(jupyter_python, tmp_path / "root", config=config, environ=environ) as one:
        facts = get(one, "facts").json()
        assert facts["hub"] == environ["BINDERCLIP_HUB"]
        assert facts["policy"] == "managed"
        assert facts["image"] == {"host": "https://quay.io", "path": "o/name", "ref": "tag"}
        assert facts["sources"]["image"]
        value = {"version": 1, "image": facts["image"], "auto": True}
        assert facts["binder"] == value

        filled = post(one, "fill", {"metadata": {"kernelspec": {}}}).json()
        assert filled == {"changed": True, "binder": value}
        one.save("a.ipynb", notebook())
        assert one.on_disk("a.ipynb")["metadata"]["binder"] == value, "as a save does it"
        again = {"metadata": one.on_disk("a.ipynb")["metadata"]}
        assert post(one, "fill", again).json() == {"changed": False, "binder": value}
        mine = {"metadata": {"binder": {"version": 1, "x-mine": [1]}}}
        assert post(one, "fill", mine).json()["changed"] is False
        here = post(one, "validate", {"binder": value}).json()["here"]
        assert here["verdict"] == "same"
        linked = post(one, "links", BODIES["links"]).json()["links"]
        assert any(link["host"] == environ["BINDERCLIP_HUB"] for link in linked)


def test_validate_tells_all_that_is_wrong(server: Served) -> None:
    build = {"host": "https://me:secret@github.com", "path": "/o/r", "hash": "1"}
    answer = post(server, "validate", {"binder": {"version": 1, "build": build}})
    verdict = answer.json()
    assert verdict["status"] == "wrong"
    assert verdict["binder"] is None
    paths = [one["path"] for one in verdict["problems"]]
    assert paths == ["binder.build.host", "binder.build.path", "binder.build.hash"]
    assert "secret" not in answer.text


def test_validate_says_it_in_words(server: Served) -> None:
    value = {
        "version": 1,
        "host": ["https://a.example", "https://b.example"],
        "image": {"host": "https://quay.io", "path": "a/b", "hash": f"sha256:{'0' * 64}"},
        "build": {"host": "https://github.com", "path": "o/r", "ref": "main"},
        "files": {"requirements.txt": ["numpy\n", "scipy\n"]},
        "content": {"host": "https://github.com", "path": "o/c", "copy": {"*.csv": "$HOME/"}},
        "frozen": {"at": "2026-11-22T20:00:00Z", "files": {"requirements.txt": "numpy==1\n"}},
        "auto": True,
        "mine": 1,
    }
    verdict = post(server, "validate", {"metadata": {"binder": value}}).json()
    assert verdict["status"] == "good"
    assert verdict["auto"] is True
    assert [one["path"] for one in verdict["warnings"]] == ["binder.mine"]
    words = {row["what"]: row["says"] for row in verdict["words"]}
    assert words["image"] == ["https://quay.io/a/b", f"frozen to sha256:{'0' * 64}"]
    assert words["build"] == ["https://github.com/o/r at main", "not frozen"]
    assert words["files"] == ["requirements.txt (12 B, 2 lines)"]
    assert words["content"][-1] == "*.csv → $HOME/"
    assert words["host"] == value["host"]
    assert words["frozen"][-1] == "requirements.txt is pinned"
    assert verdict["environment"]["frozen"] is False
    assert any("requirements.txt changed" in line for line in verdict["remarks"])


def test_validate_reads_old_forms(server: Served) -> None:
    old = {"binder_url": "https://mybinder.org", "binder_repo": "o/r", "binder_ref": "main"}
    verdict = post(server, "validate", {"binder": old}).json()
    assert (verdict["status"], verdict["dialect"]) == ("good", "components")
    assert verdict["binder"]["build"]["path"] == "o/r"
    link = "https://mybinder.org/v2/gh/o/r/HEAD?labpath=a%2Fb.ipynb"
    assert post(server, "validate", {"binder": link}).json()["opens"] == {"labpath": "a/b.ipynb"}
    newer = post(server, "validate", {"binder": {"version": 2}}).json()
    assert (newer["status"], newer["newer"]) == ("good", True)


def test_buildpack(server: Served) -> None:
    files = {"environment.yml": "dependencies: [python=3.12]\n", "requirements.txt": ["six\n"]}
    found = post(server, "buildpack", {"files": files}).json()
    assert (found["buildpack"], found["trigger"], found["python"]) == (
        "conda",
        "environment.yml",
        "3.12",
    )
    assert found["ignored"] == [{"path": "requirements.txt", "why": "environment.yml wins"}]
    assert found["traps"][0]["path"] == "requirements.txt"
    refused(post(server, "buildpack", {"files": {"/etc/passwd": ""}}), 422, "spec")


def test_import_by_value_and_by_path(server: Served) -> None:
    told = notebook('# /// script\n# dependencies = ["numpy"]\n# ///', "raise SystemExit")
    by_value = post(server, "import", {"notebook": told}).json()
    (found,) = by_value["found"]
    assert found["binder"]["files"] == {"requirements.txt": ["numpy\n"]}
    (server.root / "imported").mkdir(exist_ok=True)
    (server.root / "imported" / "ä b.ipynb").write_text(json.dumps(told), "utf-8")
    assert post(server, "import", {"path": "imported/ä b.ipynb"}).json() == by_value
    text = "---\nthebe-config:\n  binderOptions: {repo: o/r}\n---\n# Text\n"
    (server.root / "imported" / "page.md").write_text(text, "utf-8")
    assert post(server, "import", {"path": "imported/page.md"}).status == 200
    refused(post(server, "import", {"path": "imported/none.ipynb"}), 404, "not-found")
    refused(post(server, "import", {"notebook": {"cells": []}}), 422, "notebook")


def _git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def checkout(server: Served, tmp_path: Path) -> Path:
    """A checkout on the server, of a repository that is on the web."""
    folder = server.root / tmp_path.name
    (folder / "deep").mkdir(parents=True)
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "remote", "add", "origin", "https://github.com/o/r.git")
    (folder / "deep" / "a b.ipynb").write_text(json.dumps(notebook()))
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "first")
    return folder


def test_links_of_a_checkout_of_this_server(server: Served, checkout: Path) -> None:
    path = f"{checkout.name}/deep/a b.ipynb"
    binder = {"version": 1, "build": {"host": "https://github.com", "path": "o/r", "ref": "main"}}
    found = post(server, "links", {"binder": binder, "path": path}).json()
    assert found["place"]["repository"] == "https://github.com/o/r"
    assert (found["place"]["ref"], found["place"]["path"]) == ("main", "deep/a b.ipynb")
    first = found["links"][0]
    assert first["kind"] == "binder"
    assert first["url"] == first["text"]
    assert first["url"].startswith("https://mybinder.org/v2/gh/o/r/main?labpath=")
    assert first["markdown"].startswith("[![")
    assert first["html"].startswith("<a ")
    assert first["rst"].startswith(".. image::")


def test_links_never_leave_the_root(server: Served, checkout: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.ipynb").write_text(json.dumps(notebook()))
    _git(outside, "init", "-q", "-b", "main")
    _git(outside, "remote", "add", "origin", "https://github.com/private/one.git")
    (checkout / "link.ipynb").symlink_to(outside / "a.ipynb")
    (checkout / "folder").symlink_to(outside)
    (checkout / ".hidden").mkdir()
    (checkout / ".hidden" / "a.ipynb").write_text("{}")
    up = "/".join([".."] * 40)
    for path in (
        f"{checkout.name}/link.ipynb",
        f"{checkout.name}/folder/a.ipynb",
        f"{checkout.name}/.hidden/a.ipynb",
        f"{checkout.name}/deep",
        f"../{outside.parent.name}/outside/a.ipynb",
        f"{up}{outside}/a.ipynb",
        str(outside / "a.ipynb"),
        "",
        "a\0b",
    ):
        answer = post(server, "links", {"metadata": {}, "path": path})
        refused(answer, 404, "not-found")
        assert "private" not in answer.text


@pytest.mark.parametrize(
    ("place", "at"),
    [
        ({"repository": "me:x@github.com/o/r", "path": "a.ipynb"}, "place.repository"),
        ({"repository": "https://u:secret@github.com/o/r", "path": "a"}, "place.repository"),
        ({"repository": "--upload-pack=x", "path": "a"}, "place.repository"),
        ({"repository": "o/r", "path": "/a.ipynb"}, "place.path"),
        ({"repository": "o/r", "path": "a/../../b"}, "place.path"),
        ({"repository": "o/r", "path": "a\nb"}, "place.path"),
        ({"repository": "o/r", "path": "a", "ref": "a b"}, "place.ref"),
    ],
)
def test_places_that_are_none(server: Served, place: Mapping[str, str], at: str) -> None:
    answer = post(server, "links", {"metadata": {}, "place": place})
    error = refused(answer, 422, "spec")
    assert [one["path"] for one in error["problems"]] == [at]
    assert "secret" not in answer.text


def test_hubs_and_hosts_that_are_none(server: Served) -> None:
    body = {**BODIES["links"], "hosts": ["https://ok.example", "x"], "hubs": []}
    error = refused(post(server, "links", body), 422, "spec")
    assert [one["path"] for one in error["problems"]] == ["hosts[1]"]


def test_the_loop_goes_on_while_a_large_notebook_is_read(server: Served) -> None:
    """What is asked after it is answered before it."""
    cells = [{"cell_type": "code", "source": "x = 1\n" * 40, "metadata": {}}] * 60_000
    big = json.dumps({"notebook": {**notebook(), "cells": cells}}).encode()
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(where.netloc, timeout=60)
    headers = {**JSON, "Authorization": f"token {server.token}"}
    connection.request("POST", f"{where.path}{API}/import", big, headers)
    assert get(server, "facts").status == 200
    assert select.select([connection.sock], [], [], 0)[0] == [], "it came before the first"
    assert connection.getresponse().status == 200
    connection.close()
