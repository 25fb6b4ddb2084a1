"""Open by address on real servers, from the page to what lies on the disk."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from tests.jupyter.rig import Served, notebook, served
from tests.jupyter.shelf import Exchange, Form, Site, click, look, put, query, shelf, told

IMAGE = {"host": "https://quay.io", "path": "pangeo/base-notebook", "ref": "2026.10.01"}
JSON = {"Accept": "application/json"}


@pytest.fixture
def site() -> Iterator[Site]:
    with shelf() as one:
        yield one


def markdown(*lines: str, **metadata: Any) -> dict[str, Any]:
    value = notebook("1 + 1", **metadata)
    cell = {"cell_type": "markdown", "id": "head", "metadata": {}, "source": list(lines)}
    value["cells"].insert(0, cell)
    return value


class TestLooking:
    def test_all_is_said_and_nothing_is_written(self, server: Served, site: Site) -> None:
        binder = {"version": 1, "image": IMAGE, "files": {"requirements.txt": "numpy\n"}}
        binder["config"] = {"host": "https://github.com", "path": "o/settings"}
        value = markdown("# Heat in a rod\n", "Where <it> goes.", binder=binder)
        url = put(site, "/look/heat.ipynb", value)
        before = {path: path.stat().st_mtime_ns for path in server.root.rglob("*")}
        answer, form = look(server, url, path="look/week-1/")
        assert answer.status == 200
        for words in ("Heat in a rod", "heat.ipynb", f"127.0.0.1:{site.port}", "look/week-1/"):
            assert words in form.text
        for words in (
            "pangeo/base-notebook:2026.10.01", "requirements.txt", "is not known", "o/settings",
            "Where <it> goes.", "2 cells, 1 of code",
        ):  # fmt: skip
            assert words in form.text
        assert form.button
        assert {path: path.stat().st_mtime_ns for path in server.root.rglob("*")} == before

    def test_headers_are_strict(self, server: Served, site: Site) -> None:
        answer, _ = look(server, put(site, "/strict.ipynb", notebook()))
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["referrer-policy"] == "origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text
        assert "style=" not in answer.text
        assert server.token not in answer.text
        style = server.ask("GET", "binderclip/open/style.css")
        assert style.status == 200
        assert style.headers["content-type"].startswith("text/css")
        assert style.headers["referrer-policy"] == "origin"

    def test_where_it_really_comes_from(self, server: Served, site: Site) -> None:
        put(site, "/real/b.ipynb", notebook())
        url = site.move("/short", f"http://localhost:{site.port}/real/b.ipynb?sig=s3cr3tsignature")
        put(site, "/real/b.ipynb?sig=s3cr3tsignature", notebook())
        answer, form = look(server, url)
        assert f"localhost:{site.port}" in form.text
        assert "/real/b.ipynb?sig=***" in form.text
        assert "s3cr3tsignature" not in answer.text
        assert url in form.text
        assert "plain http" not in form.text  # nobody is on the way to this machine

    def test_a_slow_one_is_waited_for_on_a_page(self, server: Served, site: Site) -> None:
        gate = threading.Event()

        def slow(exchange: Exchange) -> None:
            gate.wait(20)
            exchange.answer(json.dumps(notebook()).encode())

        site.pages["/slow.ipynb"] = slow
        url = f"{site.url}/slow.ipynb"
        answer = server.ask("GET", query(url))
        form = Form.of(answer.text)
        assert answer.status == 200
        assert form.refresh
        assert "asking http://127.0.0.1" in form.text
        machine = server.ask("GET", f"binderclip/{form.refresh}", headers=JSON)
        assert machine.status == 202
        assert machine.json()["state"] == "fetching"
        gate.set()
        assert told(server, url, job=machine.json()["job"]).json()["state"] == "ready"
        assert len([one for one in site.requests if one.path == "/slow.ipynb"]) == 1

    def test_machines_get_json(self, server: Served, site: Site) -> None:
        url = put(site, "/json.ipynb", notebook(binder={"version": 1, "image": IMAGE}))
        said = told(server, url).json()
        assert said["state"] == "ready"
        assert said["path"] == "json.ipynb"
        assert said["match"]["verdict"] == "unknown"

    @pytest.mark.parametrize("path", ["binderclip", "binderclip/", "binderclip/open/"])
    def test_parts_of_the_address_lead_to_the_form(self, server: Served, path: str) -> None:
        answer = server.ask("GET", path)
        assert (answer.status, answer.headers["location"]) == (302, "/binderclip/open")
        assert server.ask("GET", path, headers={"Authorization": ""}).status == 302
        answer = server.ask("GET", f"{path}?url=https%3A%2F%2Fh%2Fx&path=y")
        assert answer.headers["location"] == "/binderclip/open?url=https%3A%2F%2Fh%2Fx&path=y"

    def test_the_form_without_an_address(self, server: Served) -> None:
        answer = server.ask("GET", "binderclip/open?pth=x&path=..%2Fx")
        form = Form.of(answer.text)
        assert answer.status == 200
        assert form.fields == {"url": ""}
        assert form.button == "Show it"
        assert "did you mean path=?" in form.text
        assert server.ask("GET", "binderclip/open", headers=JSON).status == 422

    def test_an_address_to_change(self, server: Served) -> None:
        answer, form = look(server, "notaurl", path="x/")
        assert answer.status == 422
        (change,) = (link for link in form.links if "change=1" in link)
        again = Form.of(server.ask("GET", f"binderclip/{change}").text)
        assert again.fields == {"url": "notaurl", "path": "x/"}

    def test_a_mistyped_key_is_told(self, server: Served, site: Site) -> None:
        _, form = look(server, put(site, "/pth.ipynb", notebook()), pth="x/")
        assert "pth= says nothing here: did you mean path=?" in form.text

    def test_a_long_address_stays_whole(self, server: Served, site: Site) -> None:
        path = f"/long.ipynb?x={'é' * 1200}"
        url = site.url + path
        site.pages[quote(path, safe="/?=")] = lambda exchange: exchange.answer(
            json.dumps(notebook()).encode()
        )
        _, form = look(server, url, path="long/")
        assert form.fields["url"] == url
        assert click(server, form).status == 303


class TestRefused:
    def test_loopback_unless_it_is_allowed(
        self, jupyter_python: Path, tmp_path: Path, site: Site
    ) -> None:
        put(site, "/in.ipynb", notebook())
        with served(jupyter_python, tmp_path / "root") as one:
            for url in (
                f"{site.url}/in.ipynb",
                f"http://localhost:{site.port}/in.ipynb",
                "http://169.254.169.254/latest/meta-data/x.ipynb",
                "http://10.0.0.1/x.ipynb",
                f"{one.url}api/contents/x.ipynb?token={one.token}",
            ):
                answer, form = look(one, url)
                assert answer.status == 403, url
                assert "public web server" in form.text
                assert form.button is None
            assert not site.requests
            assert one.token not in form.text
            assert one.token not in one.log
            assert not list(one.root.iterdir())

    def test_redirects_into_private_networks(self, server: Served, site: Site) -> None:
        url = site.move("/out.ipynb", "http://192.168.1.1/x.ipynb")
        answer, form = look(server, url)
        assert answer.status == 403
        assert "192.168.1.1 does not lead to a public web server" in form.text

    @pytest.mark.parametrize(
        "url", ["/etc/passwd", "file:///etc/passwd", "~/x.ipynb", "-", "ftp://h/x.ipynb", " "]
    )
    def test_files_of_the_server(self, server: Served, url: str) -> None:
        answer, form = look(server, url)
        assert answer.status == (422 if url.strip() else 200)
        assert "of the web" in form.text or "by its address" in form.text
        said = told(server, url)
        assert said.status == 422
        assert said.json()["error"]["code"] == "refused"

    def test_a_password_in_the_address(self, server: Served) -> None:
        answer, form = look(server, "https://ada:s3cretword@github.com/o/r/blob/main/a.ipynb")
        assert answer.status == 403
        assert "a user or a password" in form.text
        assert "s3cretword" not in form.text
        assert "s3cretword" not in server.log

    def test_what_is_no_notebook(self, server: Served, site: Site) -> None:
        url = site.put("/page.ipynb", b"<html><title>Hi</title></html>", content_type="text/html")
        answer, form = look(server, url)
        assert answer.status == 422
        assert "HTML page" in form.text
        said = told(server, url)
        assert said.status == 422
        assert said.json()["error"]["code"] == "source"

    @pytest.mark.parametrize("path", ["../x/", ".ssh/", "a/../b.ipynb", "x.sh", "/x/", "a\nb/"])
    def test_paths(self, server: Served, site: Site, path: str) -> None:
        url = put(site, "/path.ipynb", notebook())
        answer = server.ask("GET", query(url, path=path), headers=JSON)
        assert answer.status == 422
        assert answer.json()["error"]["code"] == "refused"

    def test_an_unknown_application(self, server: Served, site: Site) -> None:
        url = put(site, "/app.ipynb", notebook())
        assert server.ask("GET", query(url, app="//evil.example")).status == 422

    def test_those_who_are_not_logged_in(self, server: Served, site: Site) -> None:
        url = put(site, "/who.ipynb", notebook())
        nobody = {"Authorization": ""}
        answer = server.ask("GET", query(url, path="x/"), headers=nobody)
        assert answer.status == 302
        where = unquote(answer.headers["location"])
        assert where.startswith("/login?next=/binderclip/open?url=")
        assert "path=x" in unquote(where)
        assert server.ask("GET", query(url), headers={**nobody, **JSON}).status == 403
        assert server.ask("POST", "binderclip/open", data=b"", headers=nobody).status == 403
        assert not site.requests

    def test_a_form_without_its_token(self, server: Served, site: Site) -> None:
        """A browser's session: the cookie alone does not click."""
        url = put(site, "/forged.ipynb", notebook())
        first = server.ask(
            "GET", f"{query(url)}&token={server.token}", headers={"Authorization": ""}
        )
        assert first.status == 200
        cookies = "; ".join(cookie.partition(";")[0] for cookie in first.cookies)
        form = Form.of(first.text)
        session = {"Authorization": "", "Cookie": cookies}
        xsrf = form.fields.pop("_xsrf")
        answer = click(server, form, **session)
        assert answer.status == 403
        assert "not of this session" in answer.text
        assert not (server.root / "forged.ipynb").exists()
        form.fields["_xsrf"] = xsrf
        other = click(server, form, Origin="https://evil.example", **session)
        assert other.status in {403, 404}
        assert click(server, form, **session).status == 303
        assert (server.root / "forged.ipynb").exists()

    def test_what_another_site_loads_unseen(self, server: Served, site: Site) -> None:
        url = put(site, "/pixel.ipynb", notebook())
        sent = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
        assert server.ask("GET", query(url), headers=sent).status == 403
        assert not site.requests
        sent |= {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
        assert server.ask("GET", query(url), headers=sent).status == 403
        sent["Sec-Fetch-Dest"] = "document"
        assert server.ask("GET", query(url), headers=sent).status == 200


class TestSaving:
    def test_the_very_bytes_in_a_new_folder(self, server: Served, site: Site) -> None:
        data = b"\xef\xbb\xbf" + json.dumps(notebook("x = 'ü'"), ensure_ascii=False).encode()
        data = data.replace(b", ", b" ,\r\n")
        url = site.put("/bytes.ipynb", data)
        _, form = look(server, url, path="bytes/deep/Ünï #1.ipynb", app="lab")
        answer = click(server, form)
        assert answer.status == 303
        assert answer.headers["location"] == "/lab/tree/bytes/deep/%C3%9Cn%C3%AF%20%231.ipynb"
        assert (server.root / "bytes/deep/Ünï #1.ipynb").read_bytes() == data

    def test_it_is_not_filled_in_nor_trusted(
        self, jupyter_python: Path, tmp_path: Path, site: Site
    ) -> None:
        config = (
            'c.Binderclip.allowed_networks = ["127.0.0.0/8"]\n'
            'c.Binderclip.image = "quay.io/o/n:1"\nc.Binderclip.policy = "managed"'
        )
        value = notebook("1")
        html = {"output_type": "display_data", "data": {"text/html": "<b>x</b>"}, "metadata": {}}
        value["cells"][0]["outputs"] = [html]
        data = json.dumps(value).encode()
        url = site.put("/plain.ipynb", data)
        with served(jupyter_python, tmp_path / "root", config=config) as one:
            _, form = look(one, url, app="notebook")
            answer = click(one, form)
            assert answer.headers["location"] == "/notebooks/plain.ipynb"
            assert (one.root / "plain.ipynb").read_bytes() == data
            assert one.read("plain.ipynb")["cells"][0]["metadata"].get("trusted") is False
            assert "Traceback" not in one.log

    def test_never_over_another_file(self, server: Served, site: Site) -> None:
        folder = server.root / "over"
        folder.mkdir()
        (folder / "a.ipynb").write_text("mine")
        url = put(site, "/over/a.ipynb", notebook("theirs"))
        _, form = look(server, url, path="over")
        assert "a-1.ipynb" in form.text
        assert "differs from what is at the address" in form.text
        assert form.button == "Save a new copy as a-1.ipynb"
        assert click(server, form).headers["location"].endswith("/over/a-1.ipynb")
        assert (folder / "a.ipynb").read_text() == "mine"
        _, again = look(server, url, path="over")
        assert "is the same as at the address" in again.text
        assert again.button == "Open a-1.ipynb"
        assert click(server, again).headers["location"].endswith("/over/a-1.ipynb")
        assert sorted(one.name for one in folder.iterdir()) == ["a-1.ipynb", "a.ipynb"]

    def test_a_second_visit_leads_to_what_was_made_of_it(self, server: Served, site: Site) -> None:
        url = put(site, "/mine.ipynb", notebook("theirs"))
        _, form = look(server, url, path="mine/", app="lab")
        assert click(server, form).status == 303
        edited = notebook("edited")
        server.save("mine/mine.ipynb", edited)
        _, form = look(server, url, path="mine/", app="lab")
        assert form.links == ["/lab/tree/mine/mine.ipynb"]
        assert form.button == "Save a new copy as mine-1.ipynb"
        said = told(server, url, path="mine/", app="lab").json()
        assert said["other"] == {"path": "mine/mine.ipynb", "page": "/lab/tree/mine/mine.ipynb"}
        assert (said["path"], said["there"]) == ("mine/mine-1.ipynb", False)
        assert [one.name for one in (server.root / "mine").glob("*.ipynb")] == ["mine.ipynb"]
        click(server, form)
        assert server.read("mine/mine.ipynb")["cells"][0]["source"] == "edited"

    def test_what_came_there_since(self, server: Served, site: Site) -> None:
        url = put(site, "/since.ipynb", notebook("theirs"))
        _, form = look(server, url, path="since/")
        (server.root / "since").mkdir()
        (server.root / "since" / "since.ipynb").symlink_to("nowhere")
        assert click(server, form).headers["location"].endswith("/since/since-1.ipynb")
        assert not (server.root / "since" / "nowhere").exists()

    def test_what_was_shown_is_what_is_saved(self, server: Served, site: Site) -> None:
        url = put(site, "/moving.ipynb", notebook("shown"))
        _, form = look(server, url, path="moving/")
        put(site, "/moving.ipynb", notebook("changed"))
        assert click(server, form).status == 303
        assert "shown" in (server.root / "moving/moving.ipynb").read_text()

    def test_changed_and_no_longer_kept(self, server: Served, site: Site) -> None:
        url = put(site, "/gone.ipynb", notebook("shown"))
        _, form = look(server, url, path="gone/")
        form.fields["job"] = "0" * 22
        put(site, "/gone.ipynb", notebook("changed"))
        answer = click(server, form)
        assert answer.status == 409
        assert "has changed since" in answer.text
        assert not (server.root / "gone").exists()
        assert click(server, Form.of(answer.text)).status == 303
        assert "changed" in (server.root / "gone/gone.ipynb").read_text()

    def test_unchanged_and_no_longer_kept(self, server: Served, site: Site) -> None:
        url = put(site, "/still.ipynb", notebook("shown"))
        _, form = look(server, url, path="still/")
        del form.fields["job"]
        assert click(server, form).status == 303
        assert (server.root / "still/still.ipynb").exists()

    def test_a_file_where_the_folder_should_be(self, server: Served, site: Site) -> None:
        (server.root / "file").write_text("x")
        url = put(site, "/f.ipynb", notebook())
        _, form = look(server, url, path="file/")
        answer = click(server, form)
        assert answer.status == 422
        assert "expected a folder" in answer.text

    def test_names_that_would_be_run(self, server: Served, site: Site) -> None:
        url = site.put("/ipython_config.py", b"# %%\nprint(1)\n", content_type="text/plain")
        _, form = look(server, url, path="run/", app="lab")
        assert "A text notebook" in form.text
        assert "Jupyter takes a file of that name for its configuration" in form.text
        where = click(server, form).headers["location"]
        assert where == "/lab/tree/run/ipython_config-1.py"
        assert (server.root / "run/ipython_config-1.py").read_bytes().startswith(b"# %%")

    def test_a_text_notebook_in_notebook_7(self, server: Served, site: Site) -> None:
        url = site.put("/t.md", b"---\ntitle: Tides\n---\n# Moon\n", content_type="text/plain")
        _, form = look(server, url, path="text/", app="notebook")
        assert "Moon" in form.text
        assert click(server, form).headers["location"] == "/edit/text/t.md"

    def test_machines_save_too(self, server: Served, site: Site) -> None:
        url = put(site, "/m.ipynb", notebook())
        said = told(server, url, path="m/").json()
        form = Form(fields={"url": url, "path": "m/", "digest": said["digest"], "job": said["job"]})
        answer = click(server, form, **JSON)
        assert answer.json()["state"] == "saved"
        assert answer.json()["path"] == "m/m.ipynb"


class TestHostile:
    NAME = 'x"><img src=x onerror=alert(1)>\u202egpj.ipynb'

    def test_names_titles_and_metadata(self, server: Served, site: Site) -> None:
        binder = {
            "version": 1,
            "host": "https://evil.example",
            "image": {"host": "https://evil.example", "path": "a/b", "ref": "x"},
            "files": {"<script>alert(1)</script>": "x"},
            "javascript:": "<b>",
        }
        value = markdown("# </pre><script>\u202e</script>\n", title="<i>t</i>", binder=binder)
        site.put(
            f"/{quote(self.NAME)}",
            json.dumps(value).encode(),
            headers={"Content-Disposition": "attachment; filename*=utf-8''..%2F..%2F.bashrc"},
        )
        answer, form = look(server, f"{site.url}/{quote(self.NAME)}")
        assert answer.status == 200
        for word in ("<script", "<img", "<i>", "<b>", "\u202e"):
            assert word not in answer.text
        assert "<i>t</i>" in form.text
        assert all(not link.startswith(("javascript:", "//")) for link in form.links)

    @pytest.mark.parametrize("binder", [7, "x", {"version": 9}, {"version": 1, "image": 3}, []])
    def test_metadata_that_says_nothing(self, server: Served, site: Site, binder: Any) -> None:
        answer, form = look(server, put(site, "/odd.ipynb", notebook(binder=binder)))
        assert answer.status == 200
        assert form.button

    def test_secrets_of_addresses_stay_out_of_the_log(self, server: Served, site: Site) -> None:
        path = "/signed.ipynb?X-Amz-Signature=0123456789abcdefsecret&dl=1"
        put(site, path, notebook())
        answer, form = look(server, site.url + path)
        assert answer.status == 200
        assert "0123456789abcdefsecret" not in form.text
        assert click(server, form).status == 303
        missing = f"{site.url}/none.ipynb?sig=0123456789abcdefsecret"
        answer, _ = look(server, missing)
        assert answer.status == 404
        sent = {"Sec-Fetch-Site": "cross-site", "Referer": f"{server.url}{query(missing)}"}
        assert server.ask("GET", query(missing), headers=sent).status == 403
        assert "0123456789abcdefsecret" not in server.log
        assert "Traceback" not in server.log

    def test_too_many_at_once(self, server: Served, site: Site) -> None:
        gate = threading.Event()

        def slow(exchange: Exchange) -> None:
            gate.wait(20)
            exchange.answer(b"{}")

        site.pages["/busy.ipynb"] = slow
        first = server.ask("GET", f"{query(f'{site.url}/busy.ipynb')}&token={server.token}",
                           headers={"Authorization": ""})  # fmt: skip
        cookies = "; ".join(cookie.partition(";")[0] for cookie in first.cookies)
        session = {"Authorization": "", "Cookie": cookies}
        url = query(f"{site.url}/busy.ipynb")
        session["Accept"] = "text/html"
        statuses = [server.ask("GET", url, headers=session).status for _ in range(4)]
        gate.set()
        assert statuses == [200, 200, 429, 429]
